# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer` says where its metres are from, and what is too far to tell."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.offline.pictures.result_files import ImageResults, write_results
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.cloud.point_cloud import organised_cloud
from tips_ros.perception.description import NYU_FOCAL_RATIO, ModelDescription
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.prediction import Prediction

from .conftest import CALIBRATION, SMALL, infer


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    noise = np.random.RandomState(6).randint(0, 256, (28, 42, 3))
    assert cv2.imwrite(str(path), noise.astype(np.uint8))
    return path


def depth(picture: Path, *arguments: object) -> np.ndarray:
    out = picture.parent / "out"
    assert infer(picture, "--output", out, "--overwrite", *arguments, *SMALL) == 0
    return np.load(out / "depth.npy")


def test_the_angle_of_view_makes_depth_metric(picture: Path, capsys: pytest.CaptureFixture[str]):
    raw = depth(picture, "--hfov-deg", 30, "--depth-scale", "model")
    factor = 0.5 / math.tan(math.radians(15)) / NYU_FOCAL_RATIO
    metric = depth(picture, "--hfov-deg", 30)
    np.testing.assert_allclose(metric, np.float32(factor) * raw, rtol=1e-6)
    assert f"depth × {factor:.4g}, by the camera's focal length" in capsys.readouterr().out


def test_a_calibration_file_does_so_too(picture: Path):
    raw = depth(picture)
    camera = picture.with_name("camera.yaml")
    camera.write_text(CALIBRATION)
    metric = depth(picture, "--camera-info", camera)
    np.testing.assert_allclose(metric, np.float32(70 / 84 / NYU_FOCAL_RATIO) * raw, rtol=1e-6)


def test_a_picture_from_a_camera_on_its_side_is_corrected_by_its_upright_width(picture: Path):
    raw = depth(picture, "--hfov-deg", 30, "--depth-scale", "model", "--rotation-deg", 90)
    assert raw.shape == (28, 42), "as the camera sees"
    assert not np.array_equal(raw, depth(picture, "--hfov-deg", 30, "--depth-scale", "model"))
    focal_px = 21 / math.tan(math.radians(15))
    metric = depth(picture, "--hfov-deg", 30, "--rotation-deg", 90)
    np.testing.assert_allclose(metric, np.float32(focal_px / 28 / NYU_FOCAL_RATIO) * raw, rtol=1e-6)


def test_without_a_camera_it_says_what_would_make_depth_metric(
    picture: Path, capsys: pytest.CaptureFixture[str]
):
    depth(picture)
    told = capsys.readouterr().out
    assert "depth as the model says it" in told
    assert "give --hfov-deg or --camera-info to make it metric" in told
    depth(picture, "--depth-scale", "model")  # as asked: no advice
    assert "--hfov-deg" not in capsys.readouterr().out


def test_a_factor_beyond_the_range_leaves_none_of_it_infinite(picture: Path):
    """The range is scaled, too."""
    raw = depth(picture, "--depth-scale", "model")
    assert np.isfinite(raw).all()
    np.testing.assert_allclose(depth(picture, "--depth-scale", "40"), 40 * raw, rtol=1e-6)


@pytest.fixture(scope="module")
def description() -> ModelDescription:
    return load_predictor("demo", device="cpu").description


def test_files_of_depth_that_is_too_far_in_parts_are_whole(
    tmp_path: Path, description: ModelDescription
):
    rgb = np.full((20, 30, 3), 90, np.uint8)
    depth_m = np.full((20, 30), 2.0, np.float32)
    depth_m[:5], depth_m[5, 0], depth_m[6] = np.inf, np.nan, 3.5
    cloud = organised_cloud(depth_m, Intrinsics.from_hfov(60, 30, 20), rgb)
    results = ImageResults("a", rgb, Prediction(depth_m), description, cloud)
    told = {path.name: about for path, about in write_results(results, tmp_path)}
    assert "2.00 to 3.50" in told["depth.npy"]
    assert "inf, farther than the model can tell, for 25.0% of px" in told["depth.npy"]
    assert told["points.ply"].startswith("449 points")
    assert cv2.imread(str(tmp_path / "overview.png")) is not None


def test_files_of_depth_that_is_nowhere_known_are_whole(
    tmp_path: Path, description: ModelDescription
):
    rgb = np.full((20, 30, 3), 90, np.uint8)
    depth_m = np.full((20, 30), np.inf, np.float32)
    cloud = organised_cloud(depth_m, Intrinsics.from_hfov(60, 30, 20), rgb)
    results = ImageResults("a", rgb, Prediction(depth_m), description, cloud)
    told = {path.name: about for path, about in write_results(results, tmp_path)}
    assert "none of them told" in told["depth.npy"]
    assert told["points.ply"].startswith("0 points")
