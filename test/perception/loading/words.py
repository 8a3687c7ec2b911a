# SPDX-License-Identifier: Apache-2.0
"""Words to encode, and models whose files change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

WORDS = [["door"], ["sofa", "couch"], ["Office chair", "stool", "door"]]


TEXT = "tips_v2_oss_tiny_text.npz"


def with_other_weights(file: Path) -> None:
    """The same names and shapes, so the same size."""
    with np.load(file) as stored:
        arrays = dict(stored)
    arrays["token_embedding.weight"] = arrays["token_embedding.weight"][::-1]
    with file.open("wb") as out:
        np.savez(out, **arrays)


def say(directory: Path, **settings: Any) -> None:
    file = directory / "model.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | settings))
