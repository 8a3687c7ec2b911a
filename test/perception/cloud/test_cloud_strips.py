# SPDX-License-Identifier: Apache-2.0
"""A cloud in strips is the whole cloud, and the whole is never in memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud import cloud_strips
from tips_ros.perception.cloud.cloud_strips import CloudStrips
from tips_ros.perception.cloud.ply import save_ply
from tips_ros.perception.cloud.point_cloud import organised_cloud

HEIGHT, WIDTH = 23, 31


@pytest.fixture(params=["pinhole", "lens"])
def strips(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> CloudStrips:
    """Of four rows each, so that the last has fewer."""
    monkeypatch.setattr(cloud_strips, "_STRIP_POINTS", 4 * WIDTH)
    rng = np.random.default_rng(8)
    depth_m = rng.uniform(0.5, 4.0, (HEIGHT, WIDTH)).astype(np.float32)
    depth_m[3, 4], depth_m[22, 30] = np.nan, np.inf
    lens = Lens(Intrinsics(40.0, 41.0, 14.5, 10.25, WIDTH, HEIGHT))
    if request.param == "lens":
        lens = Lens(lens.intrinsics, Distortion("brown", (-0.2, 0.05, 0.001) + (0.0,) * 11))
    return CloudStrips(
        depth_m,
        lens,
        rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8),
        rng.integers(0, 150, (HEIGHT, WIDTH), dtype=np.uint8),
        rng.normal(size=(HEIGHT, WIDTH, 3)).astype(np.float32),
    )


def at_once(strips: CloudStrips) -> np.ndarray:
    lens = strips.lens
    return organised_cloud(
        strips.depth_m,
        lens.intrinsics,
        strips.rgb,
        strips.labels,
        strips.normals,
        rays=lens.distorted_rays,
    )


def same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    for name in wanted.dtype.names or ():
        np.testing.assert_allclose(found[name], wanted[name], rtol=2e-6, atol=2e-6)


def test_together_they_are_the_whole_cloud(strips: CloudStrips):
    assert [len(strip) for strip in strips] == [4, 4, 4, 4, 4, 3]
    same(strips.to_cloud(), at_once(strips))


@pytest.mark.parametrize(("most", "stride"), [(HEIGHT * WIDTH, 1), (300, 2), (60, 4), (3, 16)])
def test_thinned_they_keep_every_nth_pixel(strips: CloudStrips, most: int, stride: int):
    same(strips.thin(most), at_once(strips)[::stride, ::stride])


def test_as_a_file_they_are_one_cloud(strips: CloudStrips, tmp_path: Path):
    count = save_ply(tmp_path / "strips.ply", strips)
    assert count == HEIGHT * WIDTH - 2
    assert save_ply(tmp_path / "whole.ply", strips.to_cloud()) == count
    assert (tmp_path / "strips.ply").read_bytes() == (tmp_path / "whole.ply").read_bytes()


@pytest.mark.slow
def test_a_file_of_them_takes_the_memory_of_a_strip(tmp_path: Path):
    shape = (3000, 2000)  # 192 MB of cloud
    lens = Lens(Intrinsics.from_hfov(60.0, shape[1], shape[0]))
    large = CloudStrips(np.ones(shape, np.float32), lens, np.zeros((*shape, 3), np.uint8))
    tracemalloc.start()
    try:
        assert save_ply(tmp_path / "large.ply", large) == shape[0] * shape[1]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 160e6
