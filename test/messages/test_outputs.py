# SPDX-License-Identifier: Apache-2.0
"""A frame's clouds, before any of it is published."""

import logging
import sys

import numpy as np

from tips_ros.messages import frame_result as frame_module
from tips_ros.messages import outputs
from tips_ros.messages.frame_result import CameraPose, FrameResult, OutputOptions
from tips_ros.messages.outputs import DEFAULT_TOPICS, TOPICS, VISION_TOPICS
from tips_ros.messages.types import RCLPY_TYPES, rclpy_types_for_one_thread
from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.cloud.move_cloud import move_cloud
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud, valid_points
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.semantic.label_space import model_label_space

from ..ros.example_messages import FRAME_ID, camera_info, header_at, picture

BY_NAME = {topic.name: topic for topic in TOPICS}
SIZE = (48, 64)
AHEAD = extrinsic_matrix((0.1, 0.0, 0.4), (-np.pi / 2, 0.0, -np.pi / 2))


def frame_with(placed=None, **options):
    """A slanted wall with two classes and a hole."""
    rng = np.random.default_rng(2)
    depth_m = np.tile(np.linspace(1.0, 3.0, 64, dtype=np.float32), (48, 1))
    depth_m += rng.normal(scale=0.002, size=SIZE).astype(np.float32)
    depth_m[10:20, 10:20] = np.nan
    normals = np.zeros((*SIZE, 3), np.float32)
    normals[..., 2] = -1.0
    labels = np.repeat([[0, 1]], 32, axis=1).repeat(48, axis=0).astype(np.uint8)
    return FrameResult(
        header_at(5),
        picture(),
        Prediction(depth_m, normals, labels, labels),
        model_label_space(ClassList(("wall", "door"))),
        output_camera(camera_info(), SIZE, SIZE),
        OutputOptions(**options),
        placed,
    )


def made(name, frame, types=RCLPY_TYPES):
    return BY_NAME[name].make(types, frame)


def points_in(message):
    return np.frombuffer(message.data, CLOUD_DTYPE).reshape(message.height, message.width)


def test_the_filtered_cloud_is_a_dense_list_with_the_same_fields():
    frame = frame_with(filtered_voxel_m=0.1)
    organised, message = made("points", frame), made("points_filtered", frame)
    assert (message.height, message.is_dense, message.header) == (1, True, header_at(5))
    assert message.fields == organised.fields
    assert (message.point_step, message.row_step) == (32, 32 * message.width)
    assert len(message.data) == message.row_step
    expected = filter_cloud(valid_points(points_in(organised)), 0.1)
    assert 100 < message.width == len(expected) < 48 * 64 / 2
    assert points_in(message).tobytes() == expected.tobytes()


def test_with_every_filter_off_all_points_that_have_a_place_are_in_it():
    frame = frame_with(filtered_voxel_m=0.0)
    message = made("points_filtered", frame)
    assert message.width == 48 * 64 - 100
    assert points_in(message).tobytes() == valid_points(frame.cloud()).tobytes()


def test_what_is_cut_from_the_points_is_not_in_the_filtered_cloud_either():
    whole = made("points_filtered", frame_with(filtered_voxel_m=0.0)).width
    for cut in (
        {"points_stride": 2},
        {"points_max_range_m": 2.0},
        {"points_exclude": ["door"]},
        {"points_roi": [0.5, 0.0, 0.5, 1.0]},
    ):
        frame = frame_with(filtered_voxel_m=0.0, **cut)
        left = np.isfinite(points_in(made("points", frame))["z"]).sum()
        assert left == made("points_filtered", frame).width < whole, cut


def test_a_part_of_the_picture_leaves_the_organised_cloud_its_size_and_its_labels():
    frame = frame_with(points_roi=[0.25, 0.5, 0.5, 0.25])
    cloud = points_in(made("points", frame))
    assert cloud.shape == SIZE
    inside = np.zeros(SIZE, bool)
    inside[24:36, 16:48] = True
    np.testing.assert_array_equal(np.isfinite(cloud["x"]), inside)
    np.testing.assert_array_equal(cloud["label"], frame.ids)


def test_in_another_frame_the_header_says_which_and_the_time_stays_the_images():
    frame = frame_with(CameraPose("base_link", AHEAD), filtered_target_frame="base_link")
    message = made("points_filtered", frame)
    assert message.header.frame_id == "base_link"
    assert message.header.stamp == header_at(5).stamp
    assert frame.header.frame_id == made("points", frame).header.frame_id == FRAME_ID
    points = points_in(message)[0]
    expected = filter_cloud(move_cloud(valid_points(frame.cloud()), AHEAD), 0.05)
    assert points.tobytes() == expected.tobytes()
    assert points["x"].min() > 0.9 and points["x"].max() < 3.3  # depth is ahead now
    np.testing.assert_allclose(points["normal_x"], -1.0, atol=1e-6)


def test_without_a_place_in_another_frame_there_is_no_cloud_that_lies_about_it():
    frame = frame_with(None, filtered_target_frame="base_link")
    assert made("points_filtered", frame) is None
    assert made("points", frame) is not None
    own = frame_with(None, filtered_target_frame=FRAME_ID)
    assert made("points_filtered", own).header == header_at(5)


def test_both_clouds_of_a_frame_are_made_from_one(monkeypatch):
    calls = []
    real = frame_module.organised_cloud
    monkeypatch.setattr(
        frame_module, "organised_cloud", lambda *a, **k: calls.append(1) or real(*a, **k)
    )
    for order in (["points", "points_filtered"], ["points_filtered", "points"]):
        frame = frame_with()
        clouds = {
            name: points_in(made(name, frame, rclpy_types_for_one_thread())) for name in order
        }
        assert len(calls) == 1
        assert clouds["points"].tobytes() == frame_with().cloud().tobytes()
        calls.clear()


def test_clouds_of_many_sizes_are_not_kept():
    """Large messages of one size are used again; a filtered cloud never has the same size."""
    types = rclpy_types_for_one_thread()
    first = made("points_filtered", frame_with(), types)
    assert made("points_filtered", frame_with(), types) is not first
    assert made("points", frame_with(), types) is made("points", frame_with(), types)


def test_without_open3d_the_outlier_filter_is_told_once_and_the_rest_goes_on(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "open3d", None)
    monkeypatch.setattr(outputs, "_once", outputs.LogThrottle(outputs.logger, float("inf")))
    with caplog.at_level(logging.ERROR, logger="tips_ros"):
        logging.getLogger("tips_ros").addHandler(caplog.handler)
        try:
            for _ in range(3):
                assert made("points_filtered", frame_with(filtered_outlier_neighbors=8)) is None
        finally:
            logging.getLogger("tips_ros").removeHandler(caplog.handler)
    told = {id(r): r.getMessage() for r in caplog.records}
    assert len(told) == 1
    assert "pip install open3d" in next(iter(told.values()))
    assert made("points_filtered", frame_with()) is not None, "voxels need no Open3D"
    assert made("points", frame_with(filtered_outlier_neighbors=8)) is not None


def test_the_filtered_cloud_the_deviation_the_floor_and_things_are_not_made_unasked():
    assert {topic.name for topic in TOPICS} - {t.name for t in DEFAULT_TOPICS} == {
        "points_filtered",
        "depth/stddev",
        "ground",
        "points_ground",
        "points_obstacles",
        "scan",
        "objects/tracked",
        "objects/ids",
        "objects/markers",
    }
    assert not any(topic.by_default for topic in VISION_TOPICS)
