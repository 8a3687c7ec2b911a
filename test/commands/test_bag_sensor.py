# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag --sensor-topic` measures the scale by a recorded LiDAR, as the node does live."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.cli import main
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.images.decoder import ImageDecoder
from tips_ros.perception.loading.load import load_predictor
from training.scenes.camera.camera_messages import CameraMessages

from .annotated_bag import annotated

SAMPLE = Path(__file__).parents[2] / "samples" / "drive"
WIDTH, HEIGHT, FOCAL_PX, ROW = 640, 480, 518.86, 290
CX, CY = 319.5, 239.5
SLOPE, OFFSET = 0.8, 0.12
SECOND, FRAMES = 10**9, 8
TILT = math.atan((ROW - CY) / FOCAL_PX)
SCAN = "sensor_msgs/msg/LaserScan"


@lru_cache
def picture() -> np.ndarray:
    """A room of the sample drive, which has near and far in it; (480, 640, 3)."""
    with BagReader(SAMPLE) as reader:
        camera = find_camera(reader)
        message = next(iter(reader.messages([camera.image])))
        return ImageDecoder(camera.image).decode(reader.deserialize(message))


def laser_in_camera() -> np.ndarray:
    """(4, 4) of a LiDAR at the camera whose plane is a row of the picture."""
    ahead, left = np.array([0, math.sin(TILT), math.cos(TILT)]), np.array([-1.0, 0, 0])
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([ahead, left, np.cross(ahead, left)], axis=1)
    return matrix


@pytest.fixture(scope="module")
def predicted_m() -> np.ndarray:
    return load_predictor("demo").predict(picture(), ["depth"]).depth_m


def written(path: Path, true_m: np.ndarray, with_tf: bool = True, **changed: Any) -> Path:
    """A bag of a camera that stands, and of its LiDAR, 30 % of whose beams are wrong."""
    with BagWriter(path) as writer:
        types = bag_types(writer)
        messages = CameraMessages(writer.typestore.types, "camera")
        writer.add_topic("/image", "sensor_msgs/msg/Image")
        writer.add_topic("/camera_info", "sensor_msgs/msg/CameraInfo")
        writer.add_topic("/scan", SCAN)
        writer.add_topic("/tf_static", "tf2_msgs/msg/TFMessage", latched=True)
        if with_tf:
            mounting = messages.transform(0, "camera", "laser", laser_in_camera())
            writer.write("/tf_static", SECOND, mounting)
        for number in range(1, FRAMES + 1):
            stamp = types.message("builtin_interfaces/msg/Time")(sec=number, nanosec=0)
            header = types.message("std_msgs/msg/Header")
            of_image = header(stamp=stamp, frame_id="camera")
            writer.write("/camera_info", number * SECOND, info(types, of_image))
            writer.write(
                "/image", number * SECOND, image_message(types, of_image, picture(), "rgb8")
            )
            fields = {
                "header": header(stamp=stamp, frame_id="laser"),
                **scan_fields(true_m, number),
                **changed,
            }
            writer.write("/scan", number * SECOND + 1, types.message(SCAN)(**fields))
    return path


def info(types: Any, header: Any) -> Any:
    region = types.message("sensor_msgs/msg/RegionOfInterest")(0, 0, 0, 0, False)
    k = np.array([FOCAL_PX, 0, CX, 0, FOCAL_PX, CY, 0, 0, 1.0])
    p = np.array([FOCAL_PX, 0, CX, 0, 0, FOCAL_PX, CY, 0, 0, 0, 1.0, 0])
    return types.message("sensor_msgs/msg/CameraInfo")(
        header, HEIGHT, WIDTH, "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), p, 0, 0, region
    )


def scan_fields(true_m: np.ndarray, seed: int) -> dict[str, Any]:
    rng, step = np.random.default_rng(seed), 1 / 200
    angles = np.arange(-math.pi, math.pi, step)
    u = np.rint(CX - FOCAL_PX * np.tan(angles) / math.cos(TILT))
    seen = np.flatnonzero((np.cos(angles) > 0.2) & (u >= 0) & (u < WIDTH))
    ranges = np.full(angles.size, np.inf)
    depth = true_m[ROW, u[seen].astype(int)]
    ranges[seen] = depth / (np.cos(angles[seen]) * math.cos(TILT))
    wrong = rng.permutation(seen)[: round(0.3 * seen.size)]
    ranges[wrong] *= rng.uniform(1.5, 4.0, wrong.size) ** rng.choice([-1, 1], wrong.size)
    return {
        "angle_min": float(angles[0]),
        "angle_max": float(angles[-1]),
        "angle_increment": step,
        "time_increment": 0.0,
        "scan_time": 0.0,
        "range_min": 0.02,
        "range_max": 60.0,
        "ranges": ranges.astype(np.float32),
        "intensities": np.empty(0, np.float32),
    }


@pytest.mark.parametrize("batch", ["1", "3"])
def test_a_recorded_scan_gives_scale_and_shift(tmp_path, predicted_m, capsys, batch):
    true_m = 1 / (SLOPE / predicted_m + OFFSET)
    bag = written(tmp_path / "in", true_m)
    depths, infos = annotated(
        bag, tmp_path / "out", "--sensor-topic", "/scan", "--batch", batch
    )
    last = infos[-1]
    assert (last.source, last.wanted, last.note) == ("sensor", "sensor", "")
    assert 1 / last.scale == pytest.approx(SLOPE, rel=0.01)
    assert last.inverse_offset == pytest.approx(OFFSET, rel=0.01)
    np.testing.assert_allclose(depths[-1], true_m, rtol=0.015)
    said = capsys.readouterr().out
    assert "by a sensor" in said and "1/m +0.1" in said
    assert f"/scan: {FRAMES} heard, {FRAMES} compared, 0 unusable, 0 passed over" in said


def test_a_scan_that_can_not_be_used_leaves_the_other_scale_and_is_counted(
    tmp_path, predicted_m, capsys
):
    bag = written(tmp_path / "in", predicted_m, with_tf=False)
    _, infos = annotated(bag, tmp_path / "out", "--sensor-topic", "/scan")
    assert infos[-1].source == "focal" and infos[-1].wanted == "sensor"
    assert "the bag has no transform from laser to camera" in infos[-1].note
    assert f"{FRAMES} unusable" in capsys.readouterr().out


def test_a_topic_of_no_sensor_is_refused_with_those_there_are(tmp_path, predicted_m, capsys):
    bag = written(tmp_path / "in", predicted_m)
    for topic in ("/camera_info", "/nothing"):
        assert main(["bag", str(bag), str(tmp_path / "out"), "--sensor-topic", topic]) == 2
        assert f"on {topic}; choose one with --sensor-topic: /image, /scan" in (
            capsys.readouterr().err
        )
    assert not (tmp_path / "out").exists()
