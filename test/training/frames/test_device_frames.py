# SPDX-License-Identifier: Apache-2.0
"""A GPU's memory takes in frames as their files arrive and their rooms are rendered."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tips_ros.errors import UserError
from training.frames import device_frames
from training.frames.device_frames import DeviceFrames
from training.frames.frame_store import StoredFrame
from training.frames.packed import MANIFEST

from ..easy_frames import Rendered

CPU = torch.device("cpu")


def _wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _copy(frames: Path, into: Path, *files: Path) -> None:
    """The manifest, what is checked with, and some of the files."""
    for file in (frames / MANIFEST, frames / "checked.npz", *files):
        shutil.copy(file, into)


def test_frames_that_arrive_later_are_taken_in(frames: Path, tmp_path: Path):
    first, second = sorted(frames.glob("learnt_*.npz"))
    _copy(frames, tmp_path, first)
    there = DeviceFrames(tmp_path, CPU)
    early = there.count
    assert 0 < early < len(there.frames.rgb) == 8 and len(there.checked.rgb) == 4
    there.follow()
    shutil.copy(second, tmp_path / "coming")
    (tmp_path / "coming").rename(tmp_path / second.name)
    _wait_for(lambda: there.count == 8)
    depths = there.frames.depth_m[:, 64, 64].float().sort().values.tolist()
    assert depths == pytest.approx([2, 2, 2.2, 2.2, 2.4, 2.4, 2.6, 2.6], rel=0.005)


def test_rendered_rooms_are_taken_in_beside_files(frames: Path, tmp_path: Path):
    first, second = sorted(frames.glob("learnt_*.npz"))
    _copy(frames, tmp_path, second)
    rooms = Rendered(7)
    there = DeviceFrames(tmp_path, CPU, 60, rooms)
    early = there.count
    assert 0 < early < 8 and len(there.frames.rgb) == 60
    _wait_for(lambda: rooms.given == 7)  # they are not lost, though nothing is copied yet
    assert there.count == early
    there.follow()
    shutil.copy(first, tmp_path / "coming")
    (tmp_path / "coming").rename(tmp_path / first.name)
    _wait_for(lambda: there.count == 8 + 14)
    ratios = there.frames.focal_ratio[: there.count].tolist()
    assert sorted(ratios)[-14:] == [100 + i // 2 for i in range(14)]
    there.stop_rooms()
    assert rooms.stopped


@pytest.mark.parametrize("room", [None, 7])
def test_without_a_file_it_begins_with_the_first_rooms(
    frames: Path, tmp_path: Path, room: int | None
):
    shutil.copy(frames / "checked.npz", tmp_path)
    rooms = Rendered(10_000)
    there = DeviceFrames(tmp_path, CPU, room or 200, rooms)
    assert there.count == (room or 128) and len(there.first.rgb) >= there.count
    there.follow()
    _wait_for(lambda: there.count == len(there.frames.rgb))
    _wait_for(lambda: rooms.stopped)
    assert len(there.checked.rgb) == 4


def test_it_says_once_that_it_is_full(
    frames: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    shutil.copy(frames / "checked.npz", tmp_path)
    rooms = Rendered(120)
    there = DeviceFrames(tmp_path, CPU, 150, rooms)  # 64 rooms of two frames are the first
    (more,) = Rendered(1).take(0)
    there._add(more)
    _wait_for(lambda: rooms.given > 80)  # more are held than there is room for
    there.follow()
    _wait_for(lambda: rooms.stopped)
    assert there.count == 150
    for _ in range(3):
        there._add(more)
    assert caplog.text.count("all 150 frames") == 1


def test_so_many_wait_to_be_copied_and_others_to_be_taken(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(device_frames, "_HELD", 10)
    monkeypatch.setattr(device_frames, "_LOOK_EVERY_S", 0.02)
    rooms = Rendered(10_000)
    there = DeviceFrames(frames, CPU, 60, rooms)
    _wait_for(lambda: rooms.given == 5)
    time.sleep(0.2)
    assert rooms.given == 5 and there.count < 60
    there.follow()
    _wait_for(lambda: there.count == 60)


class Copied(DeviceFrames):
    """It is told to take no more rooms while it copies the first that was held."""

    def _add(self, frames: StoredFrame) -> None:
        super()._add(frames)
        if self._following.is_set():
            self.stop_rooms()


def test_what_is_held_is_not_copied_any_more_once_rooms_are_stopped(frames: Path, tmp_path: Path):
    _copy(frames, tmp_path, sorted(frames.glob("learnt*"))[0])
    rooms = Rendered(6)
    there = Copied(tmp_path, CPU, 60, rooms)
    early = there.count
    _wait_for(lambda: rooms.given == 6)
    there.follow()
    _wait_for(lambda: rooms.stopped)
    time.sleep(0.2)
    assert there.count == early + 2


class Ending(Rendered):
    """After its rooms no process is left."""

    def take(self, timeout_s: float) -> list[StoredFrame]:
        if self.given == self._rooms:
            self.given += 1
        if self.given > self._rooms:
            raise UserError("no process lives long enough")
        return super().take(timeout_s)


def test_rooms_that_are_held_when_the_rendering_ends_are_taken_in(
    frames: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    _copy(frames, tmp_path, sorted(frames.glob("learnt*"))[0])
    rooms = Ending(4)
    there = DeviceFrames(tmp_path, CPU, 60, rooms)
    early = there.count
    _wait_for(lambda: "lives long enough" in caplog.text)
    assert there.count == early
    there.follow()
    _wait_for(lambda: there.count == early + 8)
    _wait_for(lambda: rooms.stopped)


def test_so_are_those_that_came_before_training_began(frames: Path, tmp_path: Path):
    shutil.copy(frames / "checked.npz", tmp_path)
    assert DeviceFrames(tmp_path, CPU, 60, Ending(3)).count == 6
    with pytest.raises(UserError, match="lives long enough"):
        DeviceFrames(tmp_path, CPU, 60, Ending(0))
