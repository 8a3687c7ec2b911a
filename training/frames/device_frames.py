# SPDX-License-Identifier: Apache-2.0
"""All packed frames in the memory of a GPU, unpacked as their files arrive.

Training begins with the first file and learns from every other as soon as it is there, so that what
is still being copied to the machine costs it no time.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import torch

from training.frames.batches import Frames
from training.frames.frame_store import PICTURE, TRUTH, StoredFrame
from training.frames.packed import CHECKED, MANIFEST, unpack

_LOOK_EVERY_S = 0.5


class DeviceFrames:
    """Frames to learn from, and frames to check with.

    Attributes:
        frames: room for all; the first `count` of them are there.
        count: how many there are by now.
        checked: those of scenes that are not learnt from.
        first: the first file's, on the host.
    """

    def __init__(self, directory: Path, device: torch.device) -> None:
        """Unpacks `checked.npz` and the first file; waits for them where they are not there yet."""
        self._device, self._seen = device, set[Path]()
        self._directory, self.count, self._ended = directory, 0, threading.Event()
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
        while not (files := self._unseen()):
            time.sleep(_LOOK_EVERY_S)
        self.first = self._take(files[0])
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def follow(self) -> None:
        """Takes in the other files from now on, in the background, until all are there."""
        self._thread.start()

    def _follow(self) -> None:
        if self._device.type == "cuda":
            # Copies on a stream of their own do not wait for the training, nor it for them.
            with torch.cuda.stream(torch.cuda.Stream(self._device)):
                self._take_all()
        else:
            self._take_all()

    def _take_all(self) -> None:
        while self.count < len(self.frames.rgb):
            for file in self._unseen():
                self._take(file)
            time.sleep(_LOOK_EVERY_S)

    def _take(self, file: Path) -> StoredFrame:
        unpacked = unpack(file)
        end = self.count + len(unpacked.rgb)
        for room, part in zip(self.frames, unpacked, strict=True):
            room[self.count : end].copy_(torch.from_numpy(part))
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        self._seen.add(file)
        self.count = end
        return unpacked

    def _unseen(self) -> list[Path]:
        return [f for f in sorted(self._directory.glob("learnt_*.npz")) if f not in self._seen]


def _awaited(file: Path) -> Path:
    while not file.is_file():
        time.sleep(_LOOK_EVERY_S)
    return file
