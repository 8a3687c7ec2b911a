# SPDX-License-Identifier: Apache-2.0
"""A bag gets floor, obstacles and scan, and with the scan the frame that it is in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS
from tips_ros.offline.bag_annotation import BagAnnotator
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.prediction import Prediction
from training.scenes.camera.camera_messages import CameraMessages

from ..perception.ground.floor_scene import Box, FloorScene

SCENE = FloorScene(0.4, -10, size=(240, 320), boxes=[Box((1.5, 0.2, 0), (1.8, 0.6, 0.3))])
WANTED = ("ground", "points_ground", "points_obstacles", "scan")
SECOND = 10**9


@pytest.fixture
def annotator(monkeypatch: pytest.MonkeyPatch) -> BagAnnotator:
    """Of a model that sees the scene."""
    predictor = load_predictor(precision="fp32", input_size=(56, 56))
    seen = SCENE.frame(0.01)
    prediction = Prediction(depth_m=seen.depth_m, normals=seen.normals, labels=seen.labels)
    monkeypatch.setattr(predictor, "decode", lambda *_: prediction)
    topics = [topic for topic in TOPICS if topic.name in WANTED]
    return BagAnnotator(predictor, topics, predictor.model_label_space)


def recorded(path: Path, tf: bool) -> Path:
    """Two images with their calibration, and /tf of somebody else's."""
    with BagWriter(path) as writer:
        types = bag_types(writer)
        camera = CameraMessages(writer.typestore.types, "cam")
        writer.add_topic("/camera/image_raw", "sensor_msgs/msg/Image")
        writer.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
        if tf:
            writer.add_topic("/tf", "tf2_msgs/msg/TFMessage")
            writer.write("/tf", 0, types.message("tf2_msgs/msg/TFMessage")(transforms=[]))
        for number in range(2):
            at_ns = number * SECOND
            stamp = types.message("builtin_interfaces/msg/Time")(sec=number, nanosec=0)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="cam")
            info = camera.camera_info(at_ns, SCENE.lens.intrinsics)
            writer.write("/camera/camera_info", at_ns, info)
            rgb = np.zeros((240, 320, 3), np.uint8)
            writer.write("/camera/image_raw", at_ns, image_message(types, header, rgb, "rgb8"))
    return path


@pytest.mark.parametrize("tf", [False, True])
def test_all_four_are_written_and_tf_tells_where_the_scan_is(annotator, tmp_path, tf):
    with BagReader(recorded(tmp_path / "in", tf)) as reader:
        camera = find_camera(reader, None)
        with BagWriter(tmp_path / "out", typestore=reader.typestore) as writer:
            annotator.annotate(reader, camera, writer)
    read: dict[str, list] = {f"/tips/{name}": [] for name in WANTED} | {"/tf": []}
    with BagReader(tmp_path / "out") as reader:
        for message in reader.messages([*read]):
            read[message.topic].append(reader.deserialize(message))
    assert {topic: len(found) for topic, found in read.items()} == {
        **{f"/tips/{name}": 2 for name in WANTED}, "/tf": 3 if tf else 2
    }  # fmt: skip
    scan, plane = read["/tips/scan"][-1], read["/tips/ground"][-1]
    (placed,) = read["/tf"][-1].transforms
    assert placed.child_frame_id == scan.header.frame_id == "cam_level"
    assert placed.header.frame_id == "cam" and placed.header.stamp.sec == 1
    turn = placed.transform.rotation
    z_of_level = np.array([
        2 * (turn.x * turn.z + turn.w * turn.y),
        2 * (turn.y * turn.z - turn.w * turn.x),
        1 - 2 * (turn.x**2 + turn.y**2),
    ])  # fmt: skip
    assert z_of_level == pytest.approx(plane.coefficients[:3], abs=1e-6)
    bearing = np.arctan2(0.4, 1.5)
    at = round((bearing - scan.angle_min) / scan.angle_increment)
    assert scan.ranges[at] == pytest.approx(np.hypot(0.4, 1.5), rel=0.05)
    assert read["/tips/points_obstacles"][-1].width > 50
