# SPDX-License-Identifier: Apache-2.0
"""Normals are the reference's with the sign turned: unit vectors that face the camera."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tips_ros.perception.resizing import normals_at


@pytest.mark.parametrize("case", [0, 1])
def test_normals_are_the_reference_s_turned_round(golden: Any, case: int):
    arrays = golden("dpt/expected.npz")
    expected = -arrays[f"case{case}/normals_unit/full"].transpose(0, 2, 3, 1)
    native = torch.from_numpy(arrays[f"case{case}/normals/native"])
    normals = normals_at(native, expected.shape[1:3])[: len(expected)]
    # The reference resized in fp32: from fp64 it is 1.1e-5 away itself.
    np.testing.assert_allclose(normals.numpy(), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("size", [(480, 640), (64, 64), (20, 31), (1, 1)])
def test_normals_are_those_of_fp64_arithmetic(size: tuple[int, int]):
    native = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    x = F.normalize(native.double(), dim=1)
    x = F.interpolate(x, size=size, mode="bicubic", align_corners=False)
    # Where opposite vectors meet little is left of them, and rounding shows more.
    clear = x.norm(dim=1) > 0.1
    assert clear.float().mean() > 0.9
    difference = normals_at(native, size) + F.normalize(x, dim=1).permute(0, 2, 3, 1)
    assert difference[clear].abs().max() < 1e-5


def test_where_there_is_no_direction_there_is_none_afterwards():
    assert (normals_at(torch.zeros(1, 3, 4, 4), (6, 6)) == 0).all()


@pytest.mark.parametrize("size", [(1, 1), (9, 31), (64, 48)])
def test_every_normal_has_unit_length(size: tuple[int, int]):
    torch.manual_seed(2)
    normals = normals_at(torch.randn(2, 3, 16, 16) * 5, size)
    assert normals.shape == (2, *size, 3)
    torch.testing.assert_close(normals.norm(dim=3), torch.ones(2, *size))


def test_a_wall_straight_ahead_faces_the_camera():
    away = torch.tensor([0.0, 0.0, 4.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    normals = normals_at(away, (5, 6))
    assert (normals == torch.tensor([0.0, 0.0, -1.0])).all()


def test_the_floor_points_up_which_is_minus_y():
    """Google's saved figures have the floor at about (0.02, 0.94, 0.33), away from the camera."""
    floor = torch.tensor([0.02, 0.94, 0.33]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    x, y, z = normals_at(floor, (4, 4))[0, 0, 0].tolist()
    assert abs(x) < 0.05 and y < -0.9 and z < 0


def test_bf16_maps_become_unit_fp32_normals():
    normals = normals_at(torch.randn(1, 3, 8, 8).to(torch.bfloat16), (20, 20))
    assert normals.dtype == torch.float32
    torch.testing.assert_close(normals.norm(dim=3), torch.ones(1, 20, 20))
