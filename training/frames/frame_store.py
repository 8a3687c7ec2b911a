# SPDX-License-Identifier: Apache-2.0
"""Rendered frames on disk, at the network's size, as arrays that are mapped and not read.

Truth is kept at the DPT heads' own resolution (8 px a patch): pixel i of the heads looks at pixel
(i + 0.5) · 224/128 − 0.5 of the picture.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.network.architecture import CLASSES, GRID, PATCH
from training.scenes.camera.render import RenderedFrame

PICTURE = PATCH * GRID  # side of a picture, px
TRUTH = 8 * GRID  # side of the truth, px
_CLASS_OF_ID = np.full(256, 255, np.uint8)
_CLASS_OF_ID[list(CLASSES)] = np.arange(len(CLASSES))
_ROOMS = "lived-in"  # named anew when the same number stands for another room
_SCENES_DONE = "scenes.txt"
_META = "meta.json"
_FIRST = "first"  # absent where it is room 0
CHECKED_SCENES = 12  # the last ones are not learnt from: they tell how it goes


class StoredFrame(NamedTuple):
    """One frame; the same fields, with a first axis more, are the store's arrays."""

    rgb: NDArray[np.uint8]  # (PICTURE, PICTURE, 3)
    depth_m: NDArray[np.float16]  # (TRUTH, TRUTH) along z, 0 where there is none
    normals: NDArray[np.int8]  # (TRUTH, TRUTH, 3) times 127, facing the camera
    classes: NDArray[np.uint8]  # (TRUTH, TRUTH) position in CLASSES, 255 unlabelled
    focal_ratio: NDArray[np.float32]  # () fx / width


_KINDS: dict[str, tuple[tuple[int, ...], Any]] = {
    "rgb": ((PICTURE, PICTURE, 3), np.uint8),
    "depth_m": ((TRUTH, TRUTH), np.float16),
    "normals": ((TRUTH, TRUTH, 3), np.int8),
    "classes": ((TRUTH, TRUTH), np.uint8),
    "focal_ratio": ((), np.float32),
}


def stored(frame: RenderedFrame) -> StoredFrame:
    """Converts a rendered frame to the arrays that are kept of it.

    Raises:
        ValueError: the picture is not PICTURE × PICTURE.
    """
    if frame.rgb.shape[:2] != (PICTURE, PICTURE):
        raise ValueError(f"a training picture is {PICTURE}×{PICTURE}, not {frame.rgb.shape[:2]}")
    at = np.rint((np.arange(TRUTH) + 0.5) * PICTURE / TRUTH - 0.5).astype(np.int64)
    pick = np.ix_(at, at)
    return StoredFrame(
        frame.rgb,
        np.nan_to_num(frame.depth_m[pick]).astype(np.float16),
        np.rint(np.nan_to_num(frame.normals[pick]) * 127).astype(np.int8),
        _CLASS_OF_ID[frame.labels[pick]],
        np.asarray(frame.intrinsics.fx / PICTURE, np.float32),
    )


class FrameStore:
    """A fixed number of frames of each of a row of scenes, filled in any order, by many at once.

    Attributes:
        first: the number of the room that is scene 0.
    """

    def __init__(self, directory: Path, scenes: int, views: int, first: int = 0) -> None:
        """Opens the store, or makes an empty one.

        Raises:
            ValueError: the store on disk has other scenes, views or classes.
        """
        self.directory, self.scenes, self.views, self.first = directory, scenes, views, first
        meta = {"scenes": scenes, "views": views, "classes": list(CLASSES), "side": PICTURE,
                "rooms": _ROOMS, **({_FIRST: first} if first else {})}  # fmt: skip
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / _META
        if file.is_file() and json.loads(file.read_text()) != meta:
            raise ValueError(f"{directory}: holds other frames; remove it or name another one")
        count = scenes * views
        arrays = []
        for name, (shape, kind) in _KINDS.items():
            array = directory / f"{name}.npy"
            mode = "r+" if file.is_file() else "w+"
            arrays.append(np.lib.format.open_memmap(array, mode, kind, (count, *shape)))
        self.frames = StoredFrame(*arrays)
        if not file.is_file():
            file.write_text(json.dumps(meta))

    @classmethod
    def opened(cls, directory: Path) -> FrameStore:
        """The store that is there, whatever rooms it holds."""
        meta = json.loads((directory / _META).read_text())
        return cls(directory, meta["scenes"], meta["views"], meta.get(_FIRST, 0))

    def __len__(self) -> int:
        return self.scenes * self.views

    def missing(self) -> list[int]:
        """Scenes that are not in the store yet."""
        done = self.directory / _SCENES_DONE
        present = {int(line) for line in done.read_text().split()} if done.is_file() else set()
        return [scene for scene in range(self.scenes) if scene not in present]

    def put(self, scene: int, frames: list[StoredFrame]) -> None:
        """Keeps a scene's frames. Several processes may do so at once."""
        for view, frame in enumerate(frames):
            for array, value in zip(self.frames, frame, strict=True):
                array[scene * self.views + view] = value
        # Frames first, then the note that they are there: the machine may stop at any time.
        for array in self.frames:
            assert isinstance(array, np.memmap)
            array.flush()
        with open(self.directory / _SCENES_DONE, "a") as done:
            done.write(f"{scene}\n")
            done.flush()
            os.fsync(done.fileno())
