# SPDX-License-Identifier: Apache-2.0
"""Transforms between frames at a time, as a bag recorded them on /tf and /tf_static."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from transforms3d.affines import compose
from transforms3d.quaternions import axangle2quat, qinverse, qmult, quat2axangle, quat2mat

from tips_ros.bags import BagMessage, BagReader
from tips_ros.messages.transform_error import TransformError
from tips_ros.offline.readable import read_if_whole

_STATIC, _MOVING = "/tf_static", "/tf"
_TYPE = "tf2_msgs/msg/TFMessage"


class _Pose(NamedTuple):
    """Of a frame in its parent."""

    stamp_ns: int
    translation_m: NDArray[np.float64]  # (3,)
    quaternion: NDArray[np.float64]  # (4,) w x y z, of unit length


class RecordedTransforms:
    """The tree of frames of a bag; between two recorded transforms it interpolates, as tf2 does."""

    def __init__(self, reader: BagReader) -> None:
        """Read all transforms of the bag."""
        self.parent_of: dict[str, str] = {}
        self._fixed: dict[str, _Pose] = {}
        self._moving: dict[str, list[_Pose]] = {}
        for message in reader.messages(_transform_topics(reader)):
            for transform in _transforms(reader, message):
                child = _bare(transform.child_frame_id)
                pose = _pose(transform)
                if pose is None:
                    continue
                self.parent_of[child] = _bare(transform.header.frame_id)
                if message.topic == _STATIC:
                    self._fixed[child] = pose
                else:
                    self._moving.setdefault(child, []).append(pose)
        for poses in self._moving.values():
            poses.sort(key=lambda pose: pose.stamp_ns)

    def chain(self, frame_id: str, world: str = "") -> list[str]:
        """The frame and those above it but for the world, or the root where none is named.

        Empty for a frame without a parent, and where the world is not above it.
        """
        frame, world, chain = _bare(frame_id), _bare(world), list[str]()
        while frame in self.parent_of and frame not in chain and frame != world:
            chain.append(frame)
            frame = self.parent_of[frame]
        return chain if world in ("", frame) else []

    def moves(self, child: str) -> bool:
        """Whether a frame moves in its parent."""
        return child in self._moving

    def pose(self, chain: list[str], stamp_ns: int) -> NDArray[np.float64] | None:
        """(4, 4) from the first frame of a chain to the parent of its last; None where unknown."""
        parent_from_frame = np.eye(4)
        for child in chain:
            link = (
                _between(self._moving[child], stamp_ns)
                if child in self._moving
                else self._fixed[child]
            )
            if link is None:
                return None
            pose = compose(link.translation_m, quat2mat(link.quaternion), np.ones(3))
            parent_from_frame = pose @ parent_from_frame
        return parent_from_frame

    def transform(self, target: str, source: str, stamp: Any) -> NDArray[np.float64]:
        """(4, 4) ``p_target = transform @ (p_source, 1)`` at a time.

        Raises:
            TransformError: the bag does not tell it.
        """
        above = [self._to_root(_bare(frame)) for frame in (target, source)]
        meeting = next((frame for frame in above[0] if frame in above[1]), None)
        if meeting is None:
            raise TransformError(f"the bag has no transform from {source} to {target}")
        stamp_ns = stamp.sec * 10**9 + stamp.nanosec
        poses = [self.pose(frames[: frames.index(meeting)], stamp_ns) for frames in above]
        if poses[0] is None or poses[1] is None:
            raise TransformError(
                f"the bag has no transform from {source} to {target} at {stamp_ns / 1e9:.3f} s"
            )
        return np.asarray(np.linalg.inv(poses[0]) @ poses[1], np.float64)

    def _to_root(self, frame: str) -> list[str]:
        chain = self.chain(frame)
        return [*chain, self.parent_of[chain[-1]]] if chain else [frame]


def _transform_topics(reader: BagReader) -> list[str]:
    topics = (reader.topics.get(name) for name in (_STATIC, _MOVING))
    return [topic.name for topic in topics if topic is not None and topic.type == _TYPE]


def _transforms(reader: BagReader, message: BagMessage) -> Iterable[Any]:
    """None of a message that can't be read: poses are no more than welcome."""
    read = read_if_whole(reader, message)
    return () if read is None else read.transforms


def _bare(frame_id: str) -> str:
    return str(frame_id).lstrip("/")


def _pose(transform: Any) -> _Pose | None:
    """None for a quaternion that is no rotation."""
    t, q = transform.transform.translation, transform.transform.rotation
    quaternion = np.array([q.w, q.x, q.y, q.z])
    length = float(np.linalg.norm(quaternion))
    if not np.isfinite(length) or length < 1e-6:
        return None
    stamp = transform.header.stamp
    stamp_ns = stamp.sec * 10**9 + stamp.nanosec
    return _Pose(stamp_ns, np.array([t.x, t.y, t.z]), quaternion / length)


def _between(poses: list[_Pose], stamp_ns: int) -> _Pose | None:
    after = bisect_left(poses, stamp_ns, key=lambda pose: pose.stamp_ns)
    if after == len(poses):
        return None
    late = poses[after]
    if late.stamp_ns == stamp_ns:
        return late
    if after == 0:
        return None
    early = poses[after - 1]
    share = (stamp_ns - early.stamp_ns) / (late.stamp_ns - early.stamp_ns)
    translation_m = early.translation_m + share * (late.translation_m - early.translation_m)
    return _Pose(stamp_ns, translation_m, _slerp(early.quaternion, late.quaternion, share))


def _slerp(a: NDArray[np.float64], b: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Unit quaternions (w x y z) on the shorter arc from `a` (share 0) to `b` (share 1)."""
    axis, angle = quat2axangle(qmult(b, qinverse(a)))  # 0 to 2 pi
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    return np.asarray(qmult(axangle2quat(axis, share * angle), a))
