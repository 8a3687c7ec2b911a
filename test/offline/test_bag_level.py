# SPDX-License-Identifier: Apache-2.0
"""A bag's IMU, or a frame of its robot, tells the floor where up is, as they do live."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagError, BagReader, BagWriter, find_camera
from tips_ros.offline.bag_level import BagLevel
from tips_ros.offline.bag_types import bag_types

from .test_bag_ground import SECOND, annotator, recorded

__all__ = ["annotator"]
PITCH_DEG = -10.0  # of the scene's camera


def recorded_robot(
    path: Path, tilt_deg: float = 0.0, off_deg: float = 0.0, tf: bool = True
) -> Path:
    """The same images, an IMU that is turned so about its y, and where the camera sits on it.

    Args:
        path: of the bag.
        tilt_deg: nose down is positive, as of a robot on a ramp.
        off_deg: the mounting that tf tells is wrong by so much.
        tf: whether it tells one.
    """
    plain = recorded(path.with_name(path.name + "_plain"), tf=False)
    with BagReader(plain) as reader, BagWriter(path, typestore=reader.copy_typestore) as writer:
        types = bag_types(writer)
        for topic in reader.topics.values():
            writer.add_topic(topic.name, topic.type)
        writer.add_topic("/imu/data", "sensor_msgs/msg/Imu")
        writer.add_topic("/tf_static", "tf2_msgs/msg/TFMessage")
        written: list[tuple[int, str, object]] = []
        geometry = "geometry_msgs/msg/{}".format

        def vector(x: float, y: float, z: float) -> object:
            return types.message(geometry("Vector3"))(x=x, y=y, z=z)

        def header(at_ns: int, frame_id: str) -> object:
            sec, nanosec = divmod(at_ns, SECOND)
            stamp = types.message("builtin_interfaces/msg/Time")(sec=sec, nanosec=nanosec)
            return types.message("std_msgs/msg/Header")(stamp=stamp, frame_id=frame_id)

        if tf:
            half = math.radians(-PITCH_DEG - off_deg) / 2
            s, c = math.sin(half), math.cos(half)
            x, y, z, w = -0.5, 0.5, -0.5, 0.5  # of a level optical frame
            turn = types.message(geometry("Quaternion"))(
                x=c * x + s * z, y=c * y + s * w, z=c * z - s * x, w=c * w - s * y
            )
            placed = types.message(geometry("TransformStamped"))(
                header=header(0, "base"),
                child_frame_id="cam",
                transform=types.message(geometry("Transform"))(
                    translation=vector(0.0, 0.0, 0.0), rotation=turn
                ),
            )
            told = types.message("tf2_msgs/msg/TFMessage")(transforms=[placed])
            written.append((0, "/tf_static", told))
        half = math.radians(tilt_deg) / 2
        for at_ns in range(0, 2 * SECOND, SECOND // 20):
            message = types.message("sensor_msgs/msg/Imu")(
                header=header(at_ns, "base"),
                orientation=types.message(geometry("Quaternion"))(
                    x=0.0, y=math.sin(half), z=0.0, w=math.cos(half)
                ),
                orientation_covariance=np.zeros(9),
                angular_velocity=vector(0.0, 0.0, 0.0),
                angular_velocity_covariance=np.zeros(9),
                linear_acceleration=vector(
                    -9.81 * math.sin(2 * half), 0.0, 9.81 * math.cos(2 * half)
                ),
                linear_acceleration_covariance=np.zeros(9),
            )
            written.append((at_ns, "/imu/data", message))
        written += [(one.stamp_ns, one.topic, one.data) for one in reader.messages()]
        for at_ns, topic, message in sorted(written, key=lambda one: one[0]):
            writer.write(topic, at_ns, message)
    return path


def floors(annotator, path: Path, imu_topic: str = "", base_frame: str = "") -> list:
    """The floor of each image, by whoever is asked for up."""
    found = []
    with BagReader(path) as reader:
        annotator.level = BagLevel(reader, imu_topic, base_frame)
        with BagWriter(path.with_name(path.name + "_out"), typestore=reader.typestore) as writer:
            annotator.annotate(reader, find_camera(reader, None), writer)
    with BagReader(path.with_name(path.name + "_out")) as reader:
        found = [reader.deserialize(one) for one in reader.messages(["/tips/ground"])]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("tilt_deg", [0.0, -5.0])
def test_the_slope_is_told_against_what_the_imu_calls_level(annotator, tmp_path, tilt_deg):
    path = recorded_robot(tmp_path / "in", tilt_deg)
    for floor in floors(annotator, path, imu_topic="/imu/data"):
        assert math.degrees(floor.slope) == pytest.approx(abs(tilt_deg), abs=0.6)
        assert math.degrees(floor.pitch) == pytest.approx(PITCH_DEG, abs=0.6)


@pytest.mark.parametrize("off_deg", [0.0, 5.0])
def test_a_frame_of_the_robot_tells_up_without_an_imu(annotator, tmp_path, off_deg):
    path = recorded_robot(tmp_path / "in", off_deg=off_deg)
    for floor in floors(annotator, path, base_frame="base"):
        assert math.degrees(floor.slope) == pytest.approx(off_deg, abs=0.6)


def test_who_can_not_be_asked_is_told_once_and_the_floor_is_found_without(
    annotator, tmp_path, caplog
):
    path = recorded_robot(tmp_path / "in", tf=False)
    for floor in floors(annotator, path, imu_topic="/imu/data", base_frame="attic"):
        assert math.isnan(floor.slope) and floor.height_m == pytest.approx(0.4, abs=0.01)
    said = [one.getMessage() for one in caplog.records]
    assert sum("--imu-topic /imu/data: the bag has no transform" in one for one in said) == 1
    assert sum("--base-frame: the bag has no transform" in one for one in said) == 1


def test_nobody_is_asked_unasked(annotator, tmp_path):
    for floor in floors(annotator, recorded_robot(tmp_path / "in")):
        assert math.isnan(floor.slope)


def test_a_topic_of_something_else_is_refused_with_those_that_will_do(tmp_path):
    path = recorded_robot(tmp_path / "in")
    with BagReader(path) as reader, pytest.raises(BagError, match="--imu-topic: /imu/data"):
        BagLevel(reader, "/camera/image_raw")
