# SPDX-License-Identifier: Apache-2.0
"""Coordinate frames: where the camera was, as tf2 tells it where that is installed."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.time import Time

from tips_ros.perception.regions.oriented_box import transform_matrix

_ASK_AGAIN_S = 0.01


class FrameError(ValueError):
    """There is no such transform now; says why."""


class NoTransforms(FrameError):
    """There is none and there will be none: tf2 is not installed."""


class Frames:
    """Transforms between frames. Listens to /tf from `listen`, or the first question, on."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._buffer: Any = None
        self._listener: Any = None

    def listen(self) -> bool:
        """Listens to /tf and /tf_static, if it does not yet; False where tf2 is not installed."""
        with self._lock:
            if self._buffer is not None:
                return True
            try:
                from tf2_ros import Buffer, TransformListener
            except ImportError:
                return False
            buffer = Buffer()
            self._listener = TransformListener(buffer, self._node, spin_thread=False)
            self._buffer = buffer
            return True

    def clear(self) -> None:
        """Forgets what is not static, as when time goes back: the tree takes nothing older."""
        if self._buffer is not None:
            self._buffer.clear()

    def transform(
        self, target: str, source: str, stamp: Any, timeout_s: float
    ) -> NDArray[np.float64]:
        """(4, 4) rigid: ``p_target = transform @ (p_source, 1)``.

        Args:
            target, source: frame ids.
            stamp: builtin_interfaces/Time at which it is wanted.
            timeout_s: how long to wait until the tree knows that time, in seconds of real time:
                simulated time may stand still.

        Raises:
            NoTransforms: tf2 is not installed.
            FrameError: it knows no such transform.
        """
        if target == source:
            return np.eye(4)
        if not self.listen():
            raise NoTransforms(
                f"from {source} to {target} takes tf2_ros, which is not installed (the package "
                "ros-$ROS_DISTRO-tf2-ros-py)"
            )
        from tf2_ros import TransformException

        try:
            at = Time.from_msg(stamp)
        except ValueError as error:  # before 1970
            raise FrameError(f"no transform from {source} to {target}: {error}") from error
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                found = self._buffer.lookup_transform(target, source, at)
                break
            except TransformException as error:
                if time.monotonic() >= deadline:
                    raise FrameError(f"no transform from {source} to {target}: {error}") from error
            time.sleep(_ASK_AGAIN_S)
        t, q = found.transform.translation, found.transform.rotation
        return transform_matrix((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))
