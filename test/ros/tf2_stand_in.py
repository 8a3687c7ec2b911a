# SPDX-License-Identifier: Apache-2.0
"""A `tf2_ros` that needs no tf2: what the node uses of it, with the behaviour of the real one.

Held against tf2_ros of Jazzy: what is refused, in which words, and what `clear` leaves. Rotations
are not interpolated. Its listener takes geometry_msgs/TransformStamped where tf2's takes
tf2_msgs/TFMessage, whose package needs not be installed.
"""

from __future__ import annotations

import threading
from bisect import insort
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from transforms3d.quaternions import mat2quat

from tips_ros.perception.regions.oriented_box import transform_matrix


class TransformException(Exception):
    """As tf2's, and its kinds."""


class LookupException(TransformException):
    pass


class ConnectivityException(TransformException):
    pass


class ExtrapolationException(TransformException):
    pass


class InvalidArgumentException(TransformException):
    pass


def _ns(transform: TransformStamped) -> int:
    return transform.header.stamp.sec * 10**9 + transform.header.stamp.nanosec


def _plain(frame: str) -> str:
    return frame.removeprefix("/")


def _matrix(transform: TransformStamped) -> np.ndarray:
    t, q = transform.transform.translation, transform.transform.rotation
    return transform_matrix((t.x, t.y, t.z), (q.x, q.y, q.z, q.w))


class _Edge:
    """One child frame: static, or samples in the order of their stamps."""

    def __init__(self, static: bool) -> None:
        self.static = static
        self.samples: list[tuple[int, int, TransformStamped]] = []

    @property
    def latest_ns(self) -> int:
        return self.samples[-1][0] if self.samples else 0


class Buffer:
    """The tree, and how much it refused as old (the real one writes TF_OLD_DATA each time)."""

    old_data = 0

    def __init__(self, cache_time: Duration | None = None, node: Any = None) -> None:
        self._cache_ns = (cache_time or Duration(seconds=10)).nanoseconds
        self._edges: dict[str, _Edge] = {}
        self._count = 0
        self._lock = threading.Lock()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        self._set(transform, False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        self._set(transform, True)

    def clear(self) -> None:
        for edge in self._edges.values():
            if not edge.static:
                edge.samples.clear()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration | None = None
    ) -> Any:
        with self._lock:
            for frame, name in ((target_frame, "target_frame"), (source_frame, "source_frame")):
                self._check(frame, name)
            at = time.nanoseconds or self._latest_ns(target_frame, source_frame)
            up, why_not = self._upwards(source_frame, at)
            down, neither = self._upwards(target_frame, at)
            meeting = [frame for frame in up if frame in down]
            if not meeting:
                raise why_not or neither or ConnectivityException("not part of the same tree")
            matrix = np.linalg.inv(down[meeting[0]]) @ up[meeting[0]]
        return SimpleNamespace(transform=_transform(matrix))

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        return Time(nanoseconds=self._latest_ns(target_frame, source_frame))

    def _set(self, transform: TransformStamped, static: bool) -> None:
        with self._lock:
            child = _plain(transform.child_frame_id)
            edge = self._edges.get(child)
            if edge is None or edge.static != static:
                edge = self._edges[child] = _Edge(static)
            at = _ns(transform)
            if static:
                edge.samples = [(0, 0, transform)]
                return
            if edge.samples and at < edge.latest_ns - self._cache_ns:
                Buffer.old_data += 1
                return
            self._count += 1
            insort(edge.samples, (at, self._count, transform))
            oldest = edge.latest_ns - self._cache_ns
            edge.samples = [sample for sample in edge.samples if sample[0] >= oldest]

    def _check(self, frame: str, name: str) -> None:
        if not frame or frame.startswith("/"):
            raise InvalidArgumentException(f'Invalid argument "{frame}" passed to lookupTransform')
        known = {_plain(s[2].header.frame_id) for e in self._edges.values() for s in e.samples}
        if frame not in self._edges and frame not in known:
            raise LookupException(
                f'"{frame}" passed to lookupTransform argument {name} does not exist. '
            )

    def _upwards(
        self, frame: str, at: int
    ) -> tuple[dict[str, np.ndarray], ExtrapolationException | None]:
        """The frame's places in itself and its ancestors, and why not in those above."""
        chain = {frame: np.eye(4)}
        while (edge := self._edges.get(frame)) is not None:
            try:
                transform = self._at(frame, edge, at)
            except ExtrapolationException as error:
                return chain, error
            below, frame = chain[frame], _plain(transform.header.frame_id)
            chain[frame] = _matrix(transform) @ below
        return chain, None

    def _at(self, frame: str, edge: _Edge, at: int) -> TransformStamped:
        samples = edge.samples
        if edge.static:
            return samples[0][2]
        if not samples:
            raise ExtrapolationException(f", when looking up transform from frame [{frame}]")
        if at < samples[0][0]:
            raise ExtrapolationException("Lookup would require extrapolation into the past.")
        if at > samples[-1][0]:
            raise ExtrapolationException("Lookup would require extrapolation into the future.")
        before = max((s for s in samples if s[0] <= at), key=lambda s: s[0])
        after = min((s for s in samples if s[0] >= at), key=lambda s: s[0])
        share = 0.0 if after[0] == before[0] else (at - before[0]) / (after[0] - before[0])
        between = TransformStamped(header=before[2].header, child_frame_id=frame)
        between.transform.rotation = before[2].transform.rotation
        a, b = before[2].transform.translation, after[2].transform.translation
        for axis in "xyz":
            value = getattr(a, axis) * (1 - share) + getattr(b, axis) * share
            setattr(between.transform.translation, axis, value)
        return between

    def _latest_ns(self, target: str, source: str) -> int:
        edges, roots = [], []
        for frame in (target, source):
            while (edge := self._edges.get(frame)) is not None:
                if not edge.samples:
                    raise TransformException("Could not find a connection")
                if not edge.static:
                    edges.append(edge)
                frame = _plain(edge.samples[-1][2].header.frame_id)
            roots.append(frame)
        if roots[0] != roots[1]:
            raise TransformException("Could not find a connection")
        return min((edge.latest_ns for edge in edges), default=0)


def _transform(matrix: np.ndarray) -> Any:
    w, x, y, z = mat2quat(matrix[:3, :3])
    return SimpleNamespace(
        translation=SimpleNamespace(**dict(zip("xyz", matrix[:3, 3], strict=True))),
        rotation=SimpleNamespace(x=x, y=y, z=z, w=w),
    )


class TransformListener:
    """Hands what is said on /tf and /tf_static to a buffer."""

    def __init__(self, buffer: Any, node: Any, *, spin_thread: bool = False) -> None:
        self._node = node
        static = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._subscriptions = [
            node.create_subscription(
                TransformStamped, "/tf", lambda t: buffer.set_transform(t, "default_authority"), 100
            ),
            node.create_subscription(
                TransformStamped,
                "/tf_static",
                lambda t: buffer.set_transform_static(t, "default_authority"),
                static,
            ),
        ]

    def unregister(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)


def module() -> ModuleType:
    """To be put into `sys.modules` as tf2_ros."""
    made = ModuleType("tf2_ros")
    for part in (Buffer, TransformListener, TransformException, LookupException):
        setattr(made, part.__name__, part)
    for part in (ConnectivityException, ExtrapolationException, InvalidArgumentException):
        setattr(made, part.__name__, part)
    return made
