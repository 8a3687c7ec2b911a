# SPDX-License-Identifier: Apache-2.0
"""Names and shapes of a checkpoint, without its data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tips_ros.doctor.shapes import hub_parts, shapes_in, tower_of

B14 = "B/14 (width 768, 12 blocks, positions 32x32)"


def test_shapes_are_those_of_the_arrays(tiny_vision: dict[str, Path]):
    with np.load(tiny_vision["mlp"]) as arrays:
        assert shapes_in(tiny_vision["mlp"]) == {name: arrays[name].shape for name in arrays}


def test_a_released_variant_is_recognised_by_pytorch_s_names():
    shapes = {f"blocks.{i}.norm1.weight": (768,) for i in range(12)}
    shapes |= {"patch_embed.proj.weight": (768, 3, 14, 14), "pos_embed": (1, 1025, 768)}
    assert str(tower_of(shapes)) == B14
    hub = {f"vision_encoder.{name}": shape for name, shape in shapes.items()}
    assert str(tower_of(hub)) == B14 and hub_parts(hub) == ["vision"]


def test_a_released_variant_is_recognised_by_jax_s_names():
    root = "params/encoder/"
    shapes = {f"{root}transformer/encoderblock_{i}/LayerNorm_0/bias": (768,) for i in range(12)}
    shapes[f"{root}ToTokenSequence_0/embedding/kernel"] = (14, 14, 3, 768)
    shapes[f"{root}ToTokenSequence_0/posembed_input"] = (1, 32, 32, 768)
    assert str(tower_of(shapes)) == B14


def test_another_size_is_told_in_numbers(tiny_vision: dict[str, Path]):
    tower = tower_of(shapes_in(tiny_vision["mlp"]))
    assert str(tower) == "no released size (width 64, 4 blocks, positions 4x4)"


def test_a_head_is_no_tower(tiny_heads: dict[str, Path]):
    assert tower_of(shapes_in(tiny_heads["depth"])) is None


def test_a_safetensors_file_is_read_by_its_header(tmp_path: Path):
    file = tmp_path / "model.safetensors"
    save_file({"depth_head.a": torch.zeros(2, 3), "text_encoder.b": torch.zeros(4)}, file)
    assert shapes_in(file) == {"depth_head.a": (2, 3), "text_encoder.b": (4,)}
    assert hub_parts(shapes_in(file)) == ["text", "depth"]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut short"):
        shapes_in(file)


@pytest.mark.parametrize("name", ["a.npz", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no checkpoint at all", b"\xff" * 50])
def test_any_other_bytes_are_refused(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        shapes_in(tmp_path / name)
