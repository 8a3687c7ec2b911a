# SPDX-License-Identifier: Apache-2.0
"""What flickers is held, what changes is not, and nothing is carried over."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.steady_depth import Mode, SteadyDepth

from .wall_scene import LENS, SIZE, change, depth, flickering, frame, moved, picture


@pytest.mark.parametrize(("mode", "at_most"), [("scale", 0.35), ("full", 0.3)])
def test_a_camera_that_stands_sees_a_scene_that_stands(mode: Mode, at_most: float):
    raw = list(flickering(20, 0.05, 0.0 if mode == "scale" else 0.01))
    steady = SteadyDepth(mode)
    frames = [frame(i, d, np.eye(4)) for i, d in enumerate(raw)]
    held = [steady.update(one, picture()).frame.depth_m for one in frames]
    assert change(held) < at_most * change(raw)


def test_without_poses_the_picture_tells_that_the_camera_stands():
    steady = SteadyDepth("full")
    kinds = [
        steady.update(frame(i, d), picture()).kind for i, d in enumerate(flickering(4, 0.02, 0.0))
    ]
    assert kinds == [None, "standing", "standing", "standing"]


def test_the_first_frame_is_as_it_is():
    raw = depth()
    steadied = SteadyDepth("full").update(frame(0, raw), picture())
    assert steadied.frame.depth_m is raw or np.array_equal(steadied.frame.depth_m, raw)
    assert steadied.reset == "first frame" and steadied.log_scale == 0.0


def test_after_a_cut_a_frame_is_as_if_nothing_had_been_before():
    for mode in ("scale", "full"):
        steady = SteadyDepth(mode)
        for i in range(5):
            steady.update(frame(i, depth(1)), picture(1))
        after = steady.update(frame(5, depth(2) * 1.1), picture(2))
        assert after.reset == "cut"
        np.testing.assert_array_equal(after.frame.depth_m, (depth(2) * 1.1).astype(np.float32))


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (frame(0, depth()), "time went back"),
        (frame(4, depth()), "same stamp"),
        (frame(40, depth()), "pause"),
        (replace(frame(5, depth()), lens=Lens(replace(LENS.intrinsics, fx=300.0))), "another lens"),
        (frame(5, depth()[:120]), "another lens"),
        (frame(5, depth() * 2.0), "another scale"),
    ],
)
def test_what_can_t_be_compared_begins_anew(later: PosedFrame, why: str):
    steady = SteadyDepth("full")
    for i in range(5):
        steady.update(frame(i, depth() * (1 + 0.01 * i)), picture())
    found = steady.update(later, picture())
    assert found.reset == why
    np.testing.assert_array_equal(found.frame.depth_m, later.depth_m)


def test_a_scale_that_changes_for_good_is_followed_soon():
    steady = SteadyDepth("full")
    for i in range(20):
        last = steady.update(frame(i, depth() * (1.0 if i < 5 else 1.2)), picture())
    assert np.median(last.frame.depth_m / depth()) == pytest.approx(1.2, rel=0.02)


@pytest.mark.slow
def test_it_never_drifts_away_from_what_the_network_says():
    steady = SteadyDepth("scale")
    for i, raw in enumerate(flickering(200, 0.03, 0.01)):
        held = steady.update(frame(i, raw), picture()).frame.depth_m
        assert abs(np.median(np.log(held / depth()))) < 0.08, i


def test_infinite_and_missing_depth_stay_what_they_are():
    raw = depth()
    raw[:40], raw[200:] = np.inf, np.nan
    steady = SteadyDepth("full")
    for i in range(4):
        held = steady.update(frame(i, raw), picture()).frame.depth_m
    assert np.isposinf(held[:30]).all() and np.isnan(held[210:]).all()
    assert np.isfinite(held[50:190]).all()


def test_nothing_to_see_is_no_error():
    steady = SteadyDepth("full")
    black, nothing = np.zeros((*SIZE, 3), np.uint8), np.full(SIZE, np.nan, np.float32)
    for i in range(3):
        held = steady.update(frame(i, nothing), black).frame.depth_m
        assert np.isnan(held).all()


def test_the_deviation_is_scaled_as_the_depth_is():
    steady = SteadyDepth("scale")
    steady.update(frame(0, depth()), picture())
    raw = depth() * np.float32(1.1)
    later = replace(frame(1, raw), stddev_m=raw * np.float32(0.1))
    held = steady.update(later, picture()).frame
    np.testing.assert_allclose(held.stddev_m / held.depth_m, 0.1, rtol=1e-5)


def test_where_the_past_is_not_held_against_a_frame_its_deviation_is_as_it_was():
    steady = SteadyDepth("full")
    for i, raw in enumerate(flickering(8, 0.05, 0.01)):
        given = replace(frame(i, raw, np.eye(4)), stddev_m=raw * np.float32(0.1))
        held = steady.update(given, picture()).frame
        told = held.stddev_m / held.depth_m
        assert np.median(told) == pytest.approx(0.1, rel=1e-4)
        assert (np.abs(told - 0.1) < 1e-4).mean() > 0.97


def test_the_picture_may_have_any_size():
    steady = SteadyDepth("full")
    for i in range(3):
        seen = cv2.resize(picture(), (640, 480))
        assert steady.update(frame(i, depth()), seen).frame.depth_m.shape == SIZE


def test_the_same_frames_give_the_same_numbers():
    runs = []
    for _ in range(2):
        steady = SteadyDepth("full")
        runs.append([
            steady.update(frame(i, d), moved(2 * i)).frame.depth_m
            for i, d in enumerate(flickering(6, 0.05, 0.01))
        ])
    np.testing.assert_array_equal(*runs)


def test_flicker_far_above_the_sensor_s_is_held_while_the_picture_stays():
    raw = list(flickering(20, 0.0, 0.05))
    steady = SteadyDepth("full")
    held = [steady.update(frame(i, d, np.eye(4)), picture()).frame.depth_m
            for i, d in enumerate(raw)]  # fmt: skip
    assert change(held) < 0.35 * change(raw)
