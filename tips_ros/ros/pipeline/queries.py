# SPDX-License-Identifier: Apache-2.0
"""Queries of services, which wait for the next frame."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.semantic.label_space import LabelSpace


class QueryResult(NamedTuple):
    """The part of a frame that was asked for."""

    header: Any
    prediction: Prediction  # labelled as the query wants it; with depth where the model has it
    camera: OutputCamera | None  # at the prediction's size; None without a usable CameraInfo


class FrameQuery:
    """One request to the next frame. It is answered once; later answers are ignored."""

    def __init__(self, label_space: LabelSpace) -> None:
        self.label_space = label_space
        self.taken = False  # by a frame: its answer is under way
        self._done = threading.Event()
        self._answer: QueryResult | str = ""

    def answer(self, result: QueryResult) -> None:
        """Hands over what the frame shows."""
        self._settle(result)

    def fail(self, reason: str) -> None:
        """Says why there is no answer."""
        self._settle(reason)

    def wait(self, timeout_s: float) -> QueryResult | None:
        """The answer, None when none came in time; RuntimeError with the reason when it failed."""
        if not self._done.wait(timeout_s):
            return None
        if isinstance(self._answer, str):
            raise RuntimeError(self._answer)
        return self._answer

    def _settle(self, answer: QueryResult | str) -> None:
        if not self._done.is_set():
            self._answer = answer
            self._done.set()


class FrameQueries:
    """The queries of one activation that no frame has taken yet; one frame takes all of them.

    Attributes:
        waiting: these; only to be read.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.waiting: list[FrameQuery] = []
        self._closed = ""  # why nothing is answered any more

    def ask(self, query: FrameQuery, timeout_s: float) -> QueryResult | None:
        """The next frame's answer; None when none came in time.

        Raises:
            RuntimeError: the frame or the node failed; it says so.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError(self._closed)
            self.waiting.append(query)
        try:
            return query.wait(timeout_s)
        finally:
            with self._lock:
                if query in self.waiting:
                    self.waiting.remove(query)

    def take(self) -> list[FrameQuery]:
        """Those that wait; they are the taker's now."""
        with self._lock:
            taken, self.waiting = self.waiting, []
        for query in taken:
            query.taken = True
        return taken

    def close(self, reason: str = "the node was deactivated") -> None:
        """Ends all waiting."""
        with self._lock:
            self._closed = reason
            for query in self.waiting:
                query.fail(reason)
