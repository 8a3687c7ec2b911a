# SPDX-License-Identifier: Apache-2.0
"""The tree of transforms, for times that begin anew.

What keeps it, such as tf2, takes nothing older than what it has. A bag that begins anew, or a
simulation that is reset, would fill the log and have nothing found until its time has caught up.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.time import Time

from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.transform_error import TransformError
from tips_ros.messages.transforms import strip_slash
from tips_ros.perception.poses.transform_graph import TransformUnknown
from tips_ros.ros.transforms.buffers import new_buffer

_CACHE_S = 30  # a slow machine asks for the time of an image long after
# A frame's transform that is older than its last one by this much begins a new time; less is two
# messages in the wrong order, or two publishers that take turns.
BACK_NS = 1_000_000_000
# Transforms of a new time can be here before /clock says that it began.
_RECENT_S = 1.0
_MOST_RECENT = 2000


class TransformTree:
    """A tf2 buffer to whoever feeds it. All methods may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest_ns: dict[str, int] = {}  # by child frame; not of static ones
        self._recent: deque[tuple[float, Any]] = deque(maxlen=_MOST_RECENT)
        self._heard = threading.Event()
        self._buffer = new_buffer(_CACHE_S)

    def set_transform(self, transform: Any, authority: str) -> None:
        """Takes a geometry_msgs/TransformStamped."""
        with self._lock:
            self._set(transform, authority)
            self._recent.append((time.monotonic(), transform))
        self._heard.set()

    def set_transform_static(self, transform: Any, authority: str) -> None:
        """Takes one that holds at all times."""
        with self._lock:
            self._newest_ns.pop(strip_slash(transform.child_frame_id), None)
            self._buffer.set_transform_static(transform, authority)
        self._heard.set()

    def wait_until_heard(self, timeout_s: float) -> bool:
        """Waits for the first transform; False if none came in time."""
        return self._heard.wait(timeout_s)

    def rewind(self, now_ns: int) -> None:
        """Forgets what is later than a time that began anew, such as /clock's; not what is static.

        Args:
            now_ns: the new time.
        """
        since = time.monotonic() - _RECENT_S
        with self._lock:
            self._buffer.clear()
            self._newest_ns.clear()
            kept = [
                entry
                for entry in self._recent
                if entry[0] >= since and stamp_ns(entry[1].header) <= now_ns + BACK_NS
            ]
            self._recent = deque(kept, _MOST_RECENT)
            for _, transform in kept:
                self._set(transform, "tips")

    def matrix(self, target: str, source: str, at: Time) -> NDArray[np.float64]:
        """(4, 4) rigid: ``p_target = matrix @ (p_source, 1)``; the newest where `at` is 0.

        Raises:
            TransformError: it is not known now.
        """
        target, source = strip_slash(target), strip_slash(source)
        with self._lock:
            try:
                return self._buffer.matrix(target, source, at.nanoseconds)
            except TransformUnknown as error:
                raise _reason(target, source, at.nanoseconds, error) from error

    def _set(self, transform: Any, authority: str) -> None:
        child, at_ns = strip_slash(transform.child_frame_id), stamp_ns(transform.header)
        newest_ns = self._newest_ns.get(child, at_ns)
        if at_ns < newest_ns - BACK_NS:
            # A frame that turns static, and back, has no history any more. Others keep theirs:
            # each begins its new time with its own first transform.
            self._buffer.set_transform_static(transform, authority)
            newest_ns = at_ns
        self._buffer.set_transform(transform, authority)
        self._newest_ns[child] = max(newest_ns, at_ns)


def _reason(target: str, source: str, at_ns: int, unknown: TransformUnknown) -> TransformError:
    reason = f"no transform from {source} to {target}: {unknown}"
    if not unknown.at_other_times:
        return TransformError(reason, may_come=bool(target and source))
    # Known later and not then: it was said before anybody listened, and never will be again.
    # Known much later: of a time before that of the image, perhaps, and the new one begins.
    newest_ns = unknown.newest_ns
    gone = newest_ns is not None and 0 <= newest_ns - at_ns <= BACK_NS
    return TransformError(reason, not gone, at_other_times=True, newest_ns=newest_ns)
