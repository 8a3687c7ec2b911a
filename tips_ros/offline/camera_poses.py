# SPDX-License-Identifier: Apache-2.0
"""Poses of a camera from the transforms that a bag recorded on /tf and /tf_static."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagReader
from tips_ros.messages.transforms import strip_slash
from tips_ros.offline.recorded_transforms import RecordedTransforms
from tips_ros.perception.poses.transform_graph import TransformUnknown


class CameraPoses:
    """Poses of one frame in a world.

    Between two recorded transforms the pose is interpolated, as the node does; before the first and
    after the last of them there is none.
    """

    def __init__(self, reader: BagReader, frame_id: str, world: str = "") -> None:
        """Read all transforms of the bag.

        Args:
            reader: an open bag.
            frame_id: the frame whose poses are asked for.
            world: the frame that they are told in. Where it is "", that is the root of the tree;
                where no link up to that moves, nothing tells whether the camera stood still or
                nobody said where it was, and there are none.
        """
        self._graph = RecordedTransforms(reader).graph
        self._frame, self._world = strip_slash(frame_id), strip_slash(world)
        if not world:
            *way, root = self._graph.ancestors(self._frame)
            self._world = "" if all(map(self._graph.is_fixed, way)) else root

    def at(self, stamp_ns: int) -> NDArray[np.float64] | None:
        """(4, 4) world_from_frame at a time; None where it is not known."""
        try:
            return self._graph.matrix(self._world, self._frame, stamp_ns)
        except TransformUnknown:
            return None
