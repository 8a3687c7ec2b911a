# SPDX-License-Identifier: Apache-2.0
"""A small model with everything, in a directory that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

TOKENIZER = Path(__file__).parents[1] / "data" / "tokenizer" / "tiny.model"


@pytest.fixture
def whole_model(tiny_vision: dict[str, Path], tiny_heads: dict[str, Path], tmp_path: Path) -> Path:
    """Both towers, three heads and a tokenizer; the text encoder by its name only."""
    directory = tmp_path / "whole"
    directory.mkdir()
    for file in (tiny_vision["mlp"], *tiny_heads.values()):
        shutil.copy(file, directory)
    shutil.copy(TOKENIZER, directory / "tokenizer.model")
    np.savez(directory / "tips_v2_oss_tiny_text.npz", temperature=np.float32(0.05))
    (directory / "model.yaml").write_text("attention_heads: 4\ntaps: [0, 1, 2, 3]\n")
    return directory
