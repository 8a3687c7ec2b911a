# SPDX-License-Identifier: Apache-2.0
"""Where a service waits for what the next frame shows, and the pipeline finds out that it does."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from tips_ros.perception.camera.seen_camera import SeenCamera
from tips_ros.perception.predictor import Prediction
from tips_ros.perception.semantic.labelling import Labelling


class Shown(NamedTuple):
    """What a frame shows of what was asked."""

    header: Any
    prediction: Prediction  # labelled as the question wants it; with depth where the model has it
    camera: SeenCamera | None  # at the prediction's size; None without a usable CameraInfo


class Question:
    """One question to the next frame. Answered once; later answers are ignored."""

    def __init__(self, labelling: Labelling) -> None:
        self.labelling = labelling
        self._done = threading.Event()
        self._answer: Shown | str = ""

    def answer(self, shown: Shown) -> None:
        """Hands over what the frame shows."""
        self._settle(shown)

    def fail(self, reason: str) -> None:
        """Says why there is no answer."""
        self._settle(reason)

    def wait(self, timeout_s: float) -> Shown | None:
        """The answer, None when none came in time; RuntimeError with the reason when it failed."""
        if not self._done.wait(timeout_s):
            return None
        if isinstance(self._answer, str):
            raise RuntimeError(self._answer)
        return self._answer

    def _settle(self, answer: Shown | str) -> None:
        if not self._done.is_set():
            self._answer = answer
            self._done.set()


class Questions:
    """The questions of one activation that no frame has answered yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Question] = []
        self._closed = False

    def ask(self, labelling: Labelling, timeout_s: float) -> Shown | None:
        """What the next frame shows; None when none came in time.

        Raises:
            RuntimeError: the frame or the node failed; it says how.
        """
        question = Question(labelling)
        with self._lock:
            if self._closed:
                question.fail("the node was deactivated")
            self._waiting.append(question)
        try:
            return question.wait(timeout_s)
        finally:
            with self._lock:
                if question in self._waiting:
                    self._waiting.remove(question)

    @property
    def waiting(self) -> bool:
        """Whether there is one."""
        return bool(self._waiting)

    def take(self) -> list[Question]:
        """Those that wait; they are the taker's now."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            return taken

    def close(self) -> None:
        """Ends all waiting."""
        with self._lock:
            self._closed = True
            for question in self._waiting:
                question.fail("the node was deactivated")
