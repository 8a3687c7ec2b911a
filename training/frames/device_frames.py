# SPDX-License-Identifier: Apache-2.0
"""All frames in the memory of a GPU: packed ones as their files arrive, rendered ones as they are.

Training begins with the first file, or the first rooms, and learns from every other as soon as it
is there, so that what is still being copied to the machine or rendered costs it no time.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from tips_ros.errors import UserError
from training.frames.batches import Frames
from training.frames.frame_store import PICTURE, TRUTH, StoredFrame
from training.frames.packed import CHECKED, MANIFEST, unpack

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_ENOUGH = 64  # rooms that are rendered before training begins where no file is there
_HELD = 4000  # frames of 250 kB that wait on the host until they may be copied; others wait longer


class Rooms(Protocol):
    """Rooms that are being rendered."""

    def take(self, timeout_s: float) -> list[StoredFrame]:
        """The frames of each room that is ready; waits for the first one, at most so long."""

    def stop(self) -> None:
        """Renders no more."""


class DeviceFrames:
    """Frames to learn from, and frames to check with.

    Attributes:
        frames: room for all; the first `count` of them are there.
        count: how many there are by now, all of them whole.
        checked: those of scenes that are not learnt from.
        first: those that training begins with, on the host.
    """

    def __init__(
        self, directory: Path, device: torch.device, room: int | None = None,
        rooms: Rooms | None = None,
    ) -> None:  # fmt: skip
        """Unpacks `checked.npz` and the first file; waits for them where they are not there yet.

        Args:
            directory: of the packed files; others may be moved there later.
            device: to keep the frames on.
            room: for how many frames to learn from; without it, for as many as are packed.
            rooms: taken in too; the first of them are enough to begin with.

        Raises:
            UserError: no room can be rendered, and no file is there.
        """
        self._device, self._seen, self._rooms = device, set[Path](), rooms
        self._directory, self.count = directory, 0
        self._adding, self._stopped = threading.Lock(), threading.Event()
        self._following = threading.Event()
        if room is None:
            room = json.loads(_awaited(directory / MANIFEST).read_text())["learnt"]
        self.frames = Frames(
            torch.empty(room, PICTURE, PICTURE, 3, dtype=torch.uint8, device=device),
            torch.empty(room, TRUTH, TRUTH, dtype=torch.float16, device=device),
            torch.empty(room, TRUTH, TRUTH, 3, dtype=torch.int8, device=device),
            torch.empty(room, TRUTH, TRUTH, dtype=torch.uint8, device=device),
            torch.empty(room, device=device),
        )
        checked = unpack(_awaited(directory / CHECKED))
        self.checked = Frames(*(torch.from_numpy(part).to(device) for part in checked))
        self.first = self._await_first()
        if rooms:
            self._begin(self._follow_rooms)

    def follow(self) -> None:
        """Takes in all others from now on, in the background."""
        self._following.set()
        self._begin(self._follow_files)

    def stop_rooms(self) -> None:
        """Takes in no more rooms, and ends their rendering."""
        if self._rooms and not self._stopped.is_set():
            self._stopped.set()
            self._rooms.stop()

    def _begin(self, follow: Callable[[], None]) -> None:
        # Copies on a stream of their own do not wait for the training, nor it for them.
        stream = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None

        def beside() -> None:
            with torch.cuda.stream(stream):
                follow()

        threading.Thread(target=beside, daemon=True).start()

    def _await_first(self) -> StoredFrame:
        made: list[StoredFrame] = []
        while True:
            if files := self._unseen():
                made.append(self._take(files[0]))
                break
            if self._rooms is None:
                time.sleep(_LOOK_EVERY_S)
                continue
            try:
                rooms = self._rooms.take(_LOOK_EVERY_S)
            except UserError:
                if not made:
                    raise
                break  # with what is there
            for frames in rooms:
                self._add(frames)
                made.append(frames)
            if len(made) >= _ENOUGH or self._full:
                break
        return StoredFrame(*(np.concatenate(parts) for parts in zip(*made, strict=True)))

    def _follow_files(self) -> None:
        while not self._full:
            for file in self._unseen():
                if self._full:
                    return
                self._take(file)
            time.sleep(_LOOK_EVERY_S)

    def _follow_rooms(self) -> None:
        assert self._rooms is not None
        made, more_come = deque[StoredFrame](), True
        while not self._over and (made or more_come):
            # Until then a graph may be captured, which no copy may disturb.
            while made and self._following.is_set() and not self._over:
                self._add(made.popleft())
            if not more_come or sum(len(frames.rgb) for frames in made) >= _HELD:
                self._following.wait(_LOOK_EVERY_S)
                continue
            try:
                made += self._rooms.take(_LOOK_EVERY_S)
            except UserError as error:  # what is there is enough to go on with
                logger.warning("%s", error)
                more_come = False
        self.stop_rooms()

    @property
    def _over(self) -> bool:
        """Whether no more rooms are wanted."""
        return self._full or self._stopped.is_set()

    @property
    def _full(self) -> bool:
        return self.count >= len(self.frames.rgb)

    def _take(self, file: Path) -> StoredFrame:
        unpacked = unpack(file)
        self._seen.add(file)
        self._add(unpacked)
        return unpacked

    def _add(self, frames: StoredFrame) -> None:
        """Copies frames to the device, and counts them when they are there."""
        with self._adding:
            if self._full:
                return
            end = min(self.count + len(frames.rgb), len(self.frames.rgb))
            for there, part in zip(self.frames, frames, strict=True):
                there[self.count : end].copy_(torch.from_numpy(part[: end - self.count]))
            if self._device.type == "cuda":
                torch.cuda.current_stream(self._device).synchronize()
            self.count = end
            if self._full:
                logger.info("all %d frames that there is room for are there", end)

    def _unseen(self) -> list[Path]:
        return [f for f in sorted(self._directory.glob("learnt_*.npz")) if f not in self._seen]


def _awaited(file: Path) -> Path:
    while not file.is_file():
        time.sleep(_LOOK_EVERY_S)
    return file
