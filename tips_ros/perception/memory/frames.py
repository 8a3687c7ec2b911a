# SPDX-License-Identifier: Apache-2.0
"""The frame that a memory is in: a map where there is one, else the one of odometry."""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.memory import Memory

logger = logging.getLogger(__name__)


class CameraIn(NamedTuple):
    """The pose of a camera in a frame."""

    frame_id: str
    matrix: NDArray[np.float64]  # (4, 4): p_frame = matrix @ (p_optical, 1)


def place_in(memory: Memory, in_map: CameraIn | None, smooth: CameraIn | None) -> CameraIn | None:
    """The pose that a key frame enters a memory with; None where there is none.

    A memory that began without a map is told in it once there is one, and says so.

    Args:
        memory: in either frame, or in none yet.
        in_map: the camera in the frame that is wanted; None where that is not known.
        smooth: in the one that serves until then.
    """
    if in_map is None:
        fits = smooth is not None and memory.frame_id in ("", smooth.frame_id)
        return smooth if fits else None
    if smooth is not None and memory.frame_id == smooth.frame_id != in_map.frame_id:
        logger.info("%s is known now: what was remembered in %s is moved there",
                    in_map.frame_id, smooth.frame_id)  # fmt: skip
        memory.move(in_map.matrix @ np.linalg.inv(smooth.matrix), in_map.frame_id)
    return in_map
