# SPDX-License-Identifier: Apache-2.0
"""Poses of a camera from the transforms that a bag recorded on /tf and /tf_static."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagReader
from tips_ros.offline.recorded_transforms import RecordedTransforms


class CameraPoses:
    """Poses of one frame in the frame at the root of its tree.

    Between two recorded transforms the pose is interpolated, as tf2 does; before the first and
    after the last of them there is none. Where no link of the chain moves, nothing tells whether
    the camera stood still or nobody said where it was: then there is none, too.
    """

    def __init__(self, reader: BagReader, frame_id: str, world: str = "") -> None:
        """Read all transforms of the bag; `world` is told in, instead of the root of the tree."""
        self._tree = RecordedTransforms(reader)
        self._chain = self._tree.chain(frame_id, world)
        self._moves = any(self._tree.moves(child) for child in self._chain)

    def at(self, stamp_ns: int) -> NDArray[np.float64] | None:
        """(4, 4) world_from_frame at a time; None where it is not known."""
        return self._tree.pose(self._chain, stamp_ns) if self._moves else None
