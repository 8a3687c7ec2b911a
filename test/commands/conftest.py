# SPDX-License-Identifier: Apache-2.0
"""`infer` as a user calls it, and a small model with everything for the commands to load."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros import cli

HEADS = 4  # attention heads of both towers
TEMPERATURE = 0.05
TOKENIZER = Path(__file__).parents[1] / "data" / "tokenizer" / "tiny.model"


# Of what the network sees, to be quick; and exact.
SMALL = ["--input-size", "56x56", "--device", "cpu", "--precision", "fp32"]
CALIBRATION = """\
image_width: 84
image_height: 56
camera_matrix: {rows: 3, cols: 3, data: [70, 0, 41.5, 0, 70, 27.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
"""


def infer(*args: object) -> int:
    return cli.main(["infer", *map(str, args)])


def refusal(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    """The one line with which the command refuses."""
    capsys.readouterr()
    assert infer(*args) == 2
    line = capsys.readouterr().err
    assert line.startswith("tips_ros: ") and line.count("\n") == 1 and "Traceback" not in line
    return line


@pytest.fixture(scope="session")
def tiny_language_model(
    tiny_vision: dict[str, Path], tiny_heads: dict[str, Path], tmp_path_factory: Any
) -> Path:
    """A model directory with both towers, three heads and a tokenizer; read only.

    The text encoder is random: that of text.npz knows 97 ids, the small tokenizer has 500.
    """
    import torch

    from tips_ros.model.text import TextConfig, TextEncoder

    torch.manual_seed(2)
    encoder = TextEncoder(TextConfig(64, 2, HEADS, 128, vocabulary=500))
    weights = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
    directory: Path = tmp_path_factory.mktemp("language") / "tiny"
    directory.mkdir()
    np.savez(
        directory / "tips_v2_oss_tiny_text.npz", **weights, temperature=np.float32(TEMPERATURE)
    )
    for file in (tiny_vision["mlp"], *tiny_heads.values(), TOKENIZER):
        shutil.copy(file, directory)
    (directory / TOKENIZER.name).rename(directory / "tokenizer.model")
    (directory / "model.yaml").write_text(
        f"attention_heads: {HEADS}\ntext_attention_heads: {HEADS}\ntaps: [0, 1, 2, 3]\n"
    )
    return directory
