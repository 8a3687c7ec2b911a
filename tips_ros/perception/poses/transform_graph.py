# SPDX-License-Identifier: Apache-2.0
"""Frames that hang on each other and move: where one is in another at a time.

It answers as tf2 does, and serves where that is not installed and for bags.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.poses.pose import Pose, pose_between


class TransformUnknown(ValueError):
    """The graph has no such transform; says why.

    Attributes:
        at_other_times: whether the frames are known, and connected, at other times.
        newest_ns: the last time at which they are; None where there is none just now.
    """

    def __init__(
        self, reason: str, at_other_times: bool = False, newest_ns: int | None = None
    ) -> None:
        super().__init__(reason)
        self.at_other_times, self.newest_ns = at_other_times, newest_ns


class _Link:
    """One frame in its parent: at all times, or by time."""

    def __init__(self, fixed: bool) -> None:
        self.fixed = fixed
        self.poses: list[Pose] = []  # rising stamps, no two the same

    def add(self, pose: Pose, kept_ns: float) -> None:
        if self.fixed:
            self.poses = [pose]
            return
        poses = self.poses
        if not poses:
            poses.append(pose)
            return
        # Before the pose is added, as in tf2: a frame told after a long pause keeps the one before.
        oldest_ns = poses[-1].stamp_ns - kept_ns
        if poses[0].stamp_ns < oldest_ns:
            del poses[: bisect_left(poses, oldest_ns, key=_stamp)]
        if pose.stamp_ns > poses[-1].stamp_ns:
            poses.append(pose)
        elif pose.stamp_ns >= oldest_ns and self._is_new(pose):
            insort(poses, pose, key=_stamp)

    def at(self, stamp_ns: int) -> Pose | None:
        """None before the first and after the last."""
        poses = self.poses
        if self.fixed:
            return poses[0]
        after = bisect_left(poses, stamp_ns, key=_stamp)
        if after == len(poses):
            return None
        if poses[after].stamp_ns == stamp_ns:
            return poses[after]
        return pose_between(poses[after - 1], poses[after], stamp_ns) if after else None

    def _is_new(self, pose: Pose) -> bool:
        """Whether there is none of its time: what was said first counts."""
        at = bisect_left(self.poses, pose.stamp_ns, key=_stamp)
        return at == len(self.poses) or self.poses[at].stamp_ns != pose.stamp_ns


class TransformGraph:
    """Poses of frames in their parents, by time. Not for several threads at once.

    Between two times a pose is interpolated; before the first and after the last there is none.
    """

    def __init__(self, kept_s: float = math.inf) -> None:
        """`kept_s` is how long poses are kept, before the newest of their frame."""
        self._kept_ns = kept_s * 1e9
        self._links: dict[str, _Link] = {}  # by child
        self._frames: set[str] = set()

    def __len__(self) -> int:
        """Poses held, of all frames."""
        return sum(len(link.poses) for link in self._links.values())

    def add(self, child: str, pose: Pose, fixed: bool = False) -> None:
        """Takes a pose of a frame in its parent. One that turns fixed, or back, begins anew.

        Args:
            child: the frame.
            pose: of it; one that is older than what is kept, or of a time that is known, is left.
            fixed: whether it holds at all times.

        Raises:
            ValueError: a frame without a name, or in itself.
        """
        if not child or not pose.parent or child == pose.parent:
            raise ValueError(f'no frame "{child}" can be in "{pose.parent}"')
        link = self._links.get(child)
        if link is None or link.fixed != fixed:
            link = self._links[child] = _Link(fixed)
        link.add(pose, self._kept_ns)
        self._frames.update((child, pose.parent))

    def forget_moving(self) -> None:
        """Forgets all poses but the fixed ones."""
        for link in self._links.values():
            if not link.fixed:
                link.poses.clear()

    def matrix(self, target: str, source: str, stamp_ns: int) -> NDArray[np.float64]:
        """(4, 4) rigid: ``p_target = matrix @ (p_source, 1)``.

        Raises:
            TransformUnknown: there is none at that time.
        """
        for frame in (target, source):
            if frame not in self._frames:
                raise TransformUnknown(f'"{frame}" does not exist')
        up, source_end = self._upwards(source, stamp_ns)
        down, target_end = self._upwards(target, stamp_ns)
        for frame, matrix in up.items():
            if frame in down:
                return np.linalg.inv(down[frame]) @ matrix
        end = source_end or target_end
        if not end:
            raise TransformUnknown(f'"{source}" and "{target}" are not connected')
        poses = self._links[end].poses
        raise TransformUnknown(
            f'"{end}" at {stamp_ns / 1e9:.3f} s {_relation(poses, stamp_ns)}',
            True,
            self.newest_common_ns(target, source),
        )

    def newest_common_ns(self, target: str, source: str) -> int | None:
        """The last time at which one is known in the other; None without any, 0 where all is fixed.
        """
        up, down = self.ancestors(source), self.ancestors(target)
        above = next((frame for frame in up if frame in down), None)
        if above is None:
            return None
        on_the_way = [self._links[f] for f in (*up[: up.index(above)], *down[: down.index(above)])]
        moving = [link.poses for link in on_the_way if not link.fixed]
        return min((poses[-1].stamp_ns for poses in moving), default=0)

    def ancestors(self, frame: str) -> list[str]:
        """The frame, its parent, and so on to the root, by the newest poses."""
        chain = [frame]
        while (link := self._links.get(frame)) is not None and link.poses:
            frame = link.poses[-1].parent
            if frame in chain:
                break
            chain.append(frame)
        return chain

    def is_fixed(self, frame: str) -> bool:
        """Whether the frame has no time in its parent, or no parent."""
        link = self._links.get(frame)
        return link is None or link.fixed

    def _upwards(self, frame: str, stamp_ns: int) -> tuple[dict[str, NDArray[np.float64]], str]:
        """The frame in itself and in those above it; the last one, where time ends the way."""
        chain = {frame: np.eye(4)}
        while (link := self._links.get(frame)) is not None:
            pose = link.at(stamp_ns)
            if pose is None:
                return chain, frame
            if pose.parent in chain:
                break
            chain[pose.parent] = pose.matrix @ chain[frame]
            frame = pose.parent
        return chain, ""


def _stamp(pose: Pose) -> int:
    return pose.stamp_ns


def _relation(poses: list[Pose], stamp_ns: int) -> str:
    if not poses:
        return "is not known: nobody has told since time began anew"
    if stamp_ns < poses[0].stamp_ns:
        return f"lies in the past: it is known from {poses[0].stamp_ns / 1e9:.3f} s on"
    return f"lies in the future: it is known up to {poses[-1].stamp_ns / 1e9:.3f} s"
