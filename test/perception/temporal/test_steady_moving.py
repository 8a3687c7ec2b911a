# SPDX-License-Identifier: Apache-2.0
"""A camera that moves is followed, and one that stands is left standing, with poses or without."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.temporal.steady_depth import Mode, SteadyDepth

from .wall_scene import SIZE, depth, flickering, frame, moved, picture


def walker(index: int) -> tuple[slice, slice]:
    """Somebody who takes a fifth of the picture and crosses it."""
    return slice(40, 240), slice(30 + 12 * index, 30 + 12 * index + 80)


def test_driving_on_by_poses_a_wall_comes_nearer_as_it_does():
    """2 cm a frame towards a wall: what is held is the wall, not its distance."""
    steady = SteadyDepth("full")
    for i in range(20):
        pose = np.eye(4)
        pose[2, 3] = 0.02 * i
        true = np.full(SIZE, 3.0 - 0.02 * i, np.float32)
        grown = cv2.getRotationMatrix2D((159.5, 119.5), 0, 3.0 / float(true[0, 0]))
        seen = cv2.warpAffine(picture(), grown, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        held = steady.update(frame(i, true, pose), seen)
    assert held.kind == "pose"
    assert np.median(held.frame.depth_m) == pytest.approx(3.0 - 0.02 * 19, rel=0.003)


def test_driving_on_without_poses_too():
    steady = SteadyDepth("full")
    for i in range(20):
        true = np.full(SIZE, 3.0 - 0.02 * i, np.float32)
        grown = cv2.getRotationMatrix2D((159.5, 119.5), 0, 3.0 / float(true[0, 0]))
        seen = cv2.warpAffine(picture(), grown, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        held = steady.update(frame(i, true), seen)
    assert held.kind in ("flow", "standing")
    assert np.median(held.frame.depth_m) == pytest.approx(3.0 - 0.02 * 19, rel=0.01)


def test_poses_in_different_worlds_are_none():
    steady = SteadyDepth("full")
    steady.update(frame(0, depth(), np.eye(4)), picture())
    far = np.eye(4)
    far[:3, 3] = 50.0
    other = replace(frame(1, depth(), far), world_id="map")
    assert steady.update(other, picture()).kind == "standing"


def test_somebody_who_walks_by_does_not_set_the_camera_going():
    """Without poses: most of the flow is nothing, some of it is not, and the camera stands."""
    steady, person = SteadyDepth("full"), cv2.resize(picture(9), (80, 200))
    rng = np.random.default_rng(5)
    kinds = []
    for i in range(10):
        seen, raw = picture().astype(np.int16), depth()
        seen[walker(i)], raw[walker(i)] = person, 1.2
        noisy = np.clip(seen + rng.normal(0, 2, seen.shape), 0, 255).astype(np.uint8)
        found = steady.update(frame(i, raw), noisy)
        kinds.append(found.kind)
        np.testing.assert_allclose(found.frame.depth_m[60:220, 50 + 12 * i : 80 + 12 * i], 1.2, 0.1)
    assert kinds[1:].count("standing") >= 8


def test_both_modes_take_the_same_factor_from_a_frame():
    scale, full = SteadyDepth("scale"), SteadyDepth("full")
    for i, raw in enumerate(flickering(8, 0.05, 0.02)):
        seen = moved(2 * i)
        one, other = (steady.update(frame(i, raw), seen) for steady in (scale, full))
        assert one.log_scale == other.log_scale and one.kind == other.kind
        np.testing.assert_allclose(
            one.frame.depth_m, raw * np.float32(np.exp(one.log_scale)), rtol=1e-6
        )


@pytest.mark.parametrize("mode", ["scale", "full"])
def test_a_camera_that_slides_along_a_wall_is_followed_through_its_plain_parts(mode: Mode):
    """Half of the wall has nothing to see: flow says nothing there, the camera's motion does."""
    steady, wall = SteadyDepth(mode), picture()
    wall[:, 100:220] = 128
    for i in range(6):
        shift = np.array([[1, 0, 3.0 * i], [0, 1, 0]], np.float32)
        seen = cv2.warpAffine(wall, shift, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        found = steady.update(frame(i, np.full(SIZE, 2.0 * 1.03**i)), seen)
    assert found.kind == "flow" and found.warp is not None and found.warp.x is not None
    columns = np.arange(found.warp.x.shape[1], dtype=np.float32)
    off = (found.warp.x - columns)[20:100, 55:105] * 320 / found.warp.x.shape[1]
    np.testing.assert_allclose(off, -3.0, atol=0.6)


def test_a_large_close_person_does_not_set_the_camera_going():
    steady, person = SteadyDepth("full"), cv2.resize(picture(9), (84, 230))
    kinds = []
    for i in range(8):
        seen, raw = picture(), depth()
        place = slice(10, 240), slice(10 + 18 * i, 94 + 18 * i)
        seen[place], raw[place] = person, 0.9
        kinds.append(steady.update(frame(i, raw), seen).kind)
    assert kinds[1:].count("standing") >= 6


@pytest.mark.parametrize("walks_px", [0, 10, -12])
def test_the_way_ahead_is_all_seen_without_poses_whoever_walks_by(walks_px: int):
    """Towards a wall that is plain in its middle: too short a step would leave it too far."""
    steady, wall, person = SteadyDepth("scale"), picture(), cv2.resize(picture(9), (36, 120))
    wall[:, 100:220] = 128
    for i in range(12):
        nearer = 3.0 - 0.04 * i
        grown = cv2.getRotationMatrix2D((159.5, 119.5), 0, 3.0 / nearer)
        seen = cv2.warpAffine(wall, grown, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        raw = np.full(SIZE, nearer, np.float32)
        if walks_px and i >= 4:
            left = (20 if walks_px > 0 else 240) + walks_px * (i - 4)
            place = slice(100, 220), slice(left, left + 36)
            seen[place], raw[place] = person, 1.5
        found = steady.update(frame(i, raw), seen)
        if i:
            assert found.warp is not None and found.kind == "flow", i
            true = np.log((nearer + 0.04) / nearer)
            assert np.nanmedian(found.warp.log_ratio) == pytest.approx(true, rel=0.35), i
            assert abs(found.log_scale) < 0.01, i
