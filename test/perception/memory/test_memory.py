# SPDX-License-Identifier: Apache-2.0
"""Things are remembered where they are, fade where they are gone, and stay where nobody looks."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.memory.memory import OtherFrame

from ..ground.floor_scene import BOX, Box
from ..objects.scenes import CLASSES, seen
from .watch import LEFT, RIGHT, Watch, off_m, shifted


def test_a_thing_is_remembered_with_its_place_size_and_name():
    watch = Watch()
    watch(LEFT, RIGHT, frames=4, noise=0.02)
    (box,), (lamp,) = watch.named("box"), watch.named("lamp")
    assert off_m(box, LEFT) < 0.12 and off_m(lamp, RIGHT) < 0.12
    assert box.size_m.max() == pytest.approx(0.4, abs=0.1)
    assert (box.hits, box.first_seen_ns, box.last_seen_ns) == (3, 2 * 10**9, 4 * 10**9)
    assert np.linalg.eigvalsh(box.covariance_m2).min() > 0
    assert watch.memory.frame_id == "map"


@pytest.mark.slow
def test_many_looks_make_a_place_surer_and_never_sure():
    watch = Watch()
    first = np.trace(watch(LEFT, frames=2, noise=0.03)[0].covariance_m2)
    later = np.trace(watch(LEFT, frames=20, noise=0.03)[0].covariance_m2)
    assert 0.01 * first < later < 0.5 * first


@pytest.mark.slow
def test_what_is_out_of_view_stays_as_it_was():
    watch = Watch()
    (before,) = watch(LEFT)
    place = before.centre_m.copy()
    (one,) = watch(LEFT, frames=30, yaw_deg=180)
    assert one is before and np.array_equal(one.centre_m, place) and one.presence == 2


@pytest.mark.slow
def test_what_is_hidden_stays_as_it_was():
    watch = Watch()
    watch(LEFT)
    screen = Box((1.0, -0.5, 0), (1.1, 0.8, 1.2), RIGHT.label)
    watch(LEFT, screen, frames=12)
    assert len(watch.named("box")) == 1


def test_what_was_taken_away_is_gone_after_some_looks_at_its_place(caplog):
    caplog.set_level(logging.INFO)
    watch = Watch()
    watch(LEFT, RIGHT, frames=5)
    (box,) = watch.named("box")
    watch(RIGHT, frames=1)
    assert len(watch.named("box")) == 1, "one frame without it is not the end of it"
    watch(RIGHT, frames=5)
    assert not watch.named("box") and len(watch.named("lamp")) == 1
    assert watch.memory.counts.gone == 1
    assert f"no longer where it was: box {box.number}\n" in caplog.text


def test_a_place_whose_depth_nobody_knows_is_not_empty():
    watch = Watch()
    watch(LEFT, frames=4)
    for _ in range(10):
        watch.now_s += 1
        frame = seen([], stamp_s=watch.now_s)
        watch.take(replace(frame, depth_m=np.full_like(frame.depth_m, np.nan)))
    assert len(watch.memory.things) == 1


def test_a_thing_that_was_moved_is_where_it_is_now():
    watch = Watch()
    watch(LEFT, frames=5)
    moved = shifted(LEFT, x=0.6, y=-0.9)
    watch(moved, frames=8)
    (one,) = watch.memory.things
    assert off_m(one, moved) < 0.15


def test_the_same_thing_after_a_turn_is_the_same():
    watch = Watch()
    watch(LEFT)
    watch(LEFT, frames=10, yaw_deg=180)
    (one,) = watch(LEFT, frames=4, at=(0.4, 0.1))
    assert (one.number, one.hits) == (1, 6)


def test_two_of_a_kind_side_by_side_are_two():
    watch = Watch()
    watch(LEFT, shifted(LEFT, y=-0.5), frames=6, noise=0.02)
    assert len(watch.named("box")) == 2


@pytest.mark.slow
def test_a_thing_that_a_post_cuts_in_two_is_one():
    table = Box((2.0, -0.8, 0), (2.5, 0.8, 0.6))
    watch = Watch()
    watch(table, frames=4)
    post = Box((1.2, -0.1, 0), (1.3, 0.1, 1.5), RIGHT.label)
    watch(table, post, frames=6)
    assert len(watch.named("box")) == 1


def test_what_is_beyond_the_trusted_range_does_not_enter():
    far = Box((4.2, -0.5, 0), (4.6, 0.5, 0.9))
    assert Watch(max_range_m=4.0)(far, frames=4) == []
    assert len(Watch(max_range_m=6.0)(far, frames=4)) == 1


def test_a_label_that_flickers_makes_no_second_thing():
    watch = Watch()
    for number in range(8):
        label = BOX if number % 3 else RIGHT.label
        watch.now_s += 1
        frame = seen([Box(LEFT.low, LEFT.high, label)], stamp_s=watch.now_s)
        watch.take(replace(frame, value_features=None))
    (one,) = watch.memory.things
    assert one.name == "box"


@pytest.mark.slow
def test_a_jump_of_the_frame_moves_nothing_until_it_is_seen_again(caplog):
    caplog.set_level(logging.INFO)
    watch = Watch()
    watch(LEFT, RIGHT, frames=5)
    (box,) = watch.named("box")
    place, spread = box.centre_m.copy(), np.trace(box.covariance_m2)
    watch(frames=3, yaw_deg=180, jump_m=0.4)
    assert np.array_equal(box.centre_m, place)
    assert np.trace(box.covariance_m2) > spread + 0.4**2
    assert "map jumped by 0.40 m" in caplog.text and watch.memory.counts.jumps == 1
    watch(LEFT, RIGHT, frames=8, jump_m=0.4)
    (box,) = watch.named("box")
    assert box.number <= 2 and off_m(box, shifted(LEFT, x=0.4)) < 0.2


def test_a_jump_back_makes_a_place_as_sure_as_it_was():
    watch = Watch()
    (box,) = watch(LEFT, frames=5)
    spread = np.trace(box.covariance_m2)
    for jump_m in (0.4, 0.7, 0.0):
        watch(frames=2, yaw_deg=180, jump_m=jump_m)
        assert np.trace(box.covariance_m2) == pytest.approx(spread + 3 * jump_m**2)
    assert watch.memory.counts.jumps == 3


def test_without_poses_nothing_is_remembered():
    watch = Watch()
    watch(LEFT, frames=3, posed=False)
    assert watch.memory.things == [] and watch.memory.frame_id == ""


def test_a_pose_in_another_frame_is_refused():
    watch = Watch()
    watch(LEFT)
    frame = seen([LEFT], stamp_s=10.0, world_id="odom")
    with pytest.raises(OtherFrame, match="the memory is in map and the camera's pose in odom"):
        watch.memory.see(watch.objects.look(frame, CLASSES), frame)


@pytest.mark.slow
def test_frames_too_like_the_last_one_are_not_counted():
    watch = Watch()
    (one,) = watch(LEFT, frames=21, passed_s=0.1)
    assert one.hits <= 5
    before = watch.memory.counts.key_frames
    watch(LEFT, frames=1, passed_s=0.1, at=(0.2, 0.0))
    assert watch.memory.counts.key_frames == before + 1, "the camera has moved"


def test_all_moves_with_its_frame_when_that_gets_another_name():
    watch = Watch()
    (one,) = watch(LEFT, frames=4)
    before, way = one.centre_m, watch.memory.way_m[0]
    turn = np.eye(4)
    turn[:2, :2], turn[:3, 3] = [[0, -1], [1, 0]], (3, 4, 0)
    watch.memory.move(turn, "world")
    assert watch.memory.frame_id == "world"
    assert one.centre_m == pytest.approx((3 - before[1], 4 + before[0], before[2]))
    assert watch.memory.way_m[0] == pytest.approx((3 - way[1], 4 + way[0], way[2]))


@pytest.mark.slow
def test_it_says_what_it_forgets_where_there_is_no_room(caplog):
    watch = Watch(max_objects=2)
    boxes = [shifted(LEFT, y=-0.45 * n) for n in range(3)]
    for box in boxes:
        watch(box, frames=3, passed_s=0.6)
        watch(frames=1, yaw_deg=180)
    assert len(watch.memory.things) <= 2
    watch = Watch(max_mb=0.005)
    watch(*boxes, frames=4)
    assert len(watch.memory.things) == 2 and watch.memory.nbytes <= 5000
    assert "forgot box" in caplog.text and "0.005 MB" in caplog.text


def test_numbers_are_not_given_twice_after_it_was_cleared():
    watch = Watch()
    watch(LEFT, RIGHT)
    watch.memory.clear()
    assert watch.memory.things == [] and watch.memory.frame_id == ""
    assert {one.number for one in watch(LEFT, RIGHT)} == {3, 4}


@pytest.mark.slow
def test_the_camera_s_way_is_kept_and_bounded(monkeypatch):
    monkeypatch.setattr("tips_ros.perception.memory.memory._MOST_STEPS", 16)
    watch = Watch()
    for step in range(60):
        watch(frames=1, at=(0.02 * step, 0.0), yaw_deg=180)
    way = np.array(watch.memory.way_m)
    assert 8 <= len(way) <= 17
    assert way[0, 0] < 0.05 and way[-1, 0] > 1.0, "from the beginning to the end"
