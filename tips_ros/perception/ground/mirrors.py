# SPDX-License-Identifier: Apache-2.0
"""Floor in which a depth sensor sees something mirrored, far below it, told from a drop.

Over an edge is something that lies level or goes down as stairs do: its depth grows with every row
towards the horizon, and by the same part of it however deep it lies. A polished floor shows the
wall behind it upside down: its depth stands, where label and normal see a floor. What lies level in
a mirror, as a ceiling does, is not told from a lower floor, and what is not sure stays a drop.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.bend import plane_inverse_depth
from tips_ros.perception.ground.cells import BoolArray, Cells, dot
from tips_ros.perception.ground.plane import Float64Array, Plane

_LEVEL = math.radians(25.0)  # of a normal that sees floor
_SHARE = 0.6  # of a region is called floor; beside an edge labels and normals are blurred
_STANDS = 0.5  # of the growth of what lies level; what has less stands
_SURE = 2.5  # deviations from what lies level
_LEAST = 4  # neighbours tell the growth
_GAP = 5  # cells: what noise has parted at the rim of a mirror goes with it


def find_mirrors(cells: Cells, below: BoolArray, is_floor: BoolArray, plane: Plane) -> BoolArray:
    """(h, w) what is below the floor, is called floor and stands upright in the depth; and its rim.

    Args:
        cells: of the frame.
        below: (h, w) what lies below the floor.
        is_floor: (h, w) what a label calls floor.
        plane: of the floor.
    """
    called = below & is_floor
    if called.any() and cells.normals is not None:
        with np.errstate(invalid="ignore"):
            called &= dot(cells.normals, plane.up) > math.cos(_LEVEL)
    if not called.any():
        return np.zeros(cells.shape, np.bool_)
    near = cv2.dilate(below.view(np.uint8), np.ones((_GAP, _GAP), np.uint8))
    count, region = cv2.connectedComponents(near)
    own = np.bincount(region[below], minlength=count)
    mirrors = np.bincount(region[called], minlength=count) > _SHARE * own
    inverse, level = cells.inverse_depth, plane_inverse_depth(plane, cells.rays)
    called &= level > 0
    if abs(plane.up[0]) > abs(plane.up[1]):  # of a camera that lies on its side
        mirrors &= _stand(inverse.T, level.T, called.T, region.T, count)
    else:
        mirrors &= _stand(inverse, level, called, region, count)
    mirrors[0] = False  # what is no drop
    mirrored = mirrors[region] & called
    beside = cv2.dilate(mirrored.view(np.uint8), np.ones((_GAP, _GAP), np.uint8))
    return np.asarray(mirrors[region] & below & (beside != 0), np.bool_)


def _stand(
    inverse: NDArray[Any], level: NDArray[Any], called: BoolArray, region: NDArray[Any], count: int
) -> BoolArray:
    """(count,) the regions whose depth surely grows less along a column than a floor's."""
    both = called[:-1] & called[1:] & (region[:-1] == region[1:])
    number = region[1:][both]
    expected, grown = _grow(level, both), _grow(inverse, both)
    grown *= np.sign(expected)
    expected = np.abs(expected)
    # The rim is between two depths: a jump counts for no more than a few rows.
    grown = np.minimum(np.maximum(grown, -expected), 3 * expected)
    total = np.maximum(np.bincount(number, expected, count), 1e-9)
    ratio = np.bincount(number, grown, count) / total
    off = grown - ratio[number] * expected
    unsure = np.sqrt(np.bincount(number, off * off, count)) / total
    is_enough = np.bincount(number, minlength=count) >= _LEAST
    return np.asarray(is_enough & (ratio < _STANDS) & (1 - ratio > _SURE * unsure), np.bool_)


def _grow(values: NDArray[Any], both: BoolArray) -> Float64Array:
    """(N,) the difference of neighbours along a column, as a part of their mean."""
    first, second = values[:-1][both].astype(np.float64), values[1:][both].astype(np.float64)
    return np.asarray(2 * (second - first) / (second + first), np.float64)
