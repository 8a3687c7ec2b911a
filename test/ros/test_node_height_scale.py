# SPDX-License-Identifier: Apache-2.0
"""The camera's known height over the floor gives depth its scale, live, where asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from tips_ros.msg import DepthInfo

from tips_ros.perception.depth import height_scale
from tips_ros.ros.topics import qos

from ..perception.ground.floor_scene import FloorScene
from .example_messages import FRAME_ID
from .live_graph import until
from .test_node_geometry import cloud_of
from .test_node_ground import SIZE, drive
from .tf_bench import KINDS, Robot, put_in_place

__all__ = ["drive"]
HEIGHT_M, TIMES = 0.4, 1.5  # the network says everything so many times too far
BY_HEIGHT = {"depth.scale_source": "ground", "ground.camera_height_m": HEIGHT_M}
SAID = FloorScene(TIMES * HEIGHT_M, -10, size=SIZE, wall_m=TIMES * 4.0)
WALL = FloorScene(0.8, 0, size=SIZE, wall_m=0.6)


def mounting(base: str, height_m: float, pitch_deg: float = -10.0) -> TransformStamped:
    """The camera on a base whose x is ahead and whose z is up."""
    message = TransformStamped(child_frame_id=FRAME_ID)
    message.header.frame_id = base
    message.transform.translation.z = height_m
    s, c = math.sin(math.radians(-pitch_deg) / 2), math.cos(math.radians(-pitch_deg) / 2)
    x, y, z, w = -0.5, 0.5, -0.5, 0.5
    rotation = message.transform.rotation
    rotation.x, rotation.y = c * x + s * z, c * y + s * w
    rotation.z, rotation.w = c * z - s * x, c * w - s * y
    return message


@pytest.fixture(params=KINDS)
def robot(drive, monkeypatch, request):
    """Starts a node on a robot whose camera is mounted so; frames by it, and what it says."""
    put_in_place(request.param, monkeypatch)

    def start(base: TransformStamped | None = None, **parameters):
        graph, frame = drive("depth/image", **parameters)
        if base is not None:
            Robot(graph, request.param).is_built(base)
        infos = graph.keep(DepthInfo, "/tips/depth/info", qos.latched())

        def frames(shown, until_said, most=60) -> tuple[DepthInfo, np.ndarray]:
            heard = max(0, len(infos) - 1)  # news may come after the depth of their frame
            for _ in range(most):
                message = frame(shown)["depth/image"]
                if (said := next(filter(until_said, infos[heard:]), None)) is not None:
                    depth = np.frombuffer(message.data, np.float32)
                    return said, depth.reshape(message.height, message.width)
            raise AssertionError(f"never said: {infos[heard:]}")

        return graph, frames

    return start


def is_ground(info) -> bool:
    return info.source == "ground"


@pytest.mark.parametrize(
    ("base", "parameters"),
    [
        (mounting("base_link", 0.25), {**BY_HEIGHT, "ground.base_frame": "base_link"}),
        (mounting("base_footprint", HEIGHT_M), {"depth.scale_source": "ground"}),
        (
            mounting("base_link", HEIGHT_M),
            {"depth.scale_source": "ground", "ground.base_frame": "base_link"},
        ),
    ],
    ids=["a number", "base_footprint", "base_frame"],
)
def test_depth_is_scaled_until_the_floor_is_where_it_is_known_to_be(robot, base, parameters):
    _, frames = robot(base, **parameters)
    info, _ = frames(SAID, lambda i: i.source == "focal")
    focal = info.scale
    info, depth_m = frames(SAID, is_ground)
    assert info.wanted == "ground" and info.metric and info.consistent and info.note == ""
    said = SAID.frame().depth_m
    at = said < 5
    np.testing.assert_allclose(depth_m[at], (said / TIMES)[at] , rtol=0.02)
    assert info.scale != pytest.approx(focal, rel=0.2) and info.samples > 100


def test_a_slope_leaves_the_focal_length_and_a_lost_floor_is_held_and_dropped(robot, monkeypatch):
    monkeypatch.setattr(height_scale, "HELD_S", 6.0)
    graph, frames = robot(
        mounting("base_link", 0.25), **BY_HEIGHT, **{"ground.base_frame": "base_link"}
    )
    ramp = FloorScene(TIMES * HEIGHT_M, -16, size=SIZE, wall_m=TIMES * 4.0)
    info, _ = frames(ramp, lambda i: "tilted" in i.note)
    assert info.source == "focal" and "against what tf calls level" in info.note
    until(lambda: graph.camera.scaling.doubt, "the doubt in diagnostics")
    scaled, _ = frames(SAID, is_ground)
    held, _ = frames(WALL, lambda i: "held" in i.note)
    assert held.source == "ground" and held.scale == scaled.scale and held.consistent
    gone, _ = frames(WALL, lambda i: i.source == "focal")
    assert "no floor could be trusted" in gone.note


@pytest.mark.parametrize(
    ("base", "parameters", "word"),
    [
        (None, BY_HEIGHT, "publish an Imu on imu, or set ground.base_frame"),
        (None, {"depth.scale_source": "ground"}, "set ground.camera_height_m"),
        (mounting("base_footprint", -0.2), {"depth.scale_source": "ground"}, "-0.20 m above"),
    ],
    ids=["no level", "no height", "below the floor"],
)
def test_what_is_missing_is_said_with_what_to_set(robot, base, parameters, word):
    _, frames = robot(base, **parameters)
    info, _ = frames(SAID, lambda i: word in i.note)
    assert info.source == "focal" and info.wanted == "ground"


@pytest.mark.parametrize("value", [-0.1, 25.0, math.nan])
def test_a_height_that_can_be_none_is_refused(drive, value):
    graph, _ = drive("depth/image")
    result = graph.set_parameter("ground.camera_height_m", value)
    assert not result.successful and "ground.camera_height_m must be" in result.reason


@pytest.mark.parametrize(
    ("base", "parameters"),
    [
        (mounting("base_footprint", HEIGHT_M), {}),
        (
            mounting("base_link", 0.25),
            {"ground.base_frame": "base_link", "ground.camera_height_m": HEIGHT_M},
        ),
        (None, {"ground.camera_height_m": HEIGHT_M}),
    ],
    ids=["tf", "a number", "nobody tells what is level"],
)
def test_points_are_cut_by_a_known_height_where_no_floor_is_seen(
    drive, base, parameters, monkeypatch
):
    limit_m = 0.3
    put_in_place("stand-in", monkeypatch)
    graph, frame = drive("points", "ground", **{"points.max_height_m": limit_m, **parameters})
    if base is not None:
        Robot(graph, "stand-in").is_built(base)
    close = FloorScene(HEIGHT_M, -10, size=SIZE, wall_m=0.45)

    def height_of_points() -> tuple[float, float]:
        got = frame(close)
        assert got["ground"].status == got["ground"].ABSENT
        points = cloud_of(got["points"])
        xyz = np.stack([points[axis] for axis in "xyz"], -1)[np.isfinite(points["z"])]
        high = close.plane.heights(xyz)
        return float(high.min()), float(high.max())

    low, high = height_of_points()
    for _ in range(40 if base is not None else 2):
        if high < limit_m + 0.01:
            break
        low, high = height_of_points()
    assert low < 0.15, "what is low stays"
    assert (high < limit_m + 0.01) == (base is not None)
