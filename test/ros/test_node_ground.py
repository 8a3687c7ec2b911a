# SPDX-License-Identifier: Apache-2.0
"""A robot drives past a box: it is in ~/scan and ~/points_obstacles, and gone when it is gone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo
from tips_ros.msg import GroundPlane

from ..perception.ground.floor_scene import Box, FloorScene
from .analytic_scene import Stage, calibration
from .example_messages import FRAME_ID, picture
from .live_graph import until
from .test_node_geometry import QUIET, cloud_of, tell

SIZE = (240, 320)
# The model's own labels mean nothing here: normals and depth say what is floor.
PARAMETERS = {**QUIET, "ground.labels": ["no such class"]}
TOPICS = ("ground", "points_ground", "points_obstacles", "scan")


def scene(ahead_m: float | None, **more: float) -> FloorScene:
    """A box a little to the left, so far ahead; none for None."""
    boxes = [] if ahead_m is None else [Box((ahead_m, 0.05, 0), (ahead_m + 0.3, 0.4, 0.25))]
    return FloorScene(0.4, -10, size=SIZE, wall_m=4.0, boxes=boxes, **more)


def camera_info() -> CameraInfo:
    k = scene(None).lens.intrinsics
    return calibration(SIZE[1], SIZE[0], focal=(k.fx, k.fy), centre=(k.cx, k.cy))


@pytest.fixture
def drive(graph_with):
    """Starts a node; each call is a frame of a scene, and the messages of it by topic."""

    def start(*names, **parameters):
        graph = graph_with(**{**PARAMETERS, **parameters}).active()
        stage = Stage(graph)
        graph.listen(*names)
        tell(graph, camera_info())
        sent = 0

        def frame(shown):
            nonlocal sent
            sent += 1
            seen = shown.frame()
            stage.show(seen.depth_m, seen.normals)
            graph.publish_image(picture(*SIZE), sec=sent)

            def of_this_frame(name):
                stamps = [m.header.stamp.sec for m in graph.received[name]]
                return graph.received[name][stamps.index(sent)] if sent in stamps else None

            until(lambda: all(of_this_frame(n) for n in names), f"{names} of frame {sent}")
            return {name: of_this_frame(name) for name in names}

        return graph, frame

    return start


def nearest(scan, left_deg: float) -> float:
    at = round((math.radians(left_deg) - scan.angle_min) / scan.angle_increment)
    return scan.ranges[at]


def test_a_box_comes_nearer_and_is_gone_when_it_is_gone(drive):
    _, frame = drive(*TOPICS)
    for ahead_m in (2.4, 1.8, 1.2):
        got = frame(scene(ahead_m))
        left_deg = math.degrees(math.atan2(0.22, ahead_m))
        assert nearest(got["scan"], left_deg) == pytest.approx(
            math.hypot(0.22, ahead_m), rel=0.05
        )
        points = cloud_of(got["points_obstacles"]).ravel()
        assert points["z"].min() == pytest.approx(ahead_m, rel=0.1)
    gone = frame(scene(None))
    assert nearest(gone["scan"], left_deg) > 3.5
    assert cloud_of(gone["points_obstacles"])["z"].min() > 3.5, "the wall alone"


def test_the_plane_is_told_with_the_stamp_and_frame_of_the_image(drive):
    _, frame = drive(*TOPICS)
    got = frame(scene(1.5))
    plane = got["ground"]
    assert plane.status == GroundPlane.SEEN and plane.header.frame_id == FRAME_ID
    assert plane.height_m == pytest.approx(0.4, abs=0.01)
    assert plane.pitch == pytest.approx(math.radians(-10), abs=0.01)
    assert plane.note == "" and plane.age_s == 0.0 and plane.inliers > 0
    a, b, c, d = plane.coefficients
    floor = cloud_of(got["points_ground"]).ravel()
    above = a * floor["x"] + b * floor["y"] + c * floor["z"] + d
    assert np.abs(above).max() < 0.04
    assert got["scan"].header.frame_id == f"{FRAME_ID}_level"
    assert got["points_obstacles"].header == plane.header
    assert math.isnan(plane.slope), "nobody told what is level"


def test_no_floor_in_view_is_said_and_ends_no_topic(drive):
    _, frame = drive(*TOPICS)
    frame(scene(1.5))
    wall = FloorScene(0.8, 0, size=SIZE, wall_m=0.6)
    held = frame(wall)
    assert held["ground"].status == GroundPlane.HELD and held["ground"].note
    for _ in range(4):
        got = frame(wall)
    assert got["ground"].status == GroundPlane.ABSENT and math.isnan(got["ground"].height_m)
    assert np.isnan(got["scan"].ranges).all()
    assert got["points_obstacles"].width == got["points_ground"].width == 0


def test_points_can_be_cut_by_their_height_over_the_floor(drive):
    _, frame = drive("points", **{"points.min_height_m": -0.1, "points.max_height_m": 0.5})
    shown = scene(1.5)
    points = cloud_of(frame(shown)["points"])
    kept = np.isfinite(points["z"])
    xyz = np.stack([points["x"], points["y"], points["z"]], -1)[kept]
    high = shown.plane.heights(xyz)
    assert high.max() < 0.52 and high.min() > -0.1
    assert (shown.plane.heights(
        np.dstack([*np.moveaxis(shown.lens.rays(), -1, 0), np.ones(SIZE)])
        * shown.frame().depth_m[..., None]) > 0.6).any()  # fmt: skip
    assert kept.mean() > 0.3
