# SPDX-License-Identifier: Apache-2.0
"""`rectify`: every output of a lens that distorts is a pinhole's, as everybody else reads it."""

import cv2
import numpy as np
import pytest

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE

from .example_messages import camera_info, picture
from .live_graph import until

SMALL = {"input_height": 56, "input_width": 56}
WEBCAM = (-0.3, 0.1, 0.001, -0.002, 0.0)


def as_depth_image_proc(depth, info):
    """(H, W, 3) points: what depth_image_proc makes of a depth image and its CameraInfo."""
    z = np.frombuffer(depth.data, np.float32).reshape(depth.height, depth.width)
    v, u = np.mgrid[: depth.height, : depth.width]
    return np.stack([(u - info.p[2]) / info.p[0] * z, (v - info.p[6]) / info.p[5] * z, z], -1)


def seen(graph, d=WEBCAM, p=True):
    """One frame's messages, by topic."""
    names = ("depth/image", "depth/camera_info", "points", "semantic/color")
    graph.listen(*names)
    info = camera_info(d=d)
    if not p:
        info.p = [0.0] * 12
    graph.publish(info, "/camera_info")
    until(lambda: graph.camera.input.camera_info, "the CameraInfo")
    graph.publish_image()
    until(lambda: all(graph.received[name] for name in names), "the outputs")
    return info, {name: graph.received[name][0] for name in names}


@pytest.mark.parametrize("p", [True, False])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_points_are_what_depth_image_proc_makes_of_the_depth(graph_with, p, scale):
    graph = graph_with(rectify=True, output_scale=scale, **SMALL).active()
    _, got = seen(graph, p=p)
    info, cloud = got["depth/camera_info"], got["points"]
    assert list(info.d) == [0.0] * 5
    points = np.frombuffer(cloud.data, CLOUD_DTYPE).reshape(cloud.height, cloud.width)
    ours = np.stack([points[axis] for axis in "xyz"], -1)
    np.testing.assert_allclose(ours, as_depth_image_proc(got["depth/image"], info), rtol=1e-5)


def test_the_model_sees_the_picture_that_opencv_undistorts(graph_with):
    graph = graph_with(rectify=True, **{"semantic.overlay_alpha": 0.0}, **SMALL).active()
    info, got = seen(graph)
    k, p = np.reshape(info.k, (3, 3)), np.reshape(info.p, (3, 4))[:, :3]
    maps = cv2.initUndistortRectifyMap(k, np.array(WEBCAM), np.eye(3), p, (64, 48), cv2.CV_16SC2)
    expected = cv2.remap(picture(), *maps, cv2.INTER_LINEAR)
    color = got["semantic/color"]
    shown = np.frombuffer(color.data, np.uint8).reshape(48, 64, 3)
    assert np.abs(shown.astype(int) - expected).max() <= 8
    assert np.abs(shown.astype(int) - picture()).max() > 100, "it was bent"


def test_without_it_whoever_reads_the_depth_as_a_pinholes_is_warned(graph_with, capfd):
    graph = graph_with(**SMALL).active()
    seen(graph)
    assert "set rectify to true" in capfd.readouterr().err
    assert graph.set_parameter("rectify", True).successful
    graph.publish_image(sec=2)
    until(lambda: len(graph.received["depth/camera_info"]) == 2, "the next frame")
    assert list(graph.received["depth/camera_info"][1].d) == [0.0] * 5


def test_a_lens_that_does_not_distort_warns_nobody(graph_with, capfd):
    seen(graph_with(**SMALL).active(), d=(0.0,) * 5)
    assert "rectify" not in capfd.readouterr().err


def test_without_a_camera_info_the_picture_goes_on_as_it_is(graph_with):
    graph = graph_with(rectify=True, **SMALL).active()
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
