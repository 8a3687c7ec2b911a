# SPDX-License-Identifier: Apache-2.0
"""A box goes out to where its thing is seen, and comes back where what lay between is empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.memory.faces import Faces, FaceView, follow, reach
from tips_ros.perception.memory.memory_file import load, save
from tips_ros.perception.memory.remembered import Remembered

from ..ground.floor_scene import LAMP, Box
from ..objects.scenes import seen
from .test_memory_file import SAME
from .watch import LEFT, Watch

DEEP = 0.2  # of LEFT, along the camera's axis


def inflated(one: Remembered, by_m: float) -> Remembered:
    """The same as if a wrong view had made its box too large on all sides."""
    one.low_m, one.high_m = one.low_m - by_m, one.high_m + by_m
    return one


def across_m(one: Remembered) -> np.ndarray:
    """Ends of its box over the world's y, x and z: (3, 2)."""
    steps = np.stack(np.meshgrid(*3 * [[-0.5, 0.5]], indexing="ij"), -1).reshape(-1, 3)
    corners = one.centre_m + (steps * one.size_m) @ one.rotation.T
    return np.stack([corners.min(axis=0), corners.max(axis=0)], -1)[[1, 0, 2]]


@pytest.mark.slow
def test_it_shrinks_after_a_view_that_was_too_large():
    watch = Watch()
    (one,) = watch(LEFT)
    inflated(one, 0.4)
    watch(LEFT, frames=16)
    (left, right), (near, _), (_, top) = across_m(one)
    assert (left, right) == pytest.approx((0.3, 0.6), abs=0.2), "0.4 m too far at first"
    assert near == pytest.approx(1.8, abs=0.25) and top == pytest.approx(0.4, abs=0.2)


@pytest.mark.slow
def test_its_far_side_stays_where_nobody_has_looked_from_there():
    tall = Box((1.8, 0.3, 0), (2.0, 0.6, 1.5))
    watch = Watch()
    (one,) = watch(tall)
    inflated(one, 0.2)
    far = across_m(one)[1, 1]
    watch(tall, frames=12)
    assert across_m(one)[1, 1] == pytest.approx(far, abs=0.05), "the thing itself hides it"


@pytest.mark.slow
def test_a_view_that_the_border_cuts_takes_nothing_of_what_is_beyond():
    wide = Box((1.8, -0.5, 0), (2.0, 0.5, 0.4))
    watch = Watch()
    (one,) = watch(wide, frames=8)
    (before, _), _, _ = across_m(one)
    watch(wide, frames=8, at=(0.9, 0.7))
    (after, end), _, _ = across_m(one)
    assert one.hits > 12, "it is the same one, and seen"
    assert after == pytest.approx(before, abs=0.06) and end == pytest.approx(0.5, abs=0.06)


@pytest.mark.slow
def test_what_something_in_front_hides_is_kept():
    wide = Box((1.8, -0.5, 0), (2.0, 0.5, 0.4))
    screen = Box((1.2, -0.5, 0), (1.25, 0.02, 0.8), LAMP)
    watch = Watch()
    (one,) = watch(wide, frames=8)
    (before, _), _, _ = across_m(one)
    watch(wide, screen, frames=10)
    (after, _), _, _ = across_m(one)
    assert one.hits > 12 and after == pytest.approx(before, abs=0.06)


@pytest.mark.slow
def test_it_grows_to_what_a_better_view_shows():
    wide = Box((1.8, -0.5, 0), (2.0, 0.5, 0.4))
    screen = Box((1.2, -0.5, 0), (1.25, 0.02, 0.8), LAMP)
    watch = Watch()
    watch(wide, screen, frames=6)
    watch(wide, frames=8)
    (one,) = watch.named("box")
    assert tuple(across_m(one)[0]) == pytest.approx((-0.5, 0.5), abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.05])
def test_noise_of_depth_does_not_make_it_larger_and_larger(noise):
    watch = Watch()
    watch(LEFT, frames=60, noise=noise)
    (one,) = watch.named("box")
    (left, right), (near, far), (_, top) = across_m(one)
    assert right - left < 0.45 and top < 0.5
    assert far - near < DEEP + 0.1 + 6 * noise, "not by sixty times its noise"


def test_a_box_stays_finite_and_whole_whatever_is_seen():
    rng = np.random.default_rng(0)
    faces = Faces(np.zeros(3), np.full(3, 0.3))
    lowest, highest = faces.low_m.copy(), faces.high_m.copy()
    for hits in range(300):
        low = rng.normal(0, 1, 3)
        seen = Faces(low, low + rng.exponential(0.2, 3))
        lowest, highest = np.minimum(lowest, seen.low_m), np.maximum(highest, seen.high_m)
        view = FaceView(seen, rng.exponential(0.1, 3), rng.random(3), rng.random(3))
        faces = follow(faces, view, rng.random(), hits)
        assert (faces.low_m <= faces.high_m).all()
        assert (faces.low_m >= lowest).all() and (faces.high_m <= highest).all()


def test_other_axes_make_no_box_larger_than_it_is():
    faces, axes = Faces(np.array([-0.5, -0.1, 0.0]), np.array([0.5, 0.1, 1.0])), np.eye(3)
    for step in range(1, 40):
        angle = 0.37 * step
        turned = np.array([
            [np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0],
        ])  # fmt: skip
        faces, axes = faces.turn(axes, turned), turned
        assert (faces.high_m - faces.low_m).max() <= 1.0 + 1e-9


def test_a_point_that_flew_off_does_not_count():
    points = np.random.default_rng(1).uniform(0, 1, (500, 3))
    points[7] = 30.0
    ends = reach(points, np.eye(3), np.array([1.0, 0, 0]), 0.01)
    assert ends.low_m == pytest.approx(np.zeros(3), abs=0.05)
    assert ends.high_m == pytest.approx(np.ones(3), abs=0.05)


@pytest.mark.slow
def test_after_a_file_was_read_it_goes_on_to_the_bit(tmp_path):
    watches = [Watch(), Watch()]
    for watch in watches:
        inflated(watch(LEFT, frames=4, noise=0.02)[0], 0.4)
    save(tmp_path / "a.npz", watches[1].memory, SAME)
    kept = watches[1].memory
    watches[1].memory = load(tmp_path / "a.npz").memory
    watches[1].memory._key_frames, watches[1].memory._track_of = kept._key_frames, kept._track_of
    a, b = (watch(LEFT, frames=5, noise=0.02)[0] for watch in watches)
    assert a.low_m.tobytes() == b.low_m.tobytes() and a.high_m.tobytes() == b.high_m.tobytes()


def test_depth_that_nobody_knows_moves_no_face():
    watch = Watch()
    (one,) = watch(LEFT)
    inflated(one, 0.3)
    ends = across_m(one)
    watch.now_s += 1
    unknown = np.full((240, 320), np.nan, np.float32)
    watch.take(replace(seen([LEFT], stamp_s=watch.now_s), depth_m=unknown))
    assert np.array_equal(across_m(one), ends)
