# SPDX-License-Identifier: Apache-2.0
"""PLY files must be what other programs read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.cloud.ply import save_ply
from tips_ros.perception.cloud.point_cloud import organised_cloud, unpack_rgb
from tips_ros.perception.cloud.point_cloud_filters import valid_points


def some_cloud() -> np.ndarray:
    rng = np.random.default_rng(2)
    shape = (24, 32)
    depth_m = rng.uniform(0.5, 4.0, shape).astype(np.float32)
    depth_m[3, 4] = np.nan
    normals = rng.normal(size=(*shape, 3)).astype(np.float32)
    return organised_cloud(
        depth_m,
        Intrinsics.from_hfov(60.0, 32, 24),
        rng.integers(0, 256, (*shape, 3), dtype=np.uint8),
        rng.integers(0, 150, shape, dtype=np.uint8),
        normals,
    )


@pytest.mark.quick
def test_open3d_reads_back_every_field_of_every_valid_point(open3d: Any, tmp_path: Path):
    cloud = some_cloud()
    points = valid_points(cloud)
    assert save_ply(tmp_path / "cloud.ply", cloud) == points.size == 24 * 32 - 1
    read = open3d.t.io.read_point_cloud(str(tmp_path / "cloud.ply")).point
    for column, name in enumerate("xyz"):
        np.testing.assert_array_equal(read.positions.numpy()[:, column], points[name])
        np.testing.assert_array_equal(read.normals.numpy()[:, column], points[f"normal_{name}"])
    np.testing.assert_array_equal(read.colors.numpy(), unpack_rgb(points))
    np.testing.assert_array_equal(read.label.numpy()[:, 0], points["label"])


def test_the_header_describes_the_bytes_that_follow(tmp_path: Path):
    save_ply(tmp_path / "cloud.ply", some_cloud())
    header, body = (tmp_path / "cloud.ply").read_bytes().split(b"end_header\n", 1)
    assert header.startswith(b"ply\nformat binary_little_endian 1.0\n")
    assert f"element vertex {24 * 32 - 1}\n".encode() in header
    assert len(body) == (24 * 32 - 1) * (6 * 4 + 3 + 4)


def test_an_empty_cloud_is_a_valid_file_without_points(tmp_path: Path):
    cloud = some_cloud()
    cloud["z"] = np.nan
    assert save_ply(tmp_path / "empty.ply", cloud) == 0
    content = (tmp_path / "empty.ply").read_bytes()
    assert b"element vertex 0\n" in content and content.endswith(b"end_header\n")


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path):
    with pytest.raises(OSError):
        save_ply(tmp_path / "missing" / "cloud.ply", some_cloud())
