# SPDX-License-Identifier: Apache-2.0
"""JAX (Scenic) checkpoints give JAX' outputs: its GELU and epsilon are kept, not approximated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.checkpoints import (
    CheckpointError,
    load_backbone,
    load_text_encoder,
    read_checkpoint,
)

from ..scenic_shapes import text_shapes, vision_shapes

TOLERANCE = 1e-5  # of the largest value; 1e-4 is what is asked for
HEADS = {"mlp": 4, "swiglu": 3}
BLOCK = "encoder/transformer/encoderblock_0/"
ATTENTION = "MultiHeadDotProductAttention_0"
Arrays = dict[str, np.ndarray]


def error(actual: torch.Tensor, expected: np.ndarray) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert tuple(actual.shape) == expected.shape
    return float(np.abs(actual.numpy() - expected).max() / np.abs(expected).max())


def saved(arrays: Arrays, path: Path) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.fixture
def golden_jax(shared_golden: Path, tmp_path: Path) -> Callable[[str], tuple[Arrays, Path]]:
    """(arrays of a golden file, its weights as an official file)."""

    def load(name: str) -> tuple[Arrays, Path]:
        with np.load(shared_golden / "jax" / f"{name}.npz") as stored:
            arrays = dict(stored)
        weights = {n.removeprefix("weights/"): a for n, a in arrays.items() if "weights/" in n}
        return arrays, saved(weights, tmp_path / f"tips_v2_{name}.npz")

    return load


@pytest.mark.parametrize("kind", ["mlp", "swiglu"])
class TestAgainstJax:
    def test_the_image_encoder_agrees(self, golden_jax: Any, kind: str):
        arrays, file = golden_jax(f"{kind}_vision")
        encoder = load_backbone(file)
        assert encoder.config.heads == HEADS[kind] and encoder.config.gelu == "tanh"
        cases = {name.split("/")[0] for name in arrays if name.startswith("case")}
        for case in sorted(cases):
            features = encoder(torch.from_numpy(arrays[f"{case}/image"]))
            grid = features.patch_tokens.unflatten(1, tuple(features.grid))
            assert error(grid, arrays[f"{case}/patch_grid"]) < TOLERANCE
            cls = torch.stack([features.cls_token, features.second_cls_token], dim=1)
            assert error(cls, arrays[f"{case}/cls_tokens"]) < TOLERANCE

    def test_the_text_encoder_agrees(self, golden_jax: Any, kind: str):
        arrays, file = golden_jax(f"{kind}_text")
        encoder = load_text_encoder(file)
        assert encoder.config.heads == HEADS[kind] and encoder.config.norm_eps == 1e-6
        embedding = encoder(
            torch.from_numpy(arrays["ids"]).long(), torch.from_numpy(arrays["paddings"] == 0)
        )
        assert error(embedding, arrays["embedding"]) < TOLERANCE


@pytest.fixture
def vision() -> Arrays:
    """A small image encoder of random numbers."""
    random = np.random.RandomState(2)
    shapes = vision_shapes(48, 2, 3, "mlp", 96, 4)
    return {n: random.standard_normal(shape).astype(np.float32) for n, shape in shapes.items()}


@pytest.fixture
def text() -> Arrays:
    """A small text encoder of random numbers, with its temperature."""
    random = np.random.RandomState(3)
    shapes = text_shapes(48, 2, 3, 96, 70)
    arrays = {n: random.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
    return arrays | {"temperature": np.array([0.007], np.float32)}


def refusal(arrays: Arrays, path: Path, load: Any = load_backbone) -> str:
    with pytest.raises(CheckpointError) as raised:
        load(saved(arrays, path))
    message = str(raised.value)
    assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 600
    return message


class TestAnImageEncoder:
    def test_has_no_layer_scale_and_no_position_of_its_cls_tokens(
        self, vision: Arrays, tmp_path: Path
    ):
        encoder = load_backbone(saved(vision, tmp_path / "v.npz"))
        assert all((block.ls1.gamma == 1).all() for block in encoder.blocks)
        assert not encoder.pos_embed[:, 0].any()
        stored = vision["encoder/ToTokenSequence_0/posembed_input"].reshape(16, 48)
        np.testing.assert_array_equal(encoder.pos_embed[0, 1:].numpy(), stored)

    def test_tells_its_number_of_heads(self, vision: Arrays, tmp_path: Path):
        encoder = load_backbone(saved(vision, tmp_path / "v.npz"))
        assert encoder.config.heads == 3 and encoder.config.gelu == "tanh"

    def test_is_not_a_text_encoder(self, vision: Arrays, tmp_path: Path):
        message = refusal(vision, tmp_path / "tips_x_text.npz", load_text_encoder)
        assert "not a TIPS text encoder: it holds a TIPS image encoder" in message

    @pytest.mark.parametrize(
        "name",
        [
            "encoder/ToTokenSequence_0/cls",
            "encoder/encoder_norm/scale",
            f"{BLOCK}{ATTENTION}/query/kernel",
            f"{BLOCK}MlpBlock_0/Dense_1/bias",
        ],
    )
    def test_without_a_tensor_is_refused(self, vision: Arrays, tmp_path: Path, name: str):
        del vision[name]
        assert f"missing tensor: {name}" in refusal(vision, tmp_path / "v.npz")

    def test_without_blocks_is_refused(self, vision: Arrays, tmp_path: Path):
        arrays = {name: array for name, array in vision.items() if "encoderblock" not in name}
        assert "missing tensor: encoder/transformer/encoderblock_0" in refusal(
            arrays, tmp_path / "v.npz"
        )

    @pytest.mark.parametrize("name", ["opt_state/x", "encoder/transformer/encoderblock_99999/x"])
    def test_with_an_unknown_tensor_is_refused(self, vision: Arrays, tmp_path: Path, name: str):
        vision[name] = np.zeros(3, np.float32)
        assert f"unknown tensor: {name}" in refusal(vision, tmp_path / "v.npz")

    @pytest.mark.parametrize(
        ("name", "shape"),
        [
            (f"{BLOCK}{ATTENTION}/query/kernel", (48, 48)),
            (f"{BLOCK}{ATTENTION}/query/kernel", (48, 3, 8)),
            (f"{BLOCK}{ATTENTION}/out/kernel", (3, 16, 40)),
            (f"{BLOCK}{ATTENTION}/key/bias", (48,)),
            (f"{BLOCK}MlpBlock_0/Dense_0/kernel", (96, 48)),
            ("encoder/ToTokenSequence_0/cls", (1, 1, 48)),
            ("encoder/ToTokenSequence_0/cls", (1, 2, 40)),
            ("encoder/ToTokenSequence_0/posembed_input", (1, 4, 5, 48)),
            ("encoder/ToTokenSequence_0/posembed_input", (1, 4, 4, 40)),
            ("encoder/ToTokenSequence_0/posembed_input", (2, 4, 2, 48)),
            ("encoder/ToTokenSequence_0/posembed_input", (1, 2, 8, 48)),
            ("encoder/ToTokenSequence_0/embedding/kernel", (14, 14, 3, 40)),
            ("encoder/encoder_norm/scale", (1, 48)),
        ],
    )
    def test_with_a_misshapen_tensor_is_refused(
        self, vision: Arrays, tmp_path: Path, name: str, shape: tuple[int, ...]
    ):
        vision[name] = np.zeros(shape, np.float32)
        assert "shape" in refusal(vision, tmp_path / "v.npz")


class TestATextEncoder:
    def test_brings_jax_epsilon_and_its_temperature(self, text: Arrays, tmp_path: Path):
        file = saved(text, tmp_path / "t.npz")
        (part,) = read_checkpoint(file)
        assert part.metadata.temperature == pytest.approx(0.007)
        config = load_text_encoder(file).config
        assert config.norm_eps == 1e-6 and config.heads == 3 and config.vocabulary == 70

    def test_is_not_an_image_encoder(self, text: Arrays, tmp_path: Path):
        message = refusal(text, tmp_path / "tips_x_vision.npz")
        assert "not a TIPS image encoder: it holds a TIPS text encoder" in message

    def test_with_an_unknown_tensor_is_refused(self, text: Arrays, tmp_path: Path):
        text["head/kernel"] = np.zeros(3, np.float32)
        message = refusal(text, tmp_path / "t.npz", load_text_encoder)
        assert "unknown tensor: head/kernel" in message

    def test_without_its_last_norm_is_refused(self, text: Arrays, tmp_path: Path):
        del text["text_encoder_norm/scale"]
        message = refusal(text, tmp_path / "t.npz", load_text_encoder)
        assert "missing tensor: text_encoder_norm/scale" in message
