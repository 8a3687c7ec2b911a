# SPDX-License-Identifier: Apache-2.0
"""A frame's pose in its parent at one time, and what lies between two of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from transforms3d.affines import compose
from transforms3d.quaternions import axangle2quat, qinverse, qmult, quat2axangle, quat2mat

_SHORTEST = 1e-6  # of a quaternion that may have been meant


class Pose(NamedTuple):
    """A frame in its parent.

    Attributes:
        stamp_ns: when.
        parent: the parent's name.
        translation_m: x, y, z of the frame's origin.
        quaternion: w, x, y, z, of unit length, the frame's orientation.
    """

    stamp_ns: int
    parent: str
    translation_m: tuple[float, float, float]
    quaternion: tuple[float, float, float, float]

    @classmethod
    def from_ros(
        cls,
        stamp_ns: int,
        parent: str,
        translation_m: tuple[float, float, float],
        quaternion_xyzw: tuple[float, float, float, float],
    ) -> Pose:
        """A pose as ROS tells it: the real part of the quaternion last, its length about 1.

        Raises:
            ValueError: it is no pose.
        """
        length = math.hypot(*quaternion_xyzw)
        if not _SHORTEST < length < math.inf:
            raise ValueError(f"{quaternion_xyzw} is no rotation; a quaternion has the length 1")
        if not all(map(math.isfinite, translation_m)):
            raise ValueError(f"{translation_m} is no place")
        x, y, z, w = (part / length for part in quaternion_xyzw)
        return cls(stamp_ns, parent, translation_m, (w, x, y, z))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(4, 4) rigid: ``p_parent = matrix @ (p_frame, 1)``."""
        return compose(self.translation_m, quat2mat(self.quaternion), np.ones(3))


def pose_between(early: Pose, late: Pose, stamp_ns: int) -> Pose:
    """The pose at a time between two, as tf2 has it: straight on, and about one axis.

    A frame that changed its parent meanwhile keeps the earlier one until the later time.
    """
    if early.parent != late.parent:
        return early
    share = (stamp_ns - early.stamp_ns) / (late.stamp_ns - early.stamp_ns)
    x, y, z = (
        a + share * (b - a) for a, b in zip(early.translation_m, late.translation_m, strict=True)
    )
    axis, angle = quat2axangle(qmult(late.quaternion, qinverse(early.quaternion)))  # 0 to 2 pi
    angle = (angle + math.pi) % (2 * math.pi) - math.pi  # the shorter way round
    w, i, j, k = qmult(axangle2quat(axis, share * angle), early.quaternion).tolist()
    return Pose(stamp_ns, early.parent, (x, y, z), (w, i, j, k))
