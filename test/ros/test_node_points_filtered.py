# SPDX-License-Identifier: Apache-2.0
"""~/points_filtered over DDS: thinned, cleaned, in the frame that was asked for, or not at all."""

import logging
import sys

import numpy as np
import pytest

from tips_ros.messages import outputs
from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.perception.cloud.move_cloud import move_cloud
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud, valid_points

from .analytic_scene import Scene, Stage, calibration, rays_of
from .example_messages import FRAME_ID, picture
from .live_graph import until
from .test_node_geometry import NEAR_M, PLUMB_BOB, QUIET, cloud_of, tell

SIZE = (120, 160)
CAMERA = calibration(d=PLUMB_BOB)
XYZ, RPY = [0.15, -0.02, 0.42], [-1.92, 0.0, -1.57]  # ahead, and 20 degrees down
BASE = extrinsic_matrix(XYZ, RPY)


@pytest.fixture
def frames(graph_with):
    """Starts a node that sees the scene; each call is a frame, and its messages by topic."""

    def start(*names, awaited=None, **parameters):
        graph = graph_with(**QUIET, **parameters).active()
        Stage(graph).show(*Scene().seen_along(rays_of(CAMERA, SIZE))[:2])
        graph.listen(*names)
        tell(graph, CAMERA)
        sent = 0

        def frame(*awaited):
            nonlocal sent
            sent += 1
            graph.publish_image(picture(*SIZE), sec=sent)

            def of_this_frame(name):
                stamps = [m.header.stamp.sec for m in graph.received[name]]
                return graph.received[name][stamps.index(sent)] if sent in stamps else None

            wanted = awaited or names
            until(lambda: all(of_this_frame(n) for n in wanted), f"{wanted} of frame {sent}")
            return {name: of_this_frame(name) for name in names}

        return graph, frame

    return start


@pytest.fixture
def warnings(caplog):
    """The node's log from warnings upwards."""
    logger = logging.getLogger("tips_ros")
    logger.addHandler(caplog.handler)
    yield lambda: list(
        {id(r): r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING}.values()
    )
    logger.removeHandler(caplog.handler)


def test_by_default_it_is_the_points_thinned_in_the_cameras_own_frame(frames):
    _, frame = frames("points", "points_filtered")
    got = frame()
    whole, thin = got["points"], got["points_filtered"]
    assert thin.header == whole.header and thin.header.frame_id == FRAME_ID
    assert (thin.height, thin.is_dense, thin.fields) == (1, True, whole.fields)
    expected = filter_cloud(valid_points(cloud_of(whole)), 0.05)
    assert cloud_of(thin)[0].tobytes() == expected.tobytes()
    assert 100 < thin.width < whole.width * whole.height / 2


def test_measured_extrinsics_put_it_into_the_robots_frame(frames):
    graph, frame = frames("points", "points_filtered", **{"points_filtered.voxel_m": 0.0})
    frame()
    for name, value in (
        ("extrinsics.xyz", XYZ),
        ("extrinsics.rpy", RPY),
        ("points_filtered.target_frame", "base_link"),
    ):
        assert graph.set_parameter(name, value).successful
    got = frame()
    whole, placed = got["points"], got["points_filtered"]
    assert (whole.header.frame_id, placed.header.frame_id) == (FRAME_ID, "base_link")
    assert placed.header.stamp == whole.header.stamp
    points = cloud_of(placed)[0]
    assert points.tobytes() == move_cloud(valid_points(cloud_of(whole)), BASE).tobytes()
    # And by the scene itself, as the robot would see it.
    scene = Scene()
    turned = scene.turned(BASE[:3, :3])
    xyz = np.stack([points[axis] for axis in "xyz"], -1) - BASE[:3, 3]
    _, _, sphere = scene.seen_along(rays_of(CAMERA, SIZE))
    assert turned.distance_m(xyz, sphere.ravel()).max() < NEAR_M
    normals = np.stack([points[f"normal_{axis}"] for axis in "xyz"], -1)
    wall = turned.wall_normal / np.linalg.norm(turned.wall_normal)
    np.testing.assert_allclose(normals[~sphere.ravel()], [wall] * (~sphere).sum(), atol=1e-4)


def test_a_frame_that_nobody_knows_costs_this_topic_and_one_message(frames, warnings, monkeypatch):
    for name in ("tf2_ros", "tf2_msgs.msg", "tf2_msgs"):
        monkeypatch.setitem(sys.modules, name, None)
    graph, frame = frames(
        "points", "depth/image", "points_filtered",
        **{"points_filtered.target_frame": "base_link"},
    )  # fmt: skip
    for _ in range(3):
        frame("points", "depth/image")
    assert not graph.received["points_filtered"]
    said = [message for message in warnings() if "points_filtered" in message]
    assert len(said) == 1
    assert "tf2-ros-py" in said[0] and "extrinsics.xyz and extrinsics.rpy" in said[0]
    assert not graph.camera.statistics.snapshot().drops.get("failed")
    assert graph.set_parameter("extrinsics.rpy", RPY).successful
    assert graph.set_parameter("extrinsics.xyz", XYZ).successful
    assert frame()["points_filtered"].header.frame_id == "base_link"


def test_without_open3d_the_outlier_filter_costs_this_topic_and_one_message(
    frames, warnings, monkeypatch
):
    monkeypatch.setitem(sys.modules, "open3d", None)
    monkeypatch.setattr(outputs, "_once", outputs.LogThrottle(outputs.logger, float("inf")))
    graph, frame = frames("points", "points_filtered", **{"points_filtered.outlier_neighbors": 8})
    for _ in range(2):
        frame("points")
    assert not graph.received["points_filtered"]
    said = [message for message in warnings() if "Open3D" in message]
    assert len(said) == 1 and "pip install open3d" in said[0]
    assert graph.set_parameter("points_filtered.outlier_neighbors", 0).successful
    assert frame()["points_filtered"].width > 0


@pytest.mark.usefixtures("open3d")
def test_the_outlier_filter_takes_away_what_stands_alone(frames):
    graph, frame = frames("points_filtered")
    before = frame()["points_filtered"].width
    assert graph.set_parameter("points_filtered.outlier_neighbors", 16).successful
    assert graph.set_parameter("points_filtered.outlier_std", 1.0).successful
    assert 0.5 * before < frame()["points_filtered"].width < before


def test_nobody_listening_means_nothing_filtered_and_nobody_asked_for_a_place(frames, monkeypatch):
    calls = []
    monkeypatch.setattr(outputs, "filter_cloud", lambda *a: calls.append("filtered"))
    graph, frame = frames("points", **{"points_filtered.target_frame": "base_link"})
    monkeypatch.setattr(graph.camera.placement, "of", lambda header: calls.append("place"))
    frame()
    frame()
    assert not calls


def test_a_part_of_the_picture_is_cut_from_both_clouds_at_once(frames):
    graph, frame = frames("points", "points_filtered", **{"points_filtered.voxel_m": 0.0})
    assert graph.set_parameter("points.roi", [0.0, 0.5, 1.0, 0.5]).successful
    got = frame()
    cloud = cloud_of(got["points"])
    assert cloud.shape == SIZE
    np.testing.assert_array_equal(
        np.isfinite(cloud["z"]), np.repeat([False, True], 60)[:, None] | np.zeros(SIZE, bool)
    )
    assert got["points_filtered"].width == 60 * 160


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("points.roi", [0.0, 0.5, 1.0], "fractions of the picture"),
        ("points.roi", [0.0, 0.0, 640.0, 480.0], "fractions of the picture"),
        ("extrinsics.xyz", [0.1, 0.2], "three finite numbers"),
        ("extrinsics.rpy", [0.0, float("nan"), 0.0], "three finite numbers"),
        ("extrinsics.rpy", ["a", "b", "c"], "numbers"),
    ],
)
def test_lists_that_can_mean_nothing_are_refused_with_a_reason(graph, name, value, reason):
    before = graph.parameter(name)
    result = graph.set_parameter(name, value)
    assert not result.successful
    assert name in result.reason and reason in result.reason
    assert graph.parameter(name) == before


def test_of_two_cameras_each_has_its_own_place_and_its_own_part(graph_with):
    graph = graph_with(
        **QUIET,
        cameras=["front", "rear"],
        **{
            "points_filtered.voxel_m": 0.0,
            "points_filtered.target_frame": "base_link",
            "extrinsics.xyz": XYZ,
            "front.extrinsics.rpy": RPY,
            "rear.extrinsics.rpy": [-1.57, 0.0, 1.57],
            "rear.points.roi": [0.0, 0.0, 0.5, 1.0],
        },
    ).active()
    for camera in ("front", "rear"):
        graph.listen("points", "points_filtered", camera=camera)
        graph.publish(CAMERA, f"/{camera}/camera_info")
    until(lambda: all(camera.input.camera_info for camera in graph.node.work.cameras), "CameraInfo")
    for camera in ("front", "rear"):
        graph.publish_image(picture(*SIZE), camera=camera)
    for camera, rpy, columns in (("front", RPY, 160), ("rear", [-1.57, 0.0, 1.57], 80)):
        names = f"{camera}/points", f"{camera}/points_filtered"
        until(lambda n=names: all(graph.received[name] for name in n), f"clouds of {camera}")
        whole, placed = (graph.received[name][0] for name in names)
        assert whole.header.frame_id == f"{camera}_optical_frame"
        assert placed.header.frame_id == "base_link"
        points = np.frombuffer(placed.data, CLOUD_DTYPE)
        assert len(points) == 120 * columns
        expected = move_cloud(valid_points(cloud_of(whole)), extrinsic_matrix(XYZ, rpy))
        assert points.tobytes() == expected.tobytes()
