# SPDX-License-Identifier: Apache-2.0
"""Things that depth can't miss are missed by their names, where their places are in full view."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tips_ros.perception.classes.class_list import ClassList

from ...ground.floor_scene import BOX, FLOOR, LAMP, WALL, Box
from ...objects import scenes
from ...objects.scenes import CLASSES, seen
from ..watch import SETTINGS, Watch, shifted

PICTURE = Box((2.97, -0.3, 0.4), (2.98, 0.3, 0.9), LAMP)


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr(scenes, "SIZE", (120, 160))


def drive(watch: Watch, *boxes: Box, frames: int = 12, step_m: float = 0.12, **view) -> None:
    """Looks at the wall, a step aside for each frame, to and fro."""
    for index in range(frames):
        aside = step_m * (index % 4 - 1.5)
        watch(*boxes, frames=1, at=(0.0, aside), wall_m=3.0, noise=0.03, **view)


@pytest.mark.slow
def test_a_picture_that_was_taken_from_the_wall_is_gone():
    watch = Watch()
    drive(watch, PICTURE)
    assert len(watch.named("lamp")) == 1
    drive(watch, frames=4)
    assert len(watch.named("lamp")) == 1, "a few looks without it are not the end of it"
    drive(watch, frames=12)
    assert not watch.named("lamp") and watch.memory.counts.gone == 1


def test_looking_on_from_one_place_tells_no_more():
    watch = Watch()
    drive(watch, PICTURE)
    drive(watch, frames=20, step_m=0.0)
    assert len(watch.named("lamp")) == 1


@pytest.mark.slow
def test_a_picture_behind_a_screen_stays():
    watch = Watch()
    drive(watch, PICTURE)
    drive(watch, Box((1.4, -0.9, 0), (1.5, 0.9, 1.2)), frames=20)
    assert len(watch.named("lamp")) == 1


def test_half_a_picture_in_view_is_not_missed():
    watch = Watch()
    drive(watch, PICTURE)
    for index in range(20):
        watch(frames=1, at=(0.0, 1.75 + 0.12 * (index % 2)), wall_m=3.0, noise=0.03)
    assert len(watch.named("lamp")) == 1


def test_nothing_is_missed_by_a_name_that_is_no_longer_looked_for():
    watch = Watch()
    drive(watch, PICTURE)
    others = ClassList(("wall", "floor", "box"), (WALL, FLOOR, BOX))
    for index in range(20):
        watch.now_s += 1
        frame = seen([], stamp_s=watch.now_s, at=(0.0, 0.12 * (index % 4)), wall_m=3.0)
        view = watch.objects.look(frame, others, settings=SETTINGS)
        watch.memory.see(view, replace(frame, world_id="map"), watch.settings)
    assert len(watch.named("lamp")) == 1


@pytest.mark.slow
def test_another_one_beside_it_is_not_taken_for_it():
    watch = Watch()
    beside = shifted(PICTURE, y=0.75)
    drive(watch, PICTURE, beside)
    assert len(watch.named("lamp")) == 2
    drive(watch, beside, frames=20)
    (one,) = watch.named("lamp")
    assert one.centre_m[1] == pytest.approx(0.75, abs=0.1)


def test_what_is_often_overlooked_is_not_missed_as_soon():
    def looks(overlooked: int) -> int:
        watch = Watch()
        drive(watch, PICTURE)
        (one,) = watch.named("lamp")
        one.overlooked, count = overlooked, 0
        while one.presence > 0:
            one.miss()
            count += 1
        return count

    assert 6 <= looks(0) < looks(10) < looks(100)


def test_what_is_seen_again_was_overlooked():
    watch = Watch()
    drive(watch, PICTURE)
    drive(watch, frames=4)
    (one,) = watch.named("lamp")
    assert one.overlooked == 0 and one.missed > 0
    missed = one.missed
    drive(watch, PICTURE, frames=4)
    assert (one.overlooked, one.missed) == (missed, 0)


def test_what_is_taken_away_while_its_place_is_unsure_is_gone():
    watch = Watch()
    box = Box((2.2, -0.2, 0), (2.5, 0.2, 0.4))
    drive(watch, box)
    drive(watch, frames=20, jump_m=0.3)
    assert not watch.named("box")


def test_classes_are_told_by_the_names_that_pixels_have_now():
    view = Watch().objects.look(seen([]), CLASSES)
    assert view.class_ids == {"wall": WALL, "floor": FLOOR, "box": BOX, "lamp": LAMP}
