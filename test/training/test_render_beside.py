# SPDX-License-Identifier: Apache-2.0
"""Rooms are rendered by processes beside a training, whatever becomes of one of them."""

from __future__ import annotations

import logging
import os
import pickle
import sys
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tips_ros.errors import UserError
from training import render_beside
from training.frames.frame_store import StoredFrame
from training.render_beside import Render, RoomsBeside, _Worker
from training.scenes.seeds import HELD_OUT

sys.path.append(str(Path(__file__).parent))  # which the processes get too
import quick_rooms  # noqa: E402

from .casts_rays import casts_rays  # noqa: E402

pytestmark = casts_rays
VIEWS = quick_rooms.VIEWS


@contextmanager
def _rendered(
    first: int, processes: int, render: Render | None, views: int = VIEWS
) -> Iterator[RoomsBeside]:
    """Rooms from the first on, until the end of the block."""
    rooms = RoomsBeside(first, processes, views, render)
    try:
        yield rooms
    finally:
        rooms.stop()


def _taken(
    rooms: RoomsBeside, count: int = 0, those: Set[int] = frozenset()
) -> list[StoredFrame]:
    """Takes rooms until there are so many, and these: which process is the first is not known."""
    deadline = time.monotonic() + 120
    found: list[StoredFrame] = []
    while len(found) < count or not those <= set(_numbers(found)):
        assert time.monotonic() < deadline
        found += rooms.take(0.5)
    return found


def _numbers(found: list[StoredFrame]) -> list[int]:
    return [int(frames.focal_ratio[0]) for frames in found]


def test_every_room_comes_once_and_whole():
    with _rendered(4, 2, quick_rooms.frames_of) as rooms:
        found = _taken(rooms, those=set(range(4, 10)))
    numbers = _numbers(found)
    assert len(set(numbers)) == len(numbers) and min(numbers) == 4
    for first in (4, 5):  # a process renders every second one
        of_one = [number for number in numbers if number % 2 == first % 2]
        assert of_one == list(range(first, of_one[-1] + 1, 2))
    for number, frames in zip(numbers, found, strict=True):
        assert (frames.rgb == number % 256).all() and frames.rgb.shape == (VIEWS, 224, 224, 3)


def test_a_room_that_cannot_be_rendered_is_left_out(caplog: pytest.LogCaptureFixture):
    with _rendered(0, 1, quick_rooms.odd_ones_fail) as rooms:
        assert _numbers(_taken(rooms, 3)) == [0, 2, 4]
    assert "room 1 can't be rendered and is left out: ValueError('no door in room 1')" in (
        caplog.text
    )


def test_a_process_that_is_killed_costs_one_room(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
    with _rendered(0, 2, quick_rooms.is_killed_at_the_fifth) as rooms:
        numbers = _numbers(_taken(rooms, those={1, 3, 4, 7, 9}))
    assert 5 not in numbers
    assert "room 5 ended" in caplog.text


def test_processes_that_always_end_are_not_started_for_ever():
    ended = pytest.raises(UserError, match="lives long enough")
    with _rendered(0, 1, quick_rooms.is_killed) as rooms, ended:
        _taken(rooms, 1)


def test_it_gives_up_where_no_room_can_be_rendered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(render_beside, "_FAILURES", 3)
    given_up = pytest.raises(UserError, match=r"room 2 can't be rendered.*the 2 before it")
    with _rendered(0, 1, quick_rooms.fails) as rooms, given_up:
        _taken(rooms, 1)


def test_a_room_that_came_with_the_last_failure_is_not_lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(render_beside, "_FAILURES", 1)
    with _rendered(0, 2, quick_rooms.odd_ones_fail) as rooms:
        for worker in rooms._workers:
            assert worker.pipe.poll(120)  # so that one call finds both
        assert _numbers(rooms.take(1)) == [0]
        with pytest.raises(UserError, match="room 1 can't be rendered"):
            _taken(rooms, 1)


def test_the_processes_have_one_thread_and_a_lower_priority(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    before = dict(os.environ)
    with _rendered(0, 1, quick_rooms.says_how_it_runs) as rooms:
        assert dict(os.environ) == before
        priority, alone = _taken(rooms, 1)[0].focal_ratio
    assert priority >= min(19, os.nice(0) + 10) and alone


def test_so_has_one_that_takes_the_place_of_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with _rendered(0, 1, quick_rooms.says_how_it_runs) as rooms:
        rooms._workers[0]._process.kill()
        found = _taken(rooms, 4)
        assert rooms._workers[0].next > 4
    assert all(frames.focal_ratio[1] for frames in found)


def test_where_a_process_cannot_be_started_nothing_is_left_changed(
    monkeypatch: pytest.MonkeyPatch,
):
    before, started, start = dict(os.environ), [], _Worker.start

    def once(worker: _Worker) -> None:
        if started:
            worker._render = lambda number: None  # can't be pickled
        started.append(worker)
        start(worker)

    monkeypatch.setattr(_Worker, "start", once)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        RoomsBeside(0, 2, VIEWS, quick_rooms.frames_of)
    assert dict(os.environ) == before
    assert not started[0]._process.is_alive()


def test_no_process_is_left_when_it_is_stopped():
    rooms = RoomsBeside(0, 2, VIEWS, quick_rooms.frames_of)
    _taken(rooms, 1)
    processes = [worker._process for worker in rooms._workers]
    rooms.stop()
    assert not any(process.is_alive() for process in processes)
    rooms.take(0.1)  # another thread may be about to ask
    assert not any(worker._process.is_alive() for worker in rooms._workers)


def test_held_out_rooms_are_refused():
    with pytest.raises(ValueError, match="not a training scene"):
        RoomsBeside(HELD_OUT[0], 1, VIEWS, quick_rooms.frames_of)


def test_a_real_room_is_rendered():
    with _rendered(4000, 1, None, views=1) as rooms:
        frames = _taken(rooms, 1)[0]
    assert frames.rgb.shape == (1, 224, 224, 3) and frames.rgb.std() > 5
    assert np.median(frames.depth_m.astype(np.float32)) > 0.1
