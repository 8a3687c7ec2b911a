# SPDX-License-Identifier: Apache-2.0
"""The node's memory of things: frames of all cameras in, answers and files out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import CameraPose, FrameResult
from tips_ros.messages.objects.remembered import remember
from tips_ros.perception.memory.identity import ModelIdentity, identity_of
from tips_ros.perception.memory.memory import Memory, OtherFrame
from tips_ros.perception.memory.memory_file import collect, load, write
from tips_ros.perception.predictor import Predictor
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)
T = TypeVar("T")


class MemoryKeeper:
    """Holds the memory as long as the node lives; from any thread.

    Attributes:
        identity: of the model in use; None while there is none.
    """

    def __init__(self, frames: TransformLookup) -> None:
        """
        Args:
            frames: where cameras are.
        """
        self._frames = frames
        self._lock = threading.Lock()
        self._memory = Memory()
        self.identity: ModelIdentity | None = None
        self._made_by: ModelIdentity | None = None
        self._throttle = LogThrottle(logger)
        self._note = ""  # why the newest frame did not enter
        self._version = 0

    @property
    def version(self) -> int:
        """A number that is another one whenever something was remembered or forgotten."""
        return self._version

    def use_model(self, predictor: Predictor | None) -> None:
        """Features are of this model from now on; those of another one are forgotten."""
        self.identity = None
        if predictor is None:
            return
        identity = identity_of(predictor.model, predictor.description.name)
        with self._lock:
            before, self._made_by = self._made_by, identity
            if self._memory.things and before is not None and not before.is_same(identity):
                logger.warning(
                    "%d remembered things are forgotten: they are by model %s, whose features "
                    "mean nothing to %s", len(self._memory.things), before.name, identity.name,
                )  # fmt: skip
                self._memory.clear()
                self._version += 1
        self.identity = identity

    def see(self, camera: str, frame: FrameResult, settings: CameraSettings) -> str:
        """Takes in a frame whose things are followed; the reason why not, empty where it did.

        Args:
            camera: its name.
            frame: with its objects.
            settings: of the frame.
        """
        in_map, missing = self._pose(settings.memory_frame, frame.header)
        smooth, missing_too = self._pose(settings.holding_frame, frame.header)
        with self._lock:
            try:
                took = remember(self._memory, frame, settings.memory, in_map, smooth, camera)
            except OtherFrame as error:
                self._note = str(error)
                self._throttle.warning("frame", "nothing is remembered: %s", error)
                return "other frame"
            if took:
                self._version += 1
        if took is not None:
            self._note = ""
            return ""
        if frame.objects is None or frame.camera is None or frame.prediction.depth_m is None:
            self._note = "a frame without classes, depth or CameraInfo"
            return "not made"
        self._note = missing or missing_too
        self._throttle.warning("pose", "nothing is remembered of a frame: %s", self._note)
        return "no transform"

    def ask(self, read: Callable[[Memory], T]) -> T:
        """The result of a function of the memory, which does not change meanwhile.

        Args:
            read: keeps nothing of it.
        """
        with self._lock:
            return read(self._memory)

    def clear(self) -> int:
        """Forgets all things; how many there were."""
        with self._lock:
            count = len(self._memory.things)
            self._memory.clear()
            self._version += 1
        return count

    def save(self, file: Path) -> int:
        """Writes a file; the number of things in it.

        Raises:
            RuntimeError: there is no model.
            OSError: it can't be written.
        """
        identity = self._known_model()
        with self._lock:
            arrays, count = collect(self._memory, identity), len(self._memory.things)
        write(file, arrays)
        return count

    def load(self, file: Path) -> int:
        """Reads a file in place of what is remembered; the number of things in it.

        Raises:
            RuntimeError: there is no model.
            ValueError: it is no memory, or of another model.
            OSError: it can't be read.
        """
        stored = load(file, self._known_model())
        with self._lock:
            stored.memory.last_number = max(stored.memory.last_number, self._memory.last_number)
            self._memory = stored.memory
            self._version += 1
            return len(self._memory.things)

    def facts(self) -> dict[str, str]:
        """Facts for diagnostics."""
        with self._lock:
            memory, counts = self._memory, self._memory.counts
            return {
                "memory things": str(len(memory.things)),
                "memory frame": memory.frame_id,
                "memory size (MB)": f"{memory.nbytes / 1e6:.1f}",
                "memory key frames": str(counts.key_frames),
                "memory gone": str(counts.gone),
                "memory forgotten": str(counts.forgotten),
                "memory jumps": str(counts.jumps),
                "memory note": self._note,
            }

    def _known_model(self) -> ModelIdentity:
        identity = self.identity
        if identity is None:
            raise RuntimeError("the node is not configured; configure it first")
        return identity

    def _pose(self, world: str, header: Any) -> tuple[CameraPose | None, str]:
        """The camera's pose as far as tf knows it by now, or the reason why not."""
        if not world or not header.frame_id:
            return None, "no frame is named"
        if not self._frames.listen():
            return None, "nothing of tf is installed"
        try:
            matrix = self._frames.transform(world, header.frame_id, header.stamp)
        except ValueError as error:  # not (yet)
            return None, str(error)
        return CameraPose(world, matrix), ""
