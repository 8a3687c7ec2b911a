# SPDX-License-Identifier: Apache-2.0
"""A plane and a sphere at 2 m, seen through every lens: their points come out where they are.

The network is told what to say, so that what is judged is all that follows it: the lens of the
CameraInfo, its cropping, binning and scaling, the unprojection, the frame and sign of the normals.
What is right is OpenCV's word, not the package's own.
"""

from typing import Any

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE

from .analytic_scene import Scene, Stage, calibration, projected, rays_of, sensor_pixels
from .example_messages import picture
from .live_graph import until

QUIET = {"input_height": 112, "input_width": 112, "depth.scale_source": "model"}
NEAR_M = 1e-3  # what is promised at 2 m

PLUMB_BOB = (-0.28, 0.09, 0.0011, -0.0007, -0.012)
RATIONAL = (0.52, -2.61, 0.0006, -0.0003, 1.51, 0.40, -2.43, 1.44)
THIN_PRISM = (-0.11, 0.02, 0.001, -0.002, 0.0, 0.0, 0.0, 0.0, 0.004, -0.002, 0.003, 0.001)
FISHEYE = (0.03, -0.011, 0.004, -0.0009)
WIDE: dict[str, Any] = {"focal": (95.0, 94.0)}  # 80 degrees and more from side to side


def cropped(info: CameraInfo, x: int, y: int, width: int, height: int, binning: int) -> CameraInfo:
    """The same camera that delivers a part of its picture, several pixels in one."""
    info.roi.x_offset, info.roi.y_offset = x, y
    info.roi.width, info.roi.height = width, height
    info.binning_x = info.binning_y = binning
    return info


def rectified(info: CameraInfo) -> CameraInfo:
    """A camera whose P is another pinhole than its K."""
    info.p = [120.0, 0.0, 80.9, -9.0, 0.0, 121.5, 57.2, 0.0, 0.0, 0.0, 1.0, 0.0]
    return info


# What the camera is, the size of its pictures, and the parameters that go with it.
CAMERAS: dict[str, tuple[CameraInfo, tuple[int, int], dict[str, Any]]] = {
    "pinhole": (calibration(), (120, 160), {}),
    "plumb_bob": (calibration(d=PLUMB_BOB), (120, 160), {}),
    "rational_polynomial": (
        calibration(model="rational_polynomial", d=RATIONAL), (120, 160), {},
    ),
    "thin prism": (calibration(model="rational_polynomial", d=THIN_PRISM), (120, 160), {}),
    "equidistant": (calibration(model="equidistant", d=FISHEYE, **WIDE), (120, 160), {}),
    "fisheye": (calibration(model="fisheye", d=(0.0,) * 4, **WIDE), (120, 160), {}),
    "rectified": (rectified(calibration(d=PLUMB_BOB)), (120, 160), {"rectified": True}),
    "region and binning": (
        cropped(
            calibration(480, 360, d=PLUMB_BOB, focal=(420.0, 424.0), centre=(236.0, 185.5)),
            60, 40, 360, 300, 2,
        ),
        (150, 180), {},
    ),
    "binned fisheye": (
        cropped(
            calibration(320, 240, "equidistant", FISHEYE, (190.0, 188.0), (156.0, 121.0)),
            0, 0, 0, 0, 2,
        ),
        (120, 160), {},
    ),
    "smaller outputs": (
        calibration(320, 240, d=PLUMB_BOB, focal=(300.0, 296.0), centre=(154.6, 123.6)),
        (240, 320), {"output_scale": 0.5},
    ),
    "smaller outputs of a region": (
        cropped(
            calibration(480, 360, "equidistant", FISHEYE, (285.0, 282.0), (236.0, 183.0)),
            80, 60, 320, 240, 1,
        ),
        (240, 320), {"output_scale": 0.6},
    ),
}  # fmt: skip


def cloud_of(message: Any) -> np.ndarray:
    """(H, W) CLOUD_DTYPE."""
    return np.frombuffer(message.data, CLOUD_DTYPE).reshape(message.height, message.width)


def xyz(cloud: np.ndarray, names: tuple[str, ...] = ("x", "y", "z")) -> np.ndarray:
    """(H, W, 3)."""
    return np.stack([cloud[name] for name in names], axis=-1).astype(np.float64)


def normals_of(cloud: np.ndarray) -> np.ndarray:
    """(H, W, 3), as published."""
    return xyz(cloud, ("normal_x", "normal_y", "normal_z"))


def normals_from_points(points: np.ndarray) -> np.ndarray:
    """(H - 2, W - 2, 3) towards the camera, by the cross product of a point's neighbours.

    Along the row x grows, down the column y: their product points along z, away from the camera.
    """
    right = points[1:-1, 2:] - points[1:-1, :-2]
    down = points[2:, 1:-1] - points[:-2, 1:-1]
    away = np.cross(right, down)
    return -away / np.linalg.norm(away, axis=-1, keepdims=True)


def on_one_surface(sphere: np.ndarray) -> np.ndarray:
    """(H - 2, W - 2) bool of the pixels whose neighbours are on the same surface."""
    window = np.ones((3, 3), np.uint8)
    mask = sphere.astype(np.uint8)
    return (cv2.erode(mask, window) == cv2.dilate(mask, window))[1:-1, 1:-1]


def tell(graph: Any, info: CameraInfo) -> None:
    """Publishes a CameraInfo and waits until it has arrived."""
    graph.publish(info, "/camera_info")
    until(lambda: graph.camera.input.camera_info == info, "the CameraInfo to arrive")


@pytest.mark.parametrize("name", CAMERAS)
def test_points_are_where_the_surfaces_are_along_the_ray_of_each_pixel(graph_with, name):
    info, size, parameters = CAMERAS[name]
    straight = parameters.get("rectified", False)
    scale = parameters.get("output_scale", 1.0)
    out = (round(size[0] * scale), round(size[1] * scale))
    scene = Scene()
    depth_m, normals, sphere = scene.seen_along(rays_of(info, out, straight))
    assert 100 < sphere.sum() < sphere.size / 2, "both are in view"
    assert 1.9 < depth_m[sphere].min() < 2.1

    graph = graph_with(**QUIET, **parameters).active()
    stage = Stage(graph)
    stage.show(depth_m, normals)
    graph.listen("points", "normals/image")
    tell(graph, info)
    graph.publish_image(picture(*size))
    until(lambda: graph.received["points"] and graph.received["normals/image"], "the cloud")
    cloud = cloud_of(graph.received["points"][0])
    points = xyz(cloud)
    assert cloud.shape == out and np.isfinite(points).all()

    assert scene.distance_m(points, sphere).max() < NEAR_M
    off_px = projected(info, points, straight) - sensor_pixels(info, out)
    focal = min(info.p[0], info.p[5]) if straight else min(info.k[0], info.k[4])
    assert (np.abs(off_px).max(axis=-1) / focal * points[..., 2]).max() < NEAR_M
    np.testing.assert_allclose(points[..., 2], depth_m, atol=1e-5)

    message = graph.received["normals/image"][0]
    image = np.frombuffer(message.data, np.float32).reshape(*out, 3)
    np.testing.assert_allclose(image, normals, atol=1e-4)
    np.testing.assert_array_equal(normals_of(cloud), image)
    alike = (normals_from_points(points) * image[1:-1, 1:-1]).sum(-1)[on_one_surface(sphere)]
    assert alike.min() > 0.99 and np.median(alike) > 0.9999


def test_a_wrong_lens_would_be_noticed():
    """Guards the test above: the lenses of its cameras differ by far more than it allows."""
    info, size, _ = CAMERAS["plumb_bob"]
    plain = calibration()
    bent, straight = rays_of(info, size), rays_of(plain, size)
    assert np.abs(bent - straight).max() * 2.0 > 20 * NEAR_M
    shifted = calibration(centre=(77.8, 61.8))  # half a pixel
    assert np.abs(rays_of(shifted, size) - straight).max() * 2.0 > 3 * NEAR_M


def test_a_resolution_that_changes_mid_stream_changes_every_output_with_its_camera_info(graph_with):
    graph = graph_with(**QUIET).active()
    stage, scene = Stage(graph), Scene()
    graph.listen("depth/image", "depth/camera_info", "points")
    sizes = [(120, 160), (60, 80), (90, 200), (120, 160)]
    for number, (height, width) in enumerate(sizes, start=1):
        focal = (0.9 * width, 0.9 * width)
        info = calibration(width, height, "plumb_bob", PLUMB_BOB, focal, (width / 2, height / 2))
        depth_m, normals, sphere = scene.seen_along(rays_of(info, (height, width)))
        stage.show(depth_m, normals)
        tell(graph, info)
        header = graph.publish_image(picture(height, width), sec=number)
        until(lambda n=number: len(graph.received["points"]) == n, f"cloud {number}")
        cloud = cloud_of(graph.received["points"][-1])
        assert cloud.shape == (height, width)
        assert scene.distance_m(xyz(cloud), sphere).max() < NEAR_M
        until(lambda n=number: len(graph.received["depth/camera_info"]) == n, "its CameraInfo")
        until(lambda n=number: len(graph.received["depth/image"]) == n, "its depth")
        told = graph.received["depth/camera_info"][-1]
        assert (told.height, told.width, told.header) == (height, width, header)
        assert graph.received["depth/image"][-1].width == width
    assert graph.camera.statistics.snapshot().drops.get("failed", 0) == 0
