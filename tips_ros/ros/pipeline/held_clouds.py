# SPDX-License-Identifier: Apache-2.0
"""Clouds that wait, for a bounded time, until tf2 knows where their camera was."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.outputs import OutputTopic
from tips_ros.messages.transform_error import TransformError
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.transforms.tree import BACK_NS

logger = logging.getLogger(__name__)

_ASK_AGAIN_S = 0.01
_MOST_BYTES = 512 * 2**20


def _do_nothing(cause: str) -> None:
    del cause


@dataclass(eq=False)
class HeldCloud:
    """A cloud whose transform has not come yet.

    Attributes:
        topic: it is published on.
        frame: it is made of.
        camera: whose it is.
        then: called with "" once it was published, else with the cause why it was not.
        since: monotonic seconds when it began to wait.
        given_up: why, where that was decided while its transform was being looked for.
    """

    topic: OutputTopic
    frame: FrameResult
    camera: Camera
    then: Callable[[str], None] = _do_nothing
    since: float = field(default_factory=time.monotonic)
    given_up: str = ""

    @property
    def bytes(self) -> int:
        """The memory that it holds."""
        arrays = (self.frame.rgb, *self.frame.prediction)
        return sum(array.nbytes for array in arrays if array is not None)

    def settle(self) -> str | None:
        """Publishes it, where its place is known: "". Else the cause why not; None: not yet."""
        header, placement = self.frame.header, self.camera.placement
        waited_s, timeout_s = time.monotonic() - self.since, placement.timeout_s
        try:
            self.frame.placed = placement.of(header)
        except ValueError as error:
            if isinstance(error, TransformError) and error.may_come and waited_s < timeout_s:
                return None
            placement.complain(header, error)
            return "no transform"
        if waited_s > 2.0 * timeout_s:  # behind others that took long to make
            return "late"
        return self.camera.publishers.publish_one(self.topic, self.frame)


class HeldClouds:
    """Publishes each camera's in their order, in a thread of its own: no other output waits."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queues: dict[Camera, deque[HeldCloud]] = {}  # none is empty
        self._in_work: HeldCloud | None = None  # the first of its queue
        self._bytes = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._throttle = LogThrottle(logger)

    def holds(self, camera: Camera) -> bool:
        """Whether clouds of this camera wait: the next one must not overtake them."""
        with self._condition:
            return camera in self._queues

    def put(self, held: HeldCloud) -> None:
        """Takes a cloud. Of clouds of a later time, and where too many wait, the oldest go."""
        # Its points may lie in memory that the next message on ~/points is made in.
        held.frame.forget_cloud()
        given_up: list[tuple[HeldCloud, str]] = []
        with self._condition:
            if self._closed:
                given_up.append((held, "deactivated"))
            else:
                given_up += self._on_rewind(held.camera, stamp_ns(held.frame.header))
                self._queues.setdefault(held.camera, deque()).append(held)
                self._bytes += held.bytes
                given_up += self._too_many(held)
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="tips held clouds", daemon=True
                    )
                    self._thread.start()
                self._condition.notify()
        self._tell(given_up)

    def rewind(self, now_ns: int) -> None:
        """Gives up clouds of a later time than this: time went back to it."""
        with self._condition:
            cameras = list(self._queues)
            given_up = [gone for camera in cameras for gone in self._on_rewind(camera, now_ns)]
        self._tell(given_up)

    def close(self) -> None:
        """Gives up what waits, and ends the thread with the cloud at hand."""
        with self._condition:
            self._closed = True
            waiting = [held for queue in self._queues.values() for held in queue]
            given_up = self._give_up(waiting, "deactivated")
            self._condition.notify()
        self._tell(given_up)
        if self._thread is not None:
            self._thread.join()

    def _on_rewind(self, camera: Camera, now_ns: int) -> list[tuple[HeldCloud, str]]:
        later = [
            held
            for held in self._queues.get(camera, ())
            if stamp_ns(held.frame.header) > now_ns + BACK_NS
        ]
        return self._give_up(later, "rewound")

    def _too_many(self, newest: HeldCloud) -> list[tuple[HeldCloud, str]]:
        given_up: list[tuple[HeldCloud, str]] = []
        waiting = sorted(
            (held for queue in self._queues.values() for held in queue if held is not newest),
            key=lambda held: held.since,
        )
        left, too_many = self._bytes, bool(waiting) and self._bytes > _MOST_BYTES
        for held in waiting:
            if left <= _MOST_BYTES:
                break
            left -= held.bytes
            given_up += self._give_up([held], "no transform")
        if too_many:  # also where the one in work is the only one that goes
            self._throttle.warning(
                "too many",
                "clouds that wait for their transform fill %d MiB, the oldest are given up: lower "
                "output_scale, or points_filtered.transform_timeout_s",
                _MOST_BYTES >> 20,
            )
        return given_up

    def _give_up(self, clouds: list[HeldCloud], cause: str) -> list[tuple[HeldCloud, str]]:
        """Takes them out, and returns them to be told; the one in work is told by its thread."""
        for held in clouds:
            if held is self._in_work:
                held.given_up = cause
            else:
                self._take(held)
        return [(held, cause) for held in clouds if not held.given_up]

    def _take(self, held: HeldCloud) -> None:
        queue = self._queues[held.camera]
        queue.remove(held)
        self._bytes -= held.bytes
        if not queue:
            del self._queues[held.camera]

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._queues or self._closed)
                if self._closed:
                    return
                cameras = list(self._queues)
            if not any([self._try_first(camera) for camera in cameras]):
                with self._condition:
                    if not self._closed:
                        self._condition.wait(_ASK_AGAIN_S)

    def _try_first(self, camera: Camera) -> bool:
        """Tries the cloud that has waited longest; whether that settled it."""
        with self._condition:
            queue = self._queues.get(camera)
            if not queue or self._closed:
                return False
            held = self._in_work = queue[0]
        try:
            cause = held.settle()
        except Exception as error:
            self._throttle.error("held", "no ~/points_filtered: %r", error, cause=error)
            cause = "failed"
        with self._condition:
            self._in_work = None
            if cause is None and not held.given_up:
                return False
            self._take(held)
        self._tell([(held, held.given_up if cause is None else cause)])
        return True

    def _tell(self, settled: list[tuple[HeldCloud, str]]) -> None:
        """Tells the fates of clouds; who can't be told one costs no other cloud its own."""
        for held, cause in settled:
            try:
                held.then(cause)
            except Exception as error:
                self._throttle.error("fate", "fate of a cloud not told: %r", error, cause=error)
