# SPDX-License-Identifier: Apache-2.0
"""Depth at the image's size is the reference's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.perception.resizing import depth_at


@pytest.mark.parametrize("kind", ["depth", "depth_relu"])
@pytest.mark.parametrize("case", [0, 1])
def test_depth_at_the_image_s_size_is_the_reference_s(golden: Any, kind: str, case: int):
    arrays = golden("dpt/expected.npz")
    expected = arrays[f"case{case}/{kind}/full"][:, 0]
    depth_m = depth_at(torch.from_numpy(arrays[f"case{case}/{kind}/native"]), expected.shape[1:])
    np.testing.assert_allclose(depth_m.numpy(), expected, rtol=0, atol=1e-5)


def test_a_constant_depth_stays_itself_at_any_size():
    for size in ((1, 1), (7, 500), (64, 64)):
        depth_m = depth_at(torch.full((2, 1, 8, 8), 2.5, dtype=torch.bfloat16), size)
        assert depth_m.shape == (2, *size) and depth_m.dtype == torch.float32
        assert (depth_m == 2.5).all()
