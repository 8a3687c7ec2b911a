# SPDX-License-Identifier: Apache-2.0
"""The graphs that engines run hold what the heads hold, in every precision."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.engines.model_graphs import DepthGraph
from tips_ros.model.heads import DepthHead

BINS = 256


class OneBinEach(nn.Module):
    """A head's layers with pixel k of one row sure of bin k, be they given what they may."""

    def forward(self, layers):
        return 1000.0 * torch.eye(BINS, dtype=layers[0].dtype)[None, :, None, :]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("bins", [DepthBins(), DepthBins(0.1, 80.0)], ids=["indoor", "street"])
def test_a_pixel_that_is_sure_of_a_bin_is_at_its_centre(bins: DepthBins, dtype: torch.dtype):
    graph = DepthGraph(DepthHead(16, 8, BINS, bins), grid=(2, 2))
    graph.fast = OneBinEach()
    depth_m = graph.to(dtype).map_of([torch.zeros(1, dtype=dtype)])[0, 0, :, 0]
    assert depth_m.dtype == torch.float32
    sure = 1000.0 + bins.min_m
    total = sure + bins.min_m * (BINS - 1)
    centers = bins.centers(BINS, depth_m)
    expected = (1000.0 * centers + bins.min_m * centers.sum()) / total
    torch.testing.assert_close(depth_m, expected, rtol=2e-6, atol=2e-6)
    assert (depth_m.diff() > 0).all(), "neighbours are apart"
