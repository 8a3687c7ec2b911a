# SPDX-License-Identifier: Apache-2.0
"""Coordinate frames: where the camera was, as tf2 tells it where that is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time

from tips_ros.perception.regions.oriented_box import transform_matrix


class FrameError(ValueError):
    """There is no such transform now; says why."""


class Frames:
    """Transforms between frames. Listens to /tf from the first time that somebody asks."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None

    def transform(
        self, target: str, source: str, stamp: Any, timeout_s: float
    ) -> NDArray[np.float64]:
        """(4, 4) rigid: ``p_target = transform @ (p_source, 1)``.

        Args:
            target, source: frame ids.
            stamp: builtin_interfaces/Time at which it is wanted.
            timeout_s: how long to wait until the tree knows that time.

        Raises:
            FrameError: tf2 is not installed, or it knows no such transform.
        """
        if target == source:
            return np.eye(4)
        if self._buffer is None:
            self._listen(target, source)
        from tf2_ros import TransformException

        timeout = Duration(nanoseconds=round(timeout_s * 1e9))
        try:
            found = self._buffer.lookup_transform(target, source, Time.from_msg(stamp), timeout)
        except TransformException as error:
            raise FrameError(f"no transform from {source} to {target}: {error}") from error
        t, q = found.transform.translation, found.transform.rotation
        return transform_matrix((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))

    def _listen(self, target: str, source: str) -> None:
        try:
            from tf2_ros import Buffer, TransformListener
        except ImportError:
            raise FrameError(
                f"from {source} to {target} takes tf2_ros, which is not installed (the package "
                "ros-$ROS_DISTRO-tf2-ros-py)"
            ) from None
        buffer = Buffer()
        self._listener = TransformListener(buffer, self._node, spin_thread=False)
        self._buffer = buffer
