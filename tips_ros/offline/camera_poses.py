# SPDX-License-Identifier: Apache-2.0
"""Poses of a camera from the transforms that a bag recorded on /tf and /tf_static."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from transforms3d.affines import compose
from transforms3d.quaternions import axangle2quat, qinverse, qmult, quat2axangle, quat2mat

from tips_ros.bags import BagMessage, BagReader
from tips_ros.offline.readable import read_if_whole

_STATIC, _MOVING = "/tf_static", "/tf"
_TYPE = "tf2_msgs/msg/TFMessage"


class _Pose(NamedTuple):
    """Pose of a frame in its parent."""

    stamp_ns: int
    translation_m: NDArray[np.float64]  # (3,)
    quaternion: NDArray[np.float64]  # (4,) w x y z, of unit length


class CameraPoses:
    """Poses of one frame in the frame at the root of its tree.

    Between two recorded transforms the pose is interpolated, as tf2 does; before the first and
    after the last of them there is none. Where no link of the chain moves, nothing tells whether
    the camera stood still or nobody said where it was: then there is none, too.
    """

    def __init__(self, reader: BagReader, frame_id: str, world: str = "") -> None:
        """Read all transforms of the bag; `world` is told in, instead of the root of the tree."""
        parent_of: dict[str, str] = {}
        fixed: dict[str, _Pose] = {}
        moving: dict[str, list[_Pose]] = {}
        for message in reader.messages(_transform_topics(reader)):
            for transform in _transforms(reader, message):
                child = _bare(transform.child_frame_id)
                pose = _pose(transform)
                if pose is None:
                    continue
                parent_of[child] = _bare(transform.header.frame_id)
                if message.topic == _STATIC:
                    fixed[child] = pose
                else:
                    moving.setdefault(child, []).append(pose)
        chain = _chain(_bare(frame_id), parent_of, _bare(world))
        self._moves = any(child in moving for child in chain)
        self._links = [
            sorted(moving[child], key=lambda pose: pose.stamp_ns)
            if child in moving
            else [fixed[child]]
            for child in chain
        ]
        self._is_fixed = [child not in moving for child in chain]

    def at(self, stamp_ns: int) -> NDArray[np.float64] | None:
        """(4, 4) world_from_frame at a time; None where it is not known."""
        if not self._moves:
            return None
        world_from_frame = np.eye(4)
        for poses, is_fixed in zip(self._links, self._is_fixed, strict=True):
            link = poses[-1] if is_fixed else _interpolate(poses, stamp_ns)
            if link is None:
                return None
            pose = compose(link.translation_m, quat2mat(link.quaternion), np.ones(3))
            world_from_frame = pose @ world_from_frame
        return world_from_frame


def _transform_topics(reader: BagReader) -> list[str]:
    topics = (reader.topics.get(name) for name in (_STATIC, _MOVING))
    return [topic.name for topic in topics if topic is not None and topic.type == _TYPE]


def _transforms(reader: BagReader, message: BagMessage) -> Iterable[Any]:
    """None of a message that can't be read: poses are no more than welcome."""
    read = read_if_whole(reader, message)
    return () if read is None else read.transforms


def _bare(frame_id: str) -> str:
    return str(frame_id).lstrip("/")


def _chain(frame: str, parent_of: dict[str, str], world: str) -> list[str]:
    """The frame and those above it but for the world, or the root where none is named.

    Empty for a frame without a parent, and where the world is not above it.
    """
    chain: list[str] = []
    while frame in parent_of and frame not in chain and frame != world:
        chain.append(frame)
        frame = parent_of[frame]
    return chain if world in ("", frame) else []


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


def _interpolate(poses: list[_Pose], stamp_ns: int) -> _Pose | None:
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
