# SPDX-License-Identifier: Apache-2.0
"""The floor of one frame, and what stands on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.bend import fit_bend, plane_inverse_depth
from tips_ros.perception.ground.candidates import Candidates, Up, floor_candidates
from tips_ros.perception.ground.cells import Cells, Float32Array
from tips_ros.perception.ground.floor_fit import FloorFit, fit_floor
from tips_ros.perception.ground.obstacles import Split, split
from tips_ros.perception.ground.plane import Plane
from tips_ros.perception.ground.settings import GroundSettings


@dataclass(frozen=True)
class FloorClasses:
    """Which class ids mean what; each (256,) bool."""

    floor: NDArray[np.bool_]
    ignored: NDArray[np.bool_]


def look_for_floor(
    cells: Cells, classes: FloorClasses, up: Up, settings: GroundSettings
) -> tuple[Candidates, FloorFit | str]:
    """The plane of this frame alone, or why there is none; and the cells it is from."""
    found = floor_candidates(cells, classes.floor, up, settings.max_range_m)
    return found, fit_floor(found, up, cells.shape[1])


def split_by_floor(
    cells: Cells,
    found: Candidates,
    plane: Plane,
    classes: FloorClasses,
    settings: GroundSettings,
    plane_noise: Float32Array | float = 0.0,
) -> Split:
    """What stands on the floor: its bend in this frame taken out where its floor is seen."""
    surface = plane_inverse_depth(plane, cells.rays)
    surface = surface * (1 + fit_bend(found, plane, cells.shape))
    return split(
        cells, surface, plane, classes.floor, classes.ignored, settings, plane_noise
    )
