# SPDX-License-Identifier: Apache-2.0
"""Buffers of transforms, asked alike: tf2's where it is installed, else a graph of our own."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.time import Time

from tips_ros.messages.transforms import child_and_pose
from tips_ros.perception.poses.transform_graph import TransformGraph, TransformUnknown
from tips_ros.perception.regions.oriented_box import transform_matrix


class Buffer(Protocol):
    """Keeps transforms. Not for several threads at once."""

    def set_transform(self, transform: Any, authority: str) -> None:
        """Takes a geometry_msgs/TransformStamped. One of a fixed frame begins a new history."""

    def set_transform_static(self, transform: Any, authority: str) -> None:
        """Takes one that holds at all times; what was known of the frame goes."""

    def clear(self) -> None:
        """Forgets what is not static."""

    def matrix(self, target: str, source: str, at_ns: int) -> NDArray[np.float64]:
        """(4, 4) ``p_target = matrix @ (p_source, 1)``; the newest where `at_ns` is 0.

        Raises:
            TransformUnknown: there is none.
        """


def new_buffer(kept_s: float) -> Buffer:
    """A buffer that knows as much of the past."""
    try:
        return _Tf2Buffer(kept_s)
    except ImportError:
        return _GraphBuffer(kept_s)


class _GraphBuffer:
    def __init__(self, kept_s: float) -> None:
        self._graph = TransformGraph(kept_s)

    def set_transform(self, transform: Any, authority: str) -> None:
        self._graph.add(*child_and_pose(transform))

    def set_transform_static(self, transform: Any, authority: str) -> None:
        self._graph.add(*child_and_pose(transform), fixed=True)

    def clear(self) -> None:
        self._graph.forget_moving()

    def matrix(self, target: str, source: str, at_ns: int) -> NDArray[np.float64]:
        at_ns = at_ns or self._graph.newest_common_ns(target, source) or 0
        return self._graph.matrix(target, source, at_ns)


class _Tf2Buffer:
    def __init__(self, kept_s: float) -> None:
        self._tf2: Any = importlib.import_module("tf2_ros")
        self._buffer = self._tf2.Buffer(Duration(seconds=kept_s))
        self.set_transform = self._buffer.set_transform
        self.set_transform_static = self._buffer.set_transform_static
        self.clear = self._buffer.clear

    def matrix(self, target: str, source: str, at_ns: int) -> NDArray[np.float64]:
        try:
            found = self._buffer.lookup_transform(target, source, Time(nanoseconds=at_ns))
        except self._tf2.TransformException as error:
            raise self._unknown(target, source, error) from error
        t, q = found.transform.translation, found.transform.rotation
        return transform_matrix((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))

    def _unknown(self, target: str, source: str, error: Exception) -> TransformUnknown:
        reason = str(error).strip(" .,")
        if not isinstance(error, self._tf2.ExtrapolationException):
            return TransformUnknown(reason)
        try:
            newest_ns = self._buffer.get_latest_common_time(target, source).nanoseconds
        except self._tf2.TransformException:  # there is nothing of one of them just now
            newest_ns = None
        return TransformUnknown(reason, True, newest_ns)
