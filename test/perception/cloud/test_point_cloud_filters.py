# SPDX-License-Identifier: Apache-2.0
"""Filters must thin and clean a cloud without inventing classes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, unpack_rgb
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud, to_open3d, valid_points


def cloud_of(positions: np.ndarray, label: int = 3, rgb: int = 0x0A141E) -> np.ndarray:
    cloud = np.zeros(len(positions), CLOUD_DTYPE)
    cloud["x"], cloud["y"], cloud["z"] = np.asarray(positions, np.float32).T
    cloud["label"] = label
    cloud["rgb"] = np.full(len(positions), rgb, np.uint32).view(np.float32)
    cloud["normal_z"] = -1.0
    return cloud


def jittered_grid(count: int = 20) -> np.ndarray:
    rng = np.random.default_rng(5)
    x, y = np.mgrid[:count, :count] * 0.01
    positions = np.stack([x.ravel(), y.ravel(), np.full(x.size, 1.0)], axis=1)
    return positions + rng.normal(scale=0.001, size=positions.shape)


def test_with_everything_off_only_the_invalid_points_go():
    cloud = cloud_of(jittered_grid()).reshape(20, 20)
    cloud["z"][3, 4] = np.nan
    kept = filter_cloud(cloud)
    assert kept.shape == (399,)
    assert kept.tobytes() == valid_points(cloud).tobytes()


def test_a_voxel_becomes_the_mean_of_its_points():
    cloud = np.concatenate(
        [
            cloud_of(np.array([[0.01, 0.01, 1.01], [0.03, 0.05, 1.07]]), rgb=0x00FF00),
            cloud_of(np.array([[0.51, 0.01, 1.01]]), label=9, rgb=0x0000FF),
        ]
    )
    cloud["rgb"][1] = np.array([0x00FF64], np.uint32).view(np.float32)[0]
    merged = filter_cloud(cloud, voxel_m=0.1)
    assert merged.dtype == CLOUD_DTYPE and merged.shape == (2,)
    merged = merged[np.argsort(merged["x"])]
    np.testing.assert_allclose(merged["x"], [0.02, 0.51], atol=1e-6)
    np.testing.assert_allclose(merged["y"], [0.03, 0.01], atol=1e-6)
    np.testing.assert_allclose(merged["z"], [1.04, 1.01], atol=1e-6)
    np.testing.assert_array_equal(unpack_rgb(merged), [[0, 255, 50], [0, 0, 255]])


def test_a_voxel_takes_the_commonest_label_never_their_mean():
    cloud = cloud_of(np.full((5, 3), 0.05))
    cloud["label"] = [2, 200, 200, 2, 200]
    assert filter_cloud(cloud, voxel_m=0.1)["label"].tolist() == [200]


def test_normals_of_a_voxel_are_unit_again():
    cloud = cloud_of(np.full((2, 3), 0.05))
    cloud["normal_x"], cloud["normal_z"] = [1, 0], [0, -1]
    merged = filter_cloud(cloud, voxel_m=0.1)
    np.testing.assert_allclose(merged["normal_x"], np.sqrt(0.5), atol=1e-6)
    np.testing.assert_allclose(merged["normal_z"], -np.sqrt(0.5), atol=1e-6)


def test_voxels_agree_with_open3d_on_how_many_and_where(open3d: Any):
    cloud = cloud_of(jittered_grid(40))
    ours = filter_cloud(cloud, voxel_m=0.025)
    theirs = to_open3d(cloud).voxel_down_sample(0.025)
    assert isinstance(theirs, open3d.t.geometry.PointCloud)
    mine = np.stack([ours[name] for name in "xyz"], axis=1)
    reference = theirs.point.positions.numpy()
    assert len(mine) == len(reference)
    order, reference_order = (np.lexsort(p.round(3).T) for p in (mine, reference))
    np.testing.assert_allclose(mine[order], reference[reference_order], atol=1e-5)


@pytest.mark.usefixtures("open3d")
def test_the_outlier_filter_removes_the_stray_point_and_keeps_every_field():
    cloud = np.concatenate([cloud_of(jittered_grid()), cloud_of(np.array([[0.0, 0.0, 9.0]]), 7)])
    cloud["label"][:400] = np.arange(400) % 200
    kept = filter_cloud(cloud, outlier_neighbors=8, outlier_std=3.0)
    assert kept["z"].max() < 1.1 and len(kept) > 380  # the stray was alone at 9 m
    members = {point.tobytes() for point in cloud}
    assert all(point.tobytes() in members for point in kept)


def test_an_empty_cloud_stays_empty_through_every_filter():
    cloud = cloud_of(np.full((4, 3), np.nan))
    assert filter_cloud(cloud, voxel_m=0.1, outlier_neighbors=5).shape == (0,)


@pytest.mark.parametrize(
    "arguments", [{"voxel_m": -0.1}, {"outlier_neighbors": -1}, {"outlier_std": 0.0}]
)
def test_negative_settings_are_refused(arguments: dict[str, float]):
    with pytest.raises(ValueError, match="must"):
        filter_cloud(cloud_of(jittered_grid()), **arguments)


@pytest.mark.usefixtures("open3d")
def test_open3d_gets_the_valid_points_with_colour_normal_and_label():
    cloud = cloud_of(jittered_grid())
    cloud["z"][0] = np.nan
    twin = to_open3d(cloud)
    assert twin.point.positions.shape == (399, 3)
    assert twin.point.colors.numpy()[0].tolist() == [0x0A, 0x14, 0x1E]
    assert twin.point.normals.numpy()[0].tolist() == [0.0, 0.0, -1.0]
    assert (twin.point.label.numpy() == 3).all()


@pytest.mark.usefixtures("open3d")
def test_an_empty_cloud_has_an_empty_open3d_twin():
    assert to_open3d(cloud_of(np.full((2, 3), np.nan))).is_empty()


def test_without_open3d_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(RuntimeError, match="pip install open3d"):
        to_open3d(cloud_of(jittered_grid()))
