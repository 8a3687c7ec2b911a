# SPDX-License-Identifier: Apache-2.0
"""Somebody who steps in is seen at once, and what was hidden is there again behind them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.temporal.steady_depth import SteadyDepth

from .wall_scene import SIZE, depth, frame, passing, picture


def test_a_person_who_steps_in_is_where_the_frame_says():
    steady = SteadyDepth("full")
    for i in range(8):
        steady.update(frame(i, depth()), picture())
    raw, seen = depth(), picture()
    raw[60:200, 120:180], seen[60:200, 120:180] = 1.0, (250, 20, 20)
    held = steady.update(frame(8, raw), seen).frame.depth_m
    np.testing.assert_allclose(held[80:180, 130:170], 1.0, rtol=0.05)
    gone = steady.update(frame(9, depth()), picture()).frame.depth_m
    np.testing.assert_allclose(gone[80:180, 130:170], depth()[80:180, 130:170], rtol=0.05)


@pytest.mark.parametrize("beside", [0.85, 0.9, 1.2])
def test_what_somebody_passes_by_stays_and_is_there_again_behind_them(beside: float):
    """It flickers by half at most, and next to nowhere is further off than the network ever was."""
    steady, changes, before = SteadyDepth("full"), [], None
    for seen, raw, who in passing(30, beside):
        held = steady.update(frame(len(changes), raw, np.eye(4)), seen).frame.depth_m
        inside = cv2.erode(who.view(np.uint8), np.ones((13, 13), np.uint8)) > 0
        np.testing.assert_allclose(held[inside], 1.2, rtol=0.02)
        free = cv2.dilate(who.view(np.uint8), np.ones((13, 13), np.uint8)) == 0
        off = np.abs(np.log(held / depth()))[free]
        assert np.quantile(off, 0.95) < abs(np.log(beside)) + 0.02
        if before is not None:
            both = free & before[2]
            changes.append([
                np.abs(np.log(now[both] / then[both])).mean()
                for now, then in zip((held, raw), before, strict=False)
            ])
        else:
            changes.append([0.0, 0.0])
        before = held, raw, free
    held_changes, raw_changes = np.sum(changes, axis=0)
    assert held_changes < 0.5 * raw_changes


@pytest.mark.parametrize("m_per_s", [0.2, 0.5, 1.0, -0.5])
def test_a_plain_thing_that_comes_nearer_is_followed_though_the_picture_stays(m_per_s: float):
    """Its colour is all that the picture shows of it, and that does not change."""
    steady = SteadyDepth("full")
    for i in range(25):
        raw, seen = depth(), picture()
        raw[60:200, 100:220] = true = 2.5 - 0.1 * m_per_s * max(0, i - 8)
        seen[50:210, 90:230] = (200, 190, 180)
        if true < 0.4:
            break
        given = replace(frame(i, raw, np.eye(4)), stddev_m=raw * np.float32(0.05))
        held = steady.update(given, seen).frame
        inside = slice(70, 190), slice(110, 210)
        assert abs(np.log(np.median(held.depth_m[inside]) / true)) < 0.38, i
        # The deviation says so.
        assert (np.abs(held.depth_m - true) < 2.0 * held.stddev_m)[inside].mean() > 0.99, i


def test_what_appears_in_the_colour_of_what_is_behind_it_is_seen_at_once_if_far_in_front():
    steady, seen = SteadyDepth("full"), picture()
    seen[50:210, 90:230] = (200, 190, 180)
    for i in range(10):
        raw = depth()
        if i >= 8:
            raw[60:200, 100:220] *= 0.5
        held = steady.update(frame(i, raw, np.eye(4)), seen).frame.depth_m
    np.testing.assert_allclose(held[70:190, 110:210], raw[70:190, 110:210], rtol=0.02)


def test_a_door_that_was_opened_behind_somebody_is_open_when_they_have_passed():
    steady = SteadyDepth("full")
    for i, (seen, raw, who) in enumerate(passing(30, 1.0)):
        if i >= 12:
            open_door = np.zeros(SIZE, np.bool_)
            open_door[60:200, 60:100] = True
            raw[open_door & ~who] = 8.0
            seen[open_door & ~who] = 20
        held = steady.update(frame(i, raw, np.eye(4)), seen).frame.depth_m
    np.testing.assert_allclose(held[70:190, 70:90], 8.0, rtol=0.05)


@pytest.mark.parametrize("darker_by", [0, 2, -2])
def test_what_was_hidden_is_known_again_in_another_exposure(darker_by: int):
    steady, known, uncovered = SteadyDepth("full"), 0, 0
    hidden = np.zeros((120, 160), np.bool_)
    for i, (seen, raw, who) in enumerate(passing(26, 1.0)):
        exposed = np.clip(seen.astype(np.int16) - darker_by * max(0, i - 5), 0, 255)
        done = steady.update(frame(i, raw, np.eye(4)), exposed.astype(np.uint8))
        now = cv2.dilate(who.view(np.uint8), np.ones((5, 5), np.uint8))[::2, ::2] > 0
        if done.again is not None:
            uncovered += np.count_nonzero(hidden & ~now)
            known += np.count_nonzero(done.again & hidden & ~now)
        hidden = now
    assert uncovered > 1000 and known > 0.7 * uncovered
