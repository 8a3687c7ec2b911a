# SPDX-License-Identifier: Apache-2.0
"""Coordinate frames: where the camera was, by what is said on /tf and /tf_static."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.time import Time

from tips_ros.messages.transform_error import TransformError
from tips_ros.ros.transforms.listener import TransformListener
from tips_ros.ros.transforms.tree import TransformTree

_ASK_AGAIN_S = 0.01
# Transforms that go on by so much while somebody waits for an earlier time are of the same time.
_GOES_ON_NS = 300_000_000
# Most who may wait at once: each holds a thread that /tf itself needs.
_MOST_WAITING = 16


class TransformLookup:
    """Transforms between frames. Listens to /tf from `listen`, or the first question, on."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._tree: TransformTree | None = None  # while it listens
        self._listener: TransformListener | None = None
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)
        self._absent = False  # nothing of tf is installed: to look for it each frame takes a while
        self._ended = ""  # why nobody waits any more

    @property
    def listens(self) -> bool:
        """Whether /tf is heard."""
        return self._tree is not None

    def listen(self, wait_s: float = 0.0) -> bool:
        """Listens to /tf and /tf_static, if it does not yet; False where they can not be heard.

        Args:
            wait_s: how long to wait for the first transform where it has only just begun.
        """
        if self._absent:
            return False
        with self._lock:
            tree, begins = self._tree, self._tree is None
            if tree is None:
                try:
                    tree = TransformTree()
                    self._listener = TransformListener(self._node, tree)
                except ImportError:
                    self._absent = True
                    return False
                self._tree = tree
        if begins and wait_s > 0.0:
            tree.wait_until_heard(wait_s)
        return True

    def rewind(self, now_ns: int) -> None:
        """Forgets what is later than this, static transforms aside: time went back to it."""
        if (tree := self._tree) is not None:
            tree.rewind(now_ns)

    def transform(
        self, target: str, source: str, stamp: Any, timeout_s: float = 0.0
    ) -> NDArray[np.float64]:
        """(4, 4) rigid: ``p_target = transform @ (p_source, 1)``.

        Args:
            target, source: frame ids.
            stamp: builtin_interfaces/Time at which it is wanted.
            timeout_s: how long to wait until the tree knows that time, in seconds of real time:
                simulated time may stand still.

        Raises:
            TransformError: it knows no such transform, or nothing of tf is installed.
        """
        if target == source:
            return np.eye(4)
        if not self.listen():
            raise TransformError(
                f"from {source} to {target} takes tf2_ros or tf2_msgs, and neither is installed "
                "(the package ros-$ROS_DISTRO-tf2-ros-py brings both)"
            )
        try:
            at = Time.from_msg(stamp)
        except ValueError as error:  # before 1970
            raise TransformError(f"no transform from {source} to {target}: {error}") from error
        if timeout_s <= 0.0:
            return self._now(target, source, at)
        if not self._waiting.acquire(blocking=False):
            raise TransformError(
                f"{_MOST_WAITING} calls wait for a transform already; try again later"
            )
        try:
            return self._within(target, source, at, timeout_s)
        finally:
            self._waiting.release()

    def end_waiting(self, reason: str) -> None:
        """Has nobody wait any more, for good."""
        self._ended = reason

    def close(self) -> None:
        """Ends listening, until it is asked for again, and the waiting of those who wait."""
        with self._lock:
            listener, self._listener, self._tree = self._listener, None, None
        if listener is not None:
            listener.close()

    def _now(self, target: str, source: str, at: Time) -> NDArray[np.float64]:
        tree = self._tree
        if tree is None:
            raise TransformError("the node was deactivated")
        return tree.matrix(target, source, at)

    def _within(
        self, target: str, source: str, at: Time, timeout_s: float
    ) -> NDArray[np.float64]:
        deadline = time.monotonic() + timeout_s
        began_ns: int | None = None  # the newest there was
        while True:
            try:
                return self._now(target, source, at)
            except TransformError as error:
                newest_ns = error.newest_ns
                began_ns = newest_ns if began_ns is None else began_ns
                if newest_ns is not None and began_ns is not None and newest_ns > at.nanoseconds:
                    # Much later than the image can mean that time begins anew. Not if it goes on.
                    error.may_come &= newest_ns - began_ns < _GOES_ON_NS
                if not error.may_come or time.monotonic() >= deadline:
                    raise
                if self._ended:
                    raise TransformError(self._ended) from error
            time.sleep(_ASK_AGAIN_S)
