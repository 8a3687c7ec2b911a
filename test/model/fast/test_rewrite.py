# SPDX-License-Identifier: Apache-2.0
"""Rewritten heads compute what the plain heads compute: in fp64 nothing is left between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tips_ros.model.checkpoints import load_dpt_head
from tips_ros.model.fast import rewrite_heads
from tips_ros.model.fast.dpt.fast_heads import FastDenseHead, FastDepthHead
from tips_ros.model.fast.dpt.output_convs import DirectTail, EarlyTail
from tips_ros.model.fast.dpt.strips import StripTail
from tips_ros.model.heads import (
    DenseHead,
    DepthBins,
    DepthHead,
    NormalsHead,
    SegmentationHead,
)
from tips_ros.model.tips import HeadName, Tips
from tips_ros.model.variants import variant_named
from tips_ros.model.vit import LayerFeatures, PatchGrid, VisionTransformer

ALL: tuple[HeadName, ...] = ("depth", "normals", "segmentation")
EXACT = 1e-12  # of the largest value, in fp64
TOLERANCE = 1e-5  # of the largest value, in fp32: that of the plain heads' own golden test
WIDTH, CHANNELS = 32, 16
GRIDS = [PatchGrid(4, 6), PatchGrid(3, 5), PatchGrid(2, 7), PatchGrid(1, 1)]
EARLY = pytest.mark.parametrize("early", [True, False], ids=["early", "direct"])


def randomised(head: DenseHead) -> DenseHead:
    """In fp64, with biases as large as activations: a border done wrongly would show."""
    generator = torch.Generator().manual_seed(8)
    head = head.double().requires_grad_(False)
    for parameter in head.parameters():
        scale = 1.0 if parameter.ndim == 1 else parameter[0].numel() ** -0.5
        parameter.copy_(torch.randn(parameter.shape, generator=generator).double() * scale)
    return head


def layers(grid: PatchGrid, images: int, width: int = WIDTH) -> list[LayerFeatures]:
    """Four layers of random tokens, as slices of what the encoder made: not in one piece."""
    generator = torch.Generator().manual_seed(3)
    shape = (images, 2 + grid.h * grid.w, width)
    made = [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(4)]
    return [LayerFeatures(tokens[:, 2:], tokens[:, 0], grid) for tokens in made]


def plain_depth(head: DepthHead, features: list[LayerFeatures]) -> Tensor:
    """The plain head's depth, reduced in fp64, too."""
    x = head.dpt(features)
    logits = head.head(F.relu(x) if head.bins.relu_after_project else x)
    weights = F.relu(logits) + head.bins.min_m
    centers = torch.linspace(head.bins.min_m, head.bins.max_m, logits.shape[1], dtype=torch.float64)
    return (weights * centers[:, None, None]).sum(1, True) / weights.sum(1, True)


def error(actual: Tensor, expected: Tensor) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    return float((actual - expected).abs().max() / expected.abs().max())


@EARLY
@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: f"{grid.h}x{grid.w}")
class TestInFp64:
    @pytest.mark.slow
    @pytest.mark.parametrize("relu", [True, False], ids=["relu", "no-relu"])
    @pytest.mark.parametrize("bins", [256, 7])
    def test_depth_is_the_plain_head_s(
        self, grid: PatchGrid, images: int, early: bool, relu: bool, bins: int
    ):
        plain = randomised(
            DepthHead(WIDTH, CHANNELS, bins, DepthBins(0.5, 4.0, relu_after_project=relu))
        )
        features = layers(grid, images)
        fast = FastDepthHead(plain, early)(features)
        assert error(fast, plain_depth(plain, features)) < EXACT

    def test_normals_are(self, grid: PatchGrid, images: int, early: bool):
        plain, features = randomised(NormalsHead(WIDTH, CHANNELS)), layers(grid, images)
        assert error(FastDenseHead(plain, early)(features), plain(features)) < EXACT

    @pytest.mark.parametrize("classes", [150, 17])
    def test_class_logits_are(self, grid: PatchGrid, images: int, early: bool, classes: int):
        plain = randomised(SegmentationHead(WIDTH, CHANNELS, classes))
        features = layers(grid, images)
        assert error(FastDenseHead(plain, early)(features), plain(features)) < EXACT


@EARLY
@pytest.mark.parametrize("apart", [True, False], ids=["head-apart", "head-within"])
def test_the_head_s_linear_layer_may_stay_apart(early: bool, apart: bool):
    plain = randomised(SegmentationHead(WIDTH, CHANNELS, 20))
    features = layers(PatchGrid(3, 4), 2)
    fast = FastDenseHead(plain, early, apart=apart)
    assert (fast.head is not None) == apart
    assert error(fast(features), plain(features)) < EXACT


def test_a_head_of_many_outputs_for_its_channels_stays_apart():
    def is_apart(outputs: int) -> bool:
        return FastDenseHead(SegmentationHead(WIDTH, CHANNELS, outputs)).head is not None

    assert [is_apart(outputs) for outputs in (3, 18, 19, 150)] == [False, False, True, True]


def test_by_default_few_channels_are_upsampled_first_and_many_last():
    def tail(channels: int) -> nn.Module:
        return FastDenseHead(NormalsHead(WIDTH, channels)).tail

    assert isinstance(tail(32), DirectTail) and isinstance(tail(64), EarlyTail)


def test_many_outputs_are_made_in_strips():
    plain = SegmentationHead(WIDTH, 64, 20)
    assert isinstance(FastDenseHead(plain).tail, StripTail)
    assert isinstance(FastDenseHead(plain, early=False).tail, DirectTail)


@EARLY
@pytest.mark.parametrize("case", [0, 1])
class TestAgainstTheReference:
    """The golden numbers of the plain heads' tests."""

    @pytest.mark.parametrize("relu", [True, False], ids=["relu", "no-relu"])
    def test_all_maps_are_the_reference_s(
        self,
        tiny_tips: Tips,
        tiny_heads: dict[str, Path],
        golden: Any,
        early: bool,
        case: int,
        relu: bool,
    ):
        expected = golden("dpt/expected.npz")
        depth = load_dpt_head(tiny_heads["depth"], bins=DepthBins(relu_after_project=relu))
        assert isinstance(depth, DepthHead)
        tiny_tips.depth = depth
        with torch.inference_mode():
            maps = rewrite_heads(tiny_tips, early)(
                torch.as_tensor(expected[f"case{case}/image"]), ALL
            )
        for head in ALL:
            name = "depth_relu" if relu and head == "depth" else head
            reference = expected[f"case{case}/{name}/native"]
            assert np.abs(reference).max() > 0
            map_ = getattr(maps, head)
            # The golden file holds a batch's first picture, and every n-th class.
            map_ = map_[: len(reference), :: map_.shape[1] // reference.shape[1]]
            assert error(map_, torch.as_tensor(reference)) < TOLERANCE


class TestAModel:
    def test_stays_as_it_is_when_rewritten(self, tiny_tips: Tips):
        before = {name: value.clone() for name, value in tiny_tips.state_dict().items()}
        images = torch.rand(1, 3, 56, 56)
        with torch.inference_mode():
            rewrite_heads(tiny_tips)(images, ALL)
        after = tiny_tips.state_dict()
        assert before.keys() == after.keys()
        assert all(torch.equal(value, after[name]) for name, value in before.items())

    def test_has_the_same_heads_rewritten(self, tiny_tips: Tips):
        tips = Tips(tiny_tips.backbone, tiny_tips.taps, normals=tiny_tips.normals)
        fast = rewrite_heads(tips)
        assert fast.head_names == ("normals",) and fast.taps == tips.taps
        with pytest.raises(ValueError, match="no depth head; it has normals"):
            fast(torch.zeros(1, 3, 28, 28), ["depth"])

    def test_of_fewer_layers_than_four_is_refused_as_before(self, tiny_tips: Tips):
        fast = rewrite_heads(Tips(tiny_tips.backbone, (1, 3), depth=tiny_tips.depth))
        with (
            torch.inference_mode(),
            pytest.raises(ValueError, match="DPT reads 4 intermediate layers, not 2"),
        ):
            fast(torch.zeros(1, 3, 28, 28), ["depth"])

    @EARLY
    def test_runs_channels_last_and_in_bf16_with_depth_in_fp32(self, tiny_tips: Tips, early: bool):
        images = torch.rand(1, 3, 56, 56, generator=torch.Generator().manual_seed(1))
        with torch.inference_mode():
            full = tiny_tips(images, ALL)
            fast: Any = rewrite_heads(tiny_tips, early)
            half = fast.to(torch.bfloat16, memory_format=torch.channels_last)(
                images.bfloat16(), ALL
            )
        assert half.depth.dtype == torch.float32 and half.normals.dtype == torch.bfloat16
        assert error(half.depth, full.depth) < 0.05
        assert error(half.normals.float(), full.normals) < 0.05
        assert error(half.segmentation.float(), full.segmentation) < 0.05


def gflop(tips: Tips, heads: tuple[HeadName, ...]) -> float:
    """Multiplications and additions for a 448×448 image, in 10⁹."""
    # In inference mode torch 2.5 counts nothing.
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        tips(torch.empty(1, 3, 448, 448, device="meta"), heads)
    return counter.get_total_flops() / 1e9


@pytest.fixture(scope="module")
def b14() -> Tips:
    """The released size without its numbers: enough to count by."""
    variant = variant_named("B")
    width = variant.vit.width
    with torch.device("meta"):
        return Tips(
            VisionTransformer(variant.vit),
            variant.taps,
            depth=DepthHead(width, 256),
            normals=NormalsHead(width, 256),
            segmentation=SegmentationHead(width, 256, 150),
        )


class TestTheWorkOfB14:
    """The reference's three heads and its backbone together are 887 GFLOP."""

    @pytest.mark.slow
    def test_is_under_700_gflop_when_the_tails_are_one_convolution(self, b14: Tips):
        assert 690 < gflop(rewrite_heads(b14, early=False), ALL) < 700

    @pytest.mark.slow
    def test_is_near_600_gflop_when_they_come_before_upsampling(self, b14: Tips):
        assert 598 < gflop(rewrite_heads(b14), ALL) < 608

    def test_of_the_normals_tail_is_a_quarter_of_a_gflop_instead_of_80(self, b14: Tips):
        fast = rewrite_heads(b14)
        assert isinstance(fast.normals, FastDenseHead)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            fast.normals.tail(torch.empty(1, 256, 128, 128, device="meta"))
        assert counter.get_total_flops() / 1e9 == pytest.approx(0.226, abs=0.001)
