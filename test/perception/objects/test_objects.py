# SPDX-License-Identifier: Apache-2.0
"""Things keep their ids while camera and things move, and no id is given twice."""

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.objects import tracker
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.objects.tracker import IdCounter
from tips_ros.perception.posed_frame import PosedFrame

from ..ground.floor_scene import BOX, LAMP, Box
from .scenes import CLASSES, seen

LEFT = Box((1.8, 0.3, 0), (2.0, 0.6, 0.4))
RIGHT = Box((1.8, -0.5, 0), (2.0, -0.2, 0.4))
SETTINGS = ObjectSettings(birth_hits=2, max_unseen_s=1.0)


class Watch:
    """Frames, a tenth of a second apart."""

    def __init__(self, **settings):
        self.objects = Objects()
        self.settings = SETTINGS._replace(**settings)
        self.now_s = 0.0

    def __call__(self, boxes, frames=1, passed_s=0.1, change=lambda frame: frame, **view):
        for _ in range(frames):
            self.now_s += passed_s
            frame = change(seen(boxes, stamp_s=self.now_s, **view))
            self.view = self.objects.look(frame, CLASSES, settings=self.settings)
        return [one.id for one in self.view.objects]

    def id_at(self, left: bool) -> int:
        (one,) = (o for o in self.view.objects if (o.shown.region.centroid_m[0] < 0) == left)
        return one.id


def test_a_thing_has_an_id_once_it_was_seen_often_enough():
    watch = Watch(birth_hits=3)
    assert watch([LEFT]) == [] and watch([LEFT]) == [] and watch([LEFT]) == [1]
    assert watch([LEFT, RIGHT], 3) == [1, 2]
    assert watch.view.objects[0].hits == 6


@pytest.mark.slow
@pytest.mark.parametrize("posed", [True, False], ids=["with poses", "without"])
def test_ids_stay_while_the_camera_passes(posed):
    watch = Watch()
    watch([LEFT, RIGHT], 3, posed=posed)
    left = watch.id_at(left=True)
    for step in range(12):
        at = (0.04 * step, 0.02 * step)
        assert sorted(watch([LEFT, RIGHT], at=at, noise=0.02, posed=posed)) == [1, 2]
        assert watch.id_at(left=True) == left


@pytest.mark.parametrize("missing", ["depth_m", "lens", "value_features"])
def test_ids_stay_without_some_of_what_there_may_be(missing):
    watch = Watch()
    for _ in range(5):
        ids = watch([LEFT, RIGHT], posed=False, change=lambda f: replace(f, **{missing: None}))
    assert sorted(ids) == [1, 2]


@pytest.mark.slow
def test_two_alike_side_by_side_do_not_swap_when_they_jump_by_their_own_width():
    watch = Watch()
    pair = [Box((1.8, y, 0), (2.0, y + 0.15, 0.4)) for y in (0.0, 0.25)]
    watch(pair, 4)
    first = {o.id: o.shown.region.centroid_m[0] for o in watch.view.objects}
    for step in range(1, 8):
        y = 0.02 * step
        moved = [Box((1.8, left + y, 0), (2.0, left + y + 0.15, 0.4)) for left in (0.0, 0.25)]
        assert sorted(watch(moved)) == [1, 2]
    last = {o.id: o.shown.region.centroid_m[0] for o in watch.view.objects}
    assert (first[1] < first[2]) == (last[1] < last[2])


@pytest.mark.slow
def test_with_poses_a_thing_out_of_view_keeps_its_id_and_without_them_none_is_invented():
    watch = Watch()
    assert watch([LEFT], 3) == [1]
    assert watch([LEFT], 50, yaw_deg=180) == [], "five seconds looking away"
    assert watch([LEFT], 1) == [1]


@pytest.mark.slow
def test_poses_that_are_a_degree_off_swap_no_ids():
    watch = Watch()
    row = [Box((1.8, y, 0.3), (1.9, y + 0.05, 0.45)) for y in np.arange(-0.3, 0.3, 0.1)]
    watch(row, 3)
    before = [(one.id, one.shown.region.box_px.x) for one in watch.view.objects]
    assert len(before) == 6
    for step in range(8):
        angle = np.radians(2.5 if step % 2 else -2.5)
        off = np.eye(4)
        off[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        watch(row, change=lambda f, by=off: replace(f, world_from_camera=by @ f.world_from_camera))
        assert [(one.id, one.shown.region.box_px.x) for one in watch.view.objects] == before


def test_what_is_gone_is_forgotten_and_its_id_is_never_given_again():
    watch = Watch()
    assert watch([LEFT], 3) == [1]
    assert watch([], 15) == [], "where it was, the wall is seen"
    assert watch([LEFT], 3) == [2]


@pytest.mark.slow
def test_what_is_hidden_is_not_gone():
    watch = Watch()
    screen = Box((1.0, -2, 0), (1.05, 2, 1.5), LAMP)
    assert watch([LEFT], 3) == [1]
    for _ in range(20):
        watch([screen])
        assert "box" not in [one.class_name for one in watch.view.objects]
    assert 1 in watch([LEFT], 1)


def test_a_moment_of_another_class_changes_neither_id_nor_name():
    watch = Watch()
    watch([LEFT], 5)
    assert watch([replace(LEFT, label=LAMP)]) == [1]
    (one,) = watch.view.objects
    assert (one.class_name, one.class_id) == ("box", BOX) and one.shown.class_name == "lamp"


def test_a_time_that_jumps_back_begins_anew_with_new_ids():
    watch = Watch()
    watch([LEFT], 3)
    watch.now_s = 0.0
    assert watch([LEFT], 3) == [2]


def test_another_world_is_compared_by_what_the_camera_saw():
    watch = Watch()
    assert watch([LEFT], 3) == [1]
    assert watch([LEFT], 3, world_id="map") == [1]
    assert watch([LEFT], 3, posed=False) == [1]
    assert watch([LEFT], 3) == [1]


def test_other_classes_from_one_frame_to_the_next_keep_the_ids_of_what_stays():
    watch = Watch()
    watch([LEFT], 3)
    frame = seen([LEFT], stamp_s=watch.now_s + 0.1)
    others = ClassList(("wall", "floor", "crate"), (0, 3, BOX))
    view = watch.objects.look(frame, others, settings=SETTINGS)
    assert [(one.id, one.class_name) for one in view.objects] == [(1, "crate")]


def test_the_picture_of_ids_has_those_that_were_given():
    watch = Watch()
    watch([LEFT, RIGHT], 3)
    ids = watch.view.id_map()
    frame = seen([LEFT, RIGHT])
    assert set(np.unique(ids)) == {0, 1, 2}
    assert ((ids > 0) == (frame.labels == BOX)).mean() > 0.99


def test_an_id_has_low_bits_for_the_picture_however_long_the_run():
    ids = IdCounter()
    given = [ids.next() for _ in range(140_000)]
    assert len(set(given)) == 140_000 and all(one & 0xFFFF for one in given)


def test_without_patience_only_what_is_missing_in_view_is_forgotten():
    watch = Watch(max_unseen_s=0.0)
    assert watch([LEFT], 3) == [1]
    assert watch([LEFT], 5, yaw_deg=180) == []
    assert watch([LEFT]) == [1]
    watch([])
    assert watch([LEFT], 2) == [2]


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 200), (90, 20)])
@pytest.mark.parametrize("posed", [True, False], ids=["with poses", "without"])
def test_a_picture_of_any_shape_has_things(size, posed):
    height, width = size
    objects = Objects()
    for stamp_ns in (1, 2, 3):
        pose = np.eye(4)
        pose[0, 3] = 0.01 * stamp_ns
        frame = PosedFrame(
            stamp_ns,
            depth_m=np.full(size, 2.0, np.float32),
            labels=np.full(size, BOX, np.uint8),
            lens=Lens(Intrinsics(50.0, 50.0, width / 2, height / 2, width, height)),
            world_from_camera=pose if posed else None,
            world_id="odom",
        )
        rgb = np.zeros((height, width, 3), np.uint8)
        view = objects.look(frame, CLASSES, rgb=rgb, settings=SETTINGS)
    assert [one.id for one in view.objects] == [1]
    assert (view.id_map() == 1).all() and view.id_map().shape == size


def test_frames_without_any_thing_are_no_trouble():
    watch = Watch()
    assert watch([], 3) == [] and watch([LEFT], 2) == [1] and watch([], 2) == []
    assert (watch.view.id_map() == 0).all()


def test_a_picture_that_changes_its_size_keeps_the_ids():
    watch = Watch()
    watch([LEFT], 3, posed=False)
    half = seen([LEFT], stamp_s=watch.now_s + 0.1, posed=False)
    few = (slice(None, None, 2), slice(None, None, 2))
    half = replace(half, depth_m=half.depth_m[few], labels=half.labels[few],
                   lens=half.lens.strided(2))  # fmt: skip
    view = watch.objects.look(half, CLASSES, settings=SETTINGS)
    assert [one.id for one in view.objects] == [1]


@pytest.mark.slow
def test_many_things_cost_bounded_memory(monkeypatch):
    monkeypatch.setattr(tracker, "_MOST_TRACKS", 15)
    watch = Watch(birth_hits=1, max_unseen_s=100.0)
    row = [Box((1.5, y, 0), (1.6, y + 0.06, 0.3)) for y in np.arange(-0.8, 0.8, 0.12)]
    for step in range(4):
        there = np.eye(4)
        there[1, 3] = 10.0 * step  # the same row in another place
        watch(row, passed_s=6.0, change=lambda f, to=there: replace(
            f, world_from_camera=to @ f.world_from_camera))
    assert len(watch.objects._tracker._tracks) == 15, "most of them out of view"
