# SPDX-License-Identifier: Apache-2.0
"""The image encoder computes what Google's reference implementation computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.checkpoints import load_backbone
from tips_ros.model.variants import VitConfig
from tips_ros.model.vit import ImageFeatures, PatchGrid, VisionTransformer

CASES = [("mlp", 0), ("mlp", 1), ("mlp", 2), ("swiglu", 0), ("swiglu", 1)]
ATTENTION_HEADS = {"mlp": 4, "swiglu": 3}
TAPS = {"mlp": (0, 1, 2, 3), "swiglu": (0, 1, 2)}
TOLERANCE = 1e-5  # of the largest value


@pytest.fixture
def encoders(tiny_vision: dict[str, Path]) -> dict[str, VisionTransformer]:
    return {
        kind: load_backbone(file, heads=ATTENTION_HEADS[kind]) for kind, file in tiny_vision.items()
    }


def error(actual: torch.Tensor, expected: np.ndarray) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert actual.shape == expected.shape
    return float(np.abs(actual.numpy() - expected).max() / np.abs(expected).max())


def as_map(tokens: torch.Tensor, grid: PatchGrid) -> torch.Tensor:
    """(B, h·w, D) → (B, D, h, w)."""
    return tokens.unflatten(1, tuple(grid)).permute(0, 3, 1, 2)


def run(encoder: VisionTransformer, images: Any, **options: Any) -> ImageFeatures:
    with torch.inference_mode():
        return encoder(torch.as_tensor(images), **options)


@pytest.mark.parametrize(("kind", "case"), CASES)
class TestEachGoldenCase:
    """On the stored position grid and off it, square and not, one image and two."""

    @pytest.fixture
    def expected(self, golden: Any, kind: str, case: int) -> dict[str, np.ndarray]:
        prefix = f"case{case}/"
        arrays = golden(f"vision_{kind}.npz")
        return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

    def test_final_tokens_are_the_reference_s(self, encoders: Any, expected: Any, kind: str):
        features = run(encoders[kind], expected["image"])
        assert error(features.cls_token, expected["cls_token"]) < TOLERANCE
        assert error(features.second_cls_token, expected["second_cls_token"]) < TOLERANCE
        assert error(features.patch_tokens, expected["patch_tokens"]) < TOLERANCE

    def test_intermediate_layers_are_the_reference_s(self, encoders: Any, expected: Any, kind: str):
        layers = run(encoders[kind], expected["image"], taps=TAPS[kind]).layers
        assert len(layers) == len(TAPS[kind])
        for i, layer in enumerate(layers):
            patches = as_map(layer.patch_tokens, layer.grid)
            assert error(patches, expected[f"layer{i}/patch_grid"]) < TOLERANCE
            assert error(layer.cls_token, expected[f"layer{i}/cls_token"]) < TOLERANCE

    def test_value_features_are_the_reference_s(self, encoders: Any, expected: Any, kind: str):
        features = run(encoders[kind], expected["image"], value_features=True)
        assert features.value_features is not None
        values = features.value_features.unflatten(1, tuple(features.grid))
        assert error(values, expected["value_features"]) < TOLERANCE


@pytest.mark.parametrize("size", [(14, 14), (14, 70), (98, 28), (56, 56)])
def test_any_multiple_of_the_patch_is_an_image(encoders: Any, size: tuple[int, int]):
    features = run(encoders["mlp"], torch.rand(1, 3, *size))
    assert features.grid == (size[0] // 14, size[1] // 14)
    assert features.patch_tokens.shape == (1, features.grid.h * features.grid.w, 64)


@pytest.mark.parametrize("size", [(15, 28), (28, 15), (448, 449), (13, 13), (0, 14)])
def test_a_size_that_patches_do_not_fill_is_refused(encoders: Any, size: tuple[int, int]):
    message = f"image size {size[0]}×{size[1]} is not a multiple of the 14 px patch"
    with pytest.raises(ValueError, match=message):
        run(encoders["mlp"], torch.zeros(1, 3, *size))


@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 1, 28, 28), (1, 28, 28, 3), (1, 4, 28, 28)])
def test_what_is_no_batch_of_rgb_images_is_refused(encoders: Any, shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"images must be \(B, 3, H, W\)"):
        run(encoders["mlp"], torch.zeros(shape))


@pytest.mark.parametrize("tap", [-1, 4])
def test_a_tap_that_is_no_block_is_refused(encoders: Any, tap: int):
    with pytest.raises(ValueError, match="blocks are 0 to 3"):
        run(encoders["mlp"], torch.zeros(1, 3, 28, 28), taps=(0, tap))


def test_layers_come_in_the_order_of_the_taps(encoders: Any):
    images = torch.rand(1, 3, 28, 28)
    shallow, deep = run(encoders["mlp"], images, taps=(1, 3)).layers
    turned = run(encoders["mlp"], images, taps=(3, 1)).layers
    assert torch.equal(turned[0].patch_tokens, deep.patch_tokens)
    assert torch.equal(turned[1].patch_tokens, shallow.patch_tokens)


def test_what_was_not_asked_for_is_not_computed(encoders: Any):
    features = run(encoders["mlp"], torch.rand(1, 3, 28, 28))
    assert features.layers == () and features.value_features is None


def test_an_image_of_a_batch_is_seen_as_if_it_were_alone(encoders: Any):
    images = torch.rand(3, 3, 42, 28)
    together = run(encoders["mlp"], images).patch_tokens
    alone = run(encoders["mlp"], images[1:2]).patch_tokens
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_positions_on_the_stored_grid_are_the_stored_ones(encoders: Any):
    encoder = encoders["mlp"]
    cls, patches = encoder.position_embedding(PatchGrid(4, 4))
    assert torch.equal(torch.cat([cls, patches], dim=1), encoder.pos_embed)


def test_as_many_patches_on_another_grid_get_resampled_positions(encoders: Any):
    encoder = encoders["mlp"]
    _, patches = encoder.position_embedding(PatchGrid(2, 8))
    assert patches.shape == (1, 16, 64)
    assert not torch.allclose(patches, encoder.pos_embed[:, 1:])


def test_resampled_positions_keep_a_ramp_a_ramp():
    """Down the rows stays down the rows: height and width are not mixed up."""
    encoder = VisionTransformer(VitConfig(8, 1, 2, "mlp", 16, pos_grid=4))
    with torch.no_grad():
        encoder.pos_embed[0, 1:] = torch.arange(4.0).repeat_interleave(4)[:, None]
        positions = encoder.position_embedding(PatchGrid(8, 2))[1].view(8, 2, 8)
    assert (positions.diff(dim=0) >= 0).all() and positions[0, 0, 0] < positions[-1, 0, 0]
    torch.testing.assert_close(positions[:, 0], positions[:, 1])


@pytest.mark.parametrize("kind", ["mlp", "swiglu"])
def test_bf16_sees_nearly_the_same(encoders: Any, kind: str):
    images = torch.rand(1, 3, 70, 42)
    full = run(encoders[kind], images).patch_tokens
    half = run(encoders[kind].to(torch.bfloat16), images.to(torch.bfloat16)).patch_tokens
    assert half.dtype == torch.bfloat16
    assert error(half.float(), full.numpy()) < 0.05


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="width 64 is not a multiple of 5 heads"):
        VitConfig(64, 4, 5, "mlp", 256)
