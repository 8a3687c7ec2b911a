# SPDX-License-Identifier: Apache-2.0
"""The node's outputs for an image, over real DDS."""

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from tips_ros.messages.outputs import TOPICS
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE

from .example_messages import FRAME_ID, header_at, picture
from .live_graph import until

ALL = [topic.name for topic in TOPICS]
WITHOUT_CAMERA_INFO = [topic.name for topic in TOPICS if not topic.needs_camera]


@pytest.mark.quick
def test_every_output_of_a_frame_carries_the_header_of_its_image(graph):
    graph.listen(*ALL)
    graph.publish_camera_info()
    header = graph.publish_image(sec=7)
    until(lambda: all(graph.received[name] for name in ALL), f"one message on each of {ALL}")
    for name in set(ALL) - {"scan", "objects/markers"}:
        assert graph.received[name][0].header == header, name
    (marker,) = graph.received["objects/markers"][0].markers
    assert marker.header == header
    assert header.frame_id == FRAME_ID
    scan = graph.received["scan"][0].header
    assert (scan.stamp, scan.frame_id) == (header.stamp, f"{FRAME_ID}_level")


def test_sizes_and_encodings_are_those_of_the_contract(graph):
    graph.listen(*ALL)
    graph.publish_camera_info()
    graph.publish_image()
    until(lambda: all(graph.received[name] for name in ALL), "all outputs")
    encodings = {
        "depth/image": ("32FC1", 4),
        "normals/image": ("32FC3", 12),
        "normals/color": ("rgb8", 3),
        "semantic/image": ("mono8", 1),
        "semantic/confidence": ("mono8", 1),
        "semantic/color": ("rgb8", 3),
    }
    for name, (encoding, pixel_bytes) in encodings.items():
        message = graph.received[name][0]
        assert (message.height, message.width, message.encoding) == (48, 64, encoding), name
        assert (message.step, len(message.data)) == (64 * pixel_bytes, 48 * 64 * pixel_bytes), name
    cloud = graph.received["points"][0]
    assert (cloud.height, cloud.width, cloud.is_dense) == (48, 64, False)
    assert [f.name for f in cloud.fields] == list(CLOUD_DTYPE.names)
    assert (cloud.point_step, cloud.row_step) == (32, 64 * 32)


def test_the_cloud_is_the_depth_image_seen_through_the_camera_info_beside_it(graph):
    names = ("depth/image", "depth/camera_info", "points")
    graph.listen(*names)
    graph.publish_camera_info()
    graph.publish_image()
    until(lambda: all(graph.received[name] for name in names), "a cloud and what is beside it")
    depth = graph.received["depth/image"][0]
    depth_m = np.frombuffer(depth.data, np.float32).reshape(48, 64)
    k = graph.received["depth/camera_info"][0].k
    cloud = np.frombuffer(graph.received["points"][0].data, CLOUD_DTYPE).reshape(48, 64)
    v, u = np.mgrid[0:48, 0:64]
    np.testing.assert_allclose(cloud["z"], depth_m)
    np.testing.assert_allclose(cloud["x"], (u - k[2]) / k[0] * depth_m, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(cloud["y"], (v - k[5]) / k[4] * depth_m, rtol=1e-5, atol=1e-6)


def test_points_of_raw_images_lie_along_the_rays_of_the_lens(graph):
    graph.listen("depth/image", "points")
    info = graph.publish_camera_info(d=[-0.3, 0.1, 0.001, -0.002, 0.0])
    graph.publish_image()
    until(lambda: graph.received["points"] and graph.received["depth/image"], "a cloud")
    depth_m = np.frombuffer(graph.received["depth/image"][0].data, np.float32).reshape(48, 64)
    cloud = np.frombuffer(graph.received["points"][0].data, CLOUD_DTYPE).reshape(48, 64)
    rays = Lens.from_camera_info(info).rays()
    straight = Lens.from_camera_info(info, rectified=True).rays()
    assert np.abs(rays - straight).max() > 0.03  # it does bend
    np.testing.assert_allclose(cloud["z"], depth_m)
    np.testing.assert_allclose(cloud["x"], rays[..., 0] * depth_m, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(cloud["y"], rays[..., 1] * depth_m, rtol=1e-5, atol=1e-6)


def test_points_of_rectified_images_lie_along_straight_rays_whatever_d_says(graph_with):
    graph = graph_with(input_height=112, input_width=112, rectified=True).active()
    graph.listen("depth/image", "points")
    info = graph.publish_camera_info(d=[-0.3, 0.1, 0.001, -0.002, 0.0])
    graph.publish_image()
    until(lambda: graph.received["points"], "a cloud")
    cloud = np.frombuffer(graph.received["points"][0].data, CLOUD_DTYPE).reshape(48, 64)
    u = np.arange(64)
    expected = (u - info.p[2]) / info.p[0] * cloud["z"]
    np.testing.assert_allclose(cloud["x"], expected, rtol=1e-5, atol=1e-6)


def test_without_a_camera_info_everything_but_the_points_comes(graph):
    graph.listen(*ALL)
    graph.publish_image()
    until(lambda: all(graph.received[name] for name in WITHOUT_CAMERA_INFO), "the others")
    assert not graph.received["points"]
    graph.publish_camera_info()
    header = graph.publish_image(sec=2)
    until(lambda: graph.received["points"], "points, once there is a CameraInfo")
    assert [message.header for message in graph.received["points"]] == [header]


def test_a_camera_info_of_another_size_gives_no_points(graph):
    graph.listen("depth/image", "points")
    graph.publish_camera_info(width=32, height=24)
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
    assert not graph.received["points"]


def test_output_scale_shrinks_every_output_and_its_camera_info(graph_with):
    graph = graph_with(input_height=112, input_width=112, output_scale=0.5).active()
    graph.listen(*ALL)
    info = graph.publish_camera_info()
    graph.publish_image()
    until(lambda: all(graph.received[name] for name in ALL), "all outputs")
    shapeless = {"points_filtered", "points_ground", "points_obstacles", "ground", "scan"}
    for name in set(ALL) - shapeless - {"objects/tracked", "objects/markers"}:
        message = graph.received[name][0]
        assert (message.height, message.width) == (24, 32), name
    assert 0 < graph.received["points_filtered"][0].width <= 24 * 32
    assert graph.received["depth/camera_info"][0].k[0] == info.k[0] / 2


def test_compressed_images_are_taken_from_below_the_image_topic(graph_with):
    import cv2

    graph = graph_with(input_height=112, input_width=112, image_transport="compressed").active()
    graph.listen("depth/image")
    _, jpeg = cv2.imencode(".jpg", picture()[..., ::-1])
    message = CompressedImage(header=header_at(3), format="jpeg", data=jpeg.tobytes())
    graph.publish(message, "/image/compressed")
    until(lambda: graph.received["depth/image"], "depth")
    assert graph.received["depth/image"][0].header == header_at(3)


def test_the_mask_overlay_of_a_frame_is_the_image_mixed_with_its_class_colours(graph):
    graph.listen("semantic/image", "semantic/color")
    graph.publish_image()
    until(
        lambda: graph.received["semantic/color"] and graph.received["semantic/image"],
        "the overlay and its mask",
    )
    ids = np.frombuffer(graph.received["semantic/image"][0].data, np.uint8).reshape(48, 64)
    shown = np.frombuffer(graph.received["semantic/color"][0].data, np.uint8).reshape(48, 64, 3)
    colours = graph.node.predictor.description.classes.palette()[ids]
    expected = picture().astype(float) / 2 + colours / 2.0
    np.testing.assert_allclose(shown, expected, atol=1.0)


def test_a_message_that_is_no_image_costs_one_message_and_the_next_one_works(graph):
    graph.listen("depth/image")
    truncated = Image(
        header=header_at(1), height=48, width=64, encoding="rgb8", step=192, data=b"\0" * 100
    )
    graph.publish(truncated, "/image")
    until(lambda: graph.camera.statistics.snapshot().drops.get("unreadable"), "the refusal")
    graph.publish_image(sec=2)
    until(lambda: graph.received["depth/image"], "depth of the good image")
    assert [m.header.stamp.sec for m in graph.received["depth/image"]] == [2]
    assert "100" in graph.camera.statistics.snapshot().last_error
