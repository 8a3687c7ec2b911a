# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag` writes metres, and what they rest on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.cli import main
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.description import NYU_FOCAL_RATIO

from .annotated_bag import annotated

FOCAL_PX, WIDTH, HEIGHT = 100.0, 64, 48
FACTOR = FOCAL_PX / WIDTH / NYU_FOCAL_RATIO
END_M = 16.0 * 0.98  # of the demo model's range


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Two images of a camera, with its CameraInfo."""
    return written(tmp_path / "in", with_camera=True)


def written(path: Path, with_camera: bool) -> Path:
    with BagWriter(path) as writer:
        types = bag_types(writer)
        writer.add_topic("/camera/image_raw", "sensor_msgs/msg/Image")
        if with_camera:
            writer.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
        for number in (1, 2):
            stamp = types.message("builtin_interfaces/msg/Time")(sec=number, nanosec=0)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
            pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
            image = image_message(types, header, pixels, "rgb8")
            writer.write("/camera/image_raw", number * 10**9, image)
            if with_camera:
                writer.write("/camera/camera_info", number * 10**9, _info(types, header))
    return path


def _info(types: Any, header: Any) -> Any:
    region = types.message("sensor_msgs/msg/RegionOfInterest")(0, 0, 0, 0, False)
    k = np.array([FOCAL_PX, 0, 31.5, 0, FOCAL_PX, 23.5, 0, 0, 1.0])
    p = np.array([FOCAL_PX, 0, 31.5, 0, 0, FOCAL_PX, 23.5, 0, 0, 0, 1.0, 0])
    return types.message("sensor_msgs/msg/CameraInfo")(
        header, HEIGHT, WIDTH, "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), p, 0, 0, region
    )


def test_depth_is_by_the_focal_length_unless_told_otherwise(bag, tmp_path, capsys):
    raw, told = annotated(bag, tmp_path / "raw", "--depth-scale", "model")
    assert told[0].source == "model" and not told[0].metric
    assert "depth as the model says it" in capsys.readouterr().out
    metric, infos = annotated(bag, tmp_path / "focal")
    for one, other in zip(raw, metric, strict=True):
        np.testing.assert_allclose(other, np.float32(FACTOR) * one, rtol=1e-6)
    (info,) = infos  # once, though there are two images
    assert (info.source, info.wanted, info.metric) == ("focal", "focal", True)
    assert info.scale == pytest.approx(FACTOR)
    assert info.max_range_m == pytest.approx(FACTOR * END_M)
    assert (info.samples, info.note) == (0, "") and math.isnan(info.spread)
    assert f"depth × {FACTOR:.4g}, by the camera's focal length" in capsys.readouterr().out


def test_a_number_is_the_factor(bag, tmp_path, capsys):
    raw, _ = annotated(bag, tmp_path / "raw", "--depth-scale", "model")
    fixed, infos = annotated(bag, tmp_path / "fixed", "--depth-scale", "0.5")
    np.testing.assert_allclose(fixed[0], raw[0] / 2, rtol=1e-6)
    assert (infos[0].source, infos[0].scale) == ("fixed", 0.5)
    assert "depth × 0.5, as told" in capsys.readouterr().out


def test_a_bag_without_a_camera_info_has_the_models_depth_and_says_so(tmp_path, capsys):
    bag = written(tmp_path / "in", with_camera=False)
    _, infos = annotated(bag, tmp_path / "out")
    assert (infos[0].source, infos[0].wanted, infos[0].metric) == ("model", "focal", False)
    assert "focal length is not known" in infos[0].note
    assert "focal length is not known" in capsys.readouterr().out


def test_without_depth_nothing_is_said_of_it(bag, tmp_path, capsys):
    assert main(["bag", str(bag), str(tmp_path / "out"), "--topics", "normals/image"]) == 0
    assert "depth as" not in (told := capsys.readouterr().out) and "depth ×" not in told
    with BagReader(tmp_path / "out") as reader:
        assert "/tips/depth/info" not in reader.topics


@pytest.mark.parametrize("text", ["sensor", "0", "two"])
def test_what_can_be_no_scale_is_refused(bag, tmp_path, capsys, text):
    with pytest.raises(SystemExit):
        main(["bag", str(bag), str(tmp_path / "out"), "--depth-scale", text])
    assert "--depth-scale" in capsys.readouterr().err
