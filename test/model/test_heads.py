# SPDX-License-Identifier: Apache-2.0
"""The dense heads compute what Google's reference implementation computes, in less work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.checkpoints import load_dpt_head
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.dpt import DptDecoder, Reassemble
from tips_ros.model.heads import DepthHead
from tips_ros.model.tips import DenseMaps, HeadName, Tips
from tips_ros.model.vit import LayerFeatures, PatchGrid

CASES = (0, 1)  # 4×4 patches, and 5×7: an odd grid, of two images
TOLERANCE = 1e-5  # of the largest value
ALL: tuple[HeadName, ...] = ("depth", "normals", "segmentation")


@pytest.fixture(scope="module")
def expected(golden: Any) -> dict[str, np.ndarray]:
    return golden("dpt/expected.npz")


def run(tips: Tips, images: Any, heads: Any = ALL) -> DenseMaps:
    with torch.inference_mode():
        return tips(torch.as_tensor(images), heads)


def error(actual: Tensor, expected: np.ndarray) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert actual.shape == expected.shape
    return float(np.abs(actual.numpy() - expected).max() / np.abs(expected).max())


def kept(maps: Tensor, reference: np.ndarray) -> Tensor:
    """The pictures and, evenly spaced, the classes that the golden file holds."""
    return maps[: len(reference), :: maps.shape[1] // reference.shape[1]]


def layers(grid: PatchGrid, width: int, dtype: torch.dtype) -> list[LayerFeatures]:
    """Four layers of random tokens for two images."""
    generator = torch.Generator().manual_seed(3)

    def tokens(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=dtype)

    return [
        LayerFeatures(tokens(2, grid.h * grid.w, width), tokens(2, width), grid) for _ in range(4)
    ]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("head", ALL)
def test_each_head_s_map_is_the_reference_s(tiny_tips: Tips, expected: Any, head: str, case: int):
    maps = run(tiny_tips, expected[f"case{case}/image"])
    reference = expected[f"case{case}/{head}/native"]
    assert error(kept(getattr(maps, head), reference), reference) < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_depth_with_the_relu_of_the_hub_s_code_is_the_reference_s(
    tiny_tips: Tips, tiny_heads: dict[str, Path], expected: Any, case: int
):
    head = load_dpt_head(tiny_heads["depth"], bins=DepthBins(relu_after_project=True))
    assert isinstance(head, DepthHead)
    tiny_tips.depth = head
    depth = run(tiny_tips, expected[f"case{case}/image"]).depth
    assert depth is not None
    assert error(depth, expected[f"case{case}/depth_relu/native"]) < TOLERANCE
    assert error(depth, expected[f"case{case}/depth/native"]) > 100 * TOLERANCE


def plain_decoder(decoder: DptDecoder, features: list[LayerFeatures]) -> Tensor:
    """The decoder as the paper has it: nothing split, nothing moved."""
    maps = []
    for module, conv, layer in zip(decoder.reassemble, decoder.convs, features, strict=True):
        assert isinstance(module, Reassemble)
        cls = layer.cls_token[:, None].expand_as(layer.patch_tokens)
        x = module.readout(torch.cat([layer.patch_tokens, cls], dim=2))
        x = F.gelu(x, approximate="tanh").transpose(1, 2).unflatten(2, tuple(layer.grid))
        maps.append(conv(module.resize(module.projection(x))))
    out: Any = None
    for fusion, skip in zip(decoder.fusions, reversed(maps), strict=True):
        fusion_module: Any = fusion
        if out is None:
            out = skip
        else:
            if skip.shape != out.shape:
                skip = F.interpolate(skip, out.shape[2:], mode="bilinear", align_corners=False)
            out = out + fusion_module.skip_unit(skip)
        out = fusion_module.unit(out)
        out = F.interpolate(out, scale_factor=2, mode="bilinear", align_corners=True)
        out = fusion_module.out_conv(out)
    return decoder.project(out)


@pytest.mark.parametrize("grid", [PatchGrid(4, 6), PatchGrid(3, 5), PatchGrid(1, 1)])
def test_the_cheaper_order_of_work_changes_nothing(grid: PatchGrid):
    """The split readout and the early 1×1 convolution are exact: in fp64 nothing is left."""
    torch.manual_seed(5)
    decoder = DptDecoder(width=32, channels=8).double()
    features = layers(grid, 32, torch.float64)
    with torch.inference_mode():
        cheap, plain = decoder(features), plain_decoder(decoder, features)
    assert error(cheap, plain.numpy()) < 1e-13


@pytest.mark.parametrize("size", [(28, 56), (56, 56), (112, 28)])
def test_maps_have_8_pixels_a_patch(tiny_tips: Tips, size: tuple[int, int]):
    maps = run(tiny_tips, torch.rand(1, 3, *size))
    h, w = size[0] // 14 * 8, size[1] // 14 * 8
    shapes = [tuple(m.shape) for m in maps if m is not None]
    assert shapes == [(1, 1, h, w), (1, 3, h, w), (1, 150, h, w)]


@pytest.mark.parametrize("wanted", [["depth"], ["normals", "segmentation"], list(ALL), []])
def test_only_the_heads_asked_for_are_run_after_one_pass(tiny_tips: Tips, wanted: list[HeadName]):
    ran: list[str] = []
    for name, module in tiny_tips.named_children():
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
    maps = run(tiny_tips, torch.rand(1, 3, 28, 28), wanted)
    assert [name for name in ran if name != "backbone"] == wanted
    assert ran.count("backbone") == min(1, len(wanted))
    assert [name for name in ALL if getattr(maps, name) is not None] == wanted


def test_a_head_the_model_lacks_is_named_with_those_it_has(tiny_tips: Tips):
    tips = Tips(tiny_tips.backbone, (0, 1, 2, 3), normals=tiny_tips.normals)
    assert tips.head_names == ("normals",)
    with pytest.raises(ValueError, match="no depth head; it has normals"):
        run(tips, torch.zeros(1, 3, 28, 28), ["depth", "normals"])


def test_fewer_layers_than_four_are_refused(tiny_tips: Tips):
    tips = Tips(tiny_tips.backbone, (1, 3), depth=tiny_tips.depth)
    with pytest.raises(ValueError, match="DPT reads 4 intermediate layers, not 2"):
        run(tips, torch.zeros(1, 3, 28, 28), ["depth"])


def depth_of(logits: list[float]) -> float:
    """Depth that a head with these logits everywhere says."""
    head = DepthHead(width=16, channels=4, outputs=len(logits))
    with torch.inference_mode():
        head.head.weight.zero_()
        head.head.bias.copy_(torch.tensor(logits))
        return float(head(layers(PatchGrid(2, 2), 16, torch.float32)).mean())


def test_one_sure_bin_gives_its_own_depth():
    logits = [0.0] * 101
    logits[30] = 1e6
    assert depth_of(logits) == pytest.approx(0.001 + 0.3 * 9.999, abs=1e-4)


def test_no_opinion_gives_the_middle_of_the_range_not_a_division_by_zero():
    assert depth_of([-5.0] * 256) == pytest.approx((0.001 + 10) / 2, abs=1e-4)


def test_depth_lies_between_the_first_and_the_last_bin(tiny_tips: Tips):
    depth = run(tiny_tips, torch.rand(1, 3, 56, 56), ["depth"]).depth
    assert depth is not None and 0.001 <= float(depth.min()) <= float(depth.max()) <= 10.0


def test_depth_stays_fp32_in_a_bf16_model(tiny_tips: Tips):
    images = torch.rand(1, 3, 56, 56)
    full = run(tiny_tips, images)
    half = run(tiny_tips.to(torch.bfloat16), images.to(torch.bfloat16))
    assert half.depth is not None and half.normals is not None and full.depth is not None
    assert half.depth.dtype == torch.float32 and half.normals.dtype == torch.bfloat16
    # bf16 knows 8 bits: depths rounded to it would be few and far between.
    assert len(half.depth.unique()) > 0.9 * len(full.depth.unique())
    assert error(half.depth, full.depth.numpy()) < 0.05
