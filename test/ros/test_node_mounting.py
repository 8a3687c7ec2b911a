# SPDX-License-Identifier: Apache-2.0
"""Cameras on their side and upside down: the same room, told in the camera's own frame."""

import numpy as np
import pytest
import torch

from .analytic_scene import Scene, Stage, about_z, calibration, rays_of
from .example_messages import mask_of, picture
from .live_graph import until
from .test_node_geometry import (
    NEAR_M,
    PLUMB_BOB,
    QUIET,
    cloud_of,
    normals_from_points,
    normals_of,
    on_one_surface,
    tell,
    xyz,
)

SIZE = (120, 160)  # of the upright picture
UPRIGHT = calibration(focal=(150.0, 141.0))
TURNED = (90, 180, 270)


def turned_calibration(turn):
    """Of the same camera when it is turned clockwise: where its picture's pixels came to lie."""
    (height, width), k = SIZE, UPRIGHT.k
    fx, fy, cx, cy = k[0], k[4], k[2], k[5]
    if turn == 90:
        return calibration(height, width, focal=(fy, fx), centre=(cy, width - 1 - cx))
    if turn == 180:
        return calibration(width, height, focal=(fx, fy), centre=(width - 1 - cx, height - 1 - cy))
    return calibration(height, width, focal=(fy, fx), centre=(height - 1 - cy, cx))


def as_the_camera_has_it(upright, turn):
    """A picture of the upright camera as the turned one takes it: it lies counter-clockwise."""
    return np.ascontiguousarray(np.rot90(upright, turn // 90))


def frame_through(graph, stage, rgb, depth_m, normals):
    """Publishes a frame of which the network says this; returns its cloud."""
    stage.show(depth_m, normals)
    before = len(graph.received["points"])
    graph.publish_image(rgb, sec=before + 1)
    until(lambda: len(graph.received["points"]) > before, "the cloud")
    return cloud_of(graph.received["points"][-1])


@pytest.mark.parametrize("turn", TURNED)
def test_a_turned_camera_gives_the_same_cloud_as_the_upright_one(graph_with, turn):
    """The same network, the same scene: only the mounting and the frame of the points differ."""
    graph = graph_with(**QUIET).active()
    stage = Stage(graph)
    graph.listen("points")
    depth_m, normals, _ = Scene().seen_along(rays_of(UPRIGHT, SIZE))
    rgb = picture(*SIZE)

    tell(graph, UPRIGHT)
    upright = frame_through(graph, stage, rgb, depth_m, normals)
    assert graph.set_parameter("rotation_deg", turn).successful
    tell(graph, turned_calibration(turn))
    mounted = frame_through(graph, stage, as_the_camera_has_it(rgb, turn), depth_m, normals)

    torch.testing.assert_close(stage.looked_at[1], stage.looked_at[0])  # it saw it upright
    assert mounted.shape == (SIZE if turn == 180 else SIZE[::-1])
    expected = as_the_camera_has_it(upright, turn)
    # A turn of the camera about its axis turns its points back.
    into_camera = about_z(-turn)
    np.testing.assert_allclose(xyz(mounted), xyz(expected) @ into_camera.T, atol=NEAR_M / 100)
    np.testing.assert_allclose(normals_of(mounted), normals_of(expected) @ into_camera.T, atol=1e-5)
    np.testing.assert_array_equal(mounted["label"], expected["label"])
    np.testing.assert_array_equal(mounted["rgb"], expected["rgb"])


@pytest.mark.parametrize("turn", TURNED)
def test_points_of_a_turned_camera_follow_its_own_lens(graph_with, turn):
    """The lens is the camera's, not the upright picture's: p1 and p2 tell them apart."""
    info = calibration(120, 160, d=PLUMB_BOB, centre=(61.0, 77.0))
    out = (160, 120)
    scene = Scene().turned(about_z(-turn))
    depth_m, normals, sphere = scene.seen_along(rays_of(info, out))
    graph = graph_with(**QUIET, rotation_deg=turn).active()
    stage = Stage(graph)
    graph.listen("points")
    tell(graph, info)
    upright_depth_m = np.rot90(depth_m, -turn // 90)
    upright_normals = np.rot90(normals @ about_z(turn).T, -turn // 90)
    cloud = frame_through(graph, stage, picture(*out), upright_depth_m, upright_normals)
    points = xyz(cloud)
    assert scene.distance_m(points, sphere).max() < NEAR_M
    np.testing.assert_allclose(points, rays_of(info, out) * depth_m[..., None], atol=NEAR_M / 10)
    np.testing.assert_allclose(normals_of(cloud), normals, atol=1e-4)
    alike = (normals_from_points(points) * normals[1:-1, 1:-1]).sum(-1)[on_one_surface(sphere)]
    assert alike.min() > 0.99 and np.median(alike) > 0.9999


def test_masks_and_the_depths_camera_info_are_in_the_cameras_own_orientation(graph_with):
    graph = graph_with(**QUIET, rotation_deg=90, output_scale=0.5).active()
    stage = Stage(graph)
    graph.listen("semantic/image", "depth/image", "depth/camera_info")
    info = turned_calibration(90)
    tell(graph, info)
    upright_size = (60, 80)
    depth_m, normals, _ = Scene().seen_along(rays_of(UPRIGHT, upright_size))
    stage.show(depth_m, normals)
    rgb = picture(*SIZE)
    header = graph.publish_image(as_the_camera_has_it(rgb, 90))
    names = ("semantic/image", "depth/image", "depth/camera_info")
    until(lambda: all(graph.received[name] for name in names), "the outputs")
    for name in names:
        message = graph.received[name][0]
        assert (message.height, message.width, message.header) == (80, 60, header), name
    told = graph.received["depth/camera_info"][0]
    np.testing.assert_allclose(told.k[0], info.k[0] / 2)
    np.testing.assert_allclose(told.k[5], (info.k[5] + 0.5) / 2 - 0.5)
    expected = graph.node.predictor.predict(rgb, ["semantic"], 0.5).labels
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(
        mask_of(graph.received["semantic/image"][0]), as_the_camera_has_it(expected, 90)
    )
    depth = np.frombuffer(graph.received["depth/image"][0].data, np.float32).reshape(80, 60)
    np.testing.assert_allclose(depth, as_the_camera_has_it(depth_m, 90), atol=1e-5)
