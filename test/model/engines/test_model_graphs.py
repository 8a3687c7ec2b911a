# SPDX-License-Identifier: Apache-2.0
"""The graphs that engines run hold what the heads hold, in every precision."""

from __future__ import annotations

import pytest
import torch

from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.engines.model_graphs import DepthGraph
from tips_ros.model.heads import DepthHead

BINS = 256


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("bins", [DepthBins(), DepthBins(0.1, 80.0)], ids=["indoor", "street"])
def test_a_pixel_that_is_sure_of_a_bin_is_at_its_centre(bins: DepthBins, dtype: torch.dtype):
    graph = DepthGraph(DepthHead(16, 8, BINS, bins), grid=(2, 2))
    logits = 1000.0 * torch.eye(BINS, dtype=dtype)[None, :, None, :]  # pixel k is sure of bin k
    floor = torch.full((1, 1, 1, BINS), bins.min_m)
    depth_m = graph.to(dtype).sums_of(logits, floor)[0, 0, :, 0]
    assert depth_m.dtype == torch.float32
    sure = 1000.0 + bins.min_m
    total = sure + bins.min_m * (BINS - 1)
    centers = bins.centers(BINS, depth_m)
    expected = (1000.0 * centers + bins.min_m * centers.sum()) / total
    torch.testing.assert_close(depth_m, expected, rtol=2e-6, atol=2e-6)
    assert (depth_m.diff() > 0).all(), "neighbours are apart"
