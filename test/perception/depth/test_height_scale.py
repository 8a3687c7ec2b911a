# SPDX-License-Identifier: Apache-2.0
"""A known height gives the scale where the floor lies level; a slope does not move it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.height_scale import HELD_S, HeightScale
from tips_ros.perception.ground.candidates import Up, floor_candidates
from tips_ros.perception.ground.cells import divide
from tips_ros.perception.ground.fit.floor_fit import fit_floor
from tips_ros.perception.ground.fit.plane_fit import FloorFit
from tips_ros.perception.ground.plane import Plane

from ..ground.floor_scene import CLASSES, FloorScene

FOCAL = DepthScale(0.9, "focal")
LEVEL = Up((0.0, -1.0, 0.0), 1.0, "tf")


def floor(height_m: float = 0.5, tilt_deg: float = 0.0, **changed: float) -> FloorFit:
    up = (0.0, -math.cos(math.radians(tilt_deg)), math.sin(math.radians(tilt_deg)))
    return replace(FloorFit(Plane(up, height_m), 0.5, 0.02, 0.03, 900, 1000), **changed)


def after(frames: list, scale: HeightScale | None = None, start_s: float = 0.0):
    """The scale after these floors, each 0.25 s after the one before; strings are misses."""
    scale = scale or HeightScale()
    for number, seen in enumerate(frames):
        at_s = start_s + 0.25 * number
        if not scale.is_due(at_s):
            continue
        if isinstance(seen, str):
            scale.record_miss(at_s, seen)
        else:
            scale.add(at_s, seen, LEVEL, 0.75, FOCAL)
        live = scale.scale(at_s, FOCAL)
    return scale, live


def test_the_floor_tells_the_scale_after_some_looks():
    _, live = after([floor()] * 4)
    assert live.source == "focal" and live.factor == 0.9
    _, live = after([floor()] * 5)
    assert live.source == "ground" and live.factor == pytest.approx(0.9 * 1.5)
    assert (live.samples, live.inliers, live.spread, live.note) == (1000, 900, 0.0, "")


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_rendered_floor_gives_the_known_factor(noise):
    """A network that says everything 1.6 times too far."""
    scene, scale = FloorScene(0.5, -15), HeightScale()
    up = Up(scene.plane.up, 1.0, "imu")
    for number in range(6):
        frame = scene.frame(noise=noise, seed=number)
        cells = divide(replace(frame, depth_m=1.6 * frame.depth_m))
        unsure = Up(up.vector)
        found = floor_candidates(cells, CLASSES.floor, unsure, 6.0)
        fit = fit_floor(found, unsure, cells)
        assert isinstance(fit, FloorFit)
        scale.add(float(number), fit, up, 0.5, DepthScale(1.0, "model"))
    live = scale.scale(5.0, FOCAL)
    assert live.source == "ground" and live.factor == pytest.approx(1 / 1.6, rel=0.02)


def test_a_slope_in_view_does_not_move_it_and_is_said():
    scale, before = after([floor()] * 10)
    _, live = after([floor(0.8, tilt_deg=6.0)] * 12, scale, 2.5)
    assert live.factor == before.factor
    assert "held, as the floor is tilted by 6.0 degrees against what tf calls level" in live.note


def test_a_slope_from_the_first_frame_on_leaves_the_other_scale():
    _, live = after([floor(tilt_deg=5.0)] * 20)
    assert live.source == "focal" and "tilted" in live.note


def test_a_lost_floor_holds_the_scale_and_then_drops_it_with_a_word():
    scale, _ = after([floor()] * 10)
    lost = ["too little floor in view"] * round(4 * HELD_S)
    _, live = after(lost[:4], scale, 2.5)
    assert live.source == "ground" and live.note == ""  # a moment
    _, live = after(lost[4:-4], scale, 3.5)
    assert live.source == "ground" and live.note == "held, as too little floor in view"
    _, live = after(lost[-4:] + lost[:6], scale, 2.5 + HELD_S)
    assert live.source == "focal" and live.note.startswith("no floor could be trusted for 30 s: ")
    _, live = after([floor()] * 5, scale, 40.0)
    assert live.source == "ground" and live.note == ""


def test_it_follows_slowly():
    scale, before = after([floor(0.5)] * 40)
    _, live = after([floor(0.6)] * 10, scale, 10.0)
    assert live.factor == before.factor
    _, live = after([floor(0.6)] * 20, scale, 12.5)
    assert live.factor == pytest.approx(0.9 * 0.75 / 0.6)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"residual": 0.2}, "too unevenly"),
        ({"height_stddev": 0.2}, "too unevenly"),
        ({"inliers": 300}, "only 300 of 1000"),
        ({"height_m": 0.1}, "check ground.camera_height_m"),
        ({"height_m": 4.0}, "check ground.camera_height_m"),
    ],
    ids=str,
)
def test_a_floor_that_is_not_seen_well_has_no_say(changed, word):
    _, live = after([floor(**changed)] * 10)
    assert live.source == "focal" and word in live.note


def test_frames_that_follow_closely_are_looked_at_now_and_then():
    scale, looks = HeightScale(), 0
    for number in range(60):
        if scale.is_due(number / 30):
            looks += 1
            scale.add(number / 30, floor(), LEVEL, 0.75, FOCAL)
    assert looks <= 10


def test_time_that_jumps_back_begins_anew():
    scale, _ = after([floor()] * 10, start_s=100.0)
    assert scale.is_due(1.0) and scale.scale(1.0, FOCAL).source == "focal"
