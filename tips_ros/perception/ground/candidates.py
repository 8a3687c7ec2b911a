# SPDX-License-Identifier: Apache-2.0
"""Cells that may be floor, the weight of each in saying where it is, and up by their normals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.mounting import MountingRotation
from tips_ros.perception.ground.cells import BoolArray, Cells, dot, normals_of_depth
from tips_ros.perception.ground.plane import CAMERA_UP, Float64Array
from tips_ros.perception.ground.robust import biweight_of_square, median

# What a word or a normal alone is worth, beside a cell where both say floor.
_LABEL_ALONE = 0.25
_NORMAL_ALONE = 0.15
_NORMAL_DEG = 25.0  # from up
_NORMAL_DEG_UNKNOWN = 50.0  # where up is only where cameras mostly have it
_LEAST_SLOPE = 0.03  # a ray that falls less than this meets the floor too far away to tell
_MOST = 1200
_EVENLY = np.arange(_MOST, dtype=np.float64)
_NORMALS_DEG = 1.6  # a network's normals are together off by so much, however many there are
_DEPTH_NORMALS_DEG = 6.0
_DIRECTED = 400  # whose normals are looked at
_NORMAL_SCALE_DEG = 6.0
LEAST_PIECE = 30  # candidates tell how high it lies


@dataclass(frozen=True)
class Up:
    """The upward direction, as far as it is known before looking.

    Attributes:
        vector: unit, in the optical frame.
        stddev_deg: how far off it may be.
        source: who says so: "camera" (nobody: cameras are mostly upright), "tf", "imu".
    """

    vector: tuple[float, float, float] = CAMERA_UP
    stddev_deg: float = 20.0
    source: str = "camera"

    @classmethod
    def of_mounting(cls, mounting: MountingRotation) -> Up:
        """Up for a camera that is upright once it is turned clockwise by that many degrees."""
        vectors = {0: CAMERA_UP, 90: (-1.0, 0.0, 0.0), 180: (0.0, 1.0, 0.0), 270: (1.0, 0.0, 0.0)}
        return cls(vectors[mounting])

    @property
    def is_known(self) -> bool:
        """Whether somebody measured it."""
        return self.source != "camera"


@dataclass(frozen=True)
class Candidates:
    """Cells (N,) that may be floor.

    Attributes:
        at: index into the flat cells.
        weight: 0 to 1, by what speaks for floor.
        rays: (N, 3), the last column 1.
        inverse_depth: 1 / metres.
        noise: deviation of the depth as a part of it.
        normals: (N, 3); of the depth itself where the frame has none, then NaN at its border.
        normals_stddev_deg: how far off they are together.
        labelled: whether the label says floor.
        possible: (h, w) all cells that may be floor, of which these are some.
        piece: number of the piece of one floor-like class that each is in, 0 for none; None where
            no more than one class is seen.
    """

    at: NDArray[np.int64]
    weight: Float64Array
    rays: Float64Array
    inverse_depth: Float64Array
    noise: Float64Array
    normals: Float64Array
    normals_stddev_deg: float
    labelled: BoolArray
    possible: BoolArray
    piece: NDArray[np.int64] | None = None

    @cached_property
    def unevenness(self) -> Float64Array:
        """(N,) the noise as a multiple of its median."""
        return np.asarray(self.noise / median(self.noise), np.float64)


def floor_candidates(cells: Cells, floor: BoolArray, up: Up, max_range_m: float) -> Candidates:
    """Cells below the horizon that a label or a normal calls floor, evenly thinned.

    Without labels and normals all that is below the horizon.

    Args:
        cells: of the frame.
        floor: (256,) whether a class id is floor-like.
        up: as far as known.
        max_range_m: what is farther along z tells little.
    """
    inverse = cells.inverse_depth
    slack = math.radians(min(2 * up.stddev_deg, 30.0))  # the horizon may be higher than that
    labelled = cells.has(floor)
    told = bool(labelled.any())
    directions = normals_of_depth(cells) if cells.normals is None else cells.normals
    most = _NORMAL_DEG if up.is_known else _NORMAL_DEG_UNKNOWN
    with np.errstate(invalid="ignore"):
        upright = dot(directions, up.vector) > math.cos(math.radians(most))
        possible = inverse > np.float32(1.0 / max_range_m)  # NaN and 0 are not
    possible &= dot(cells.rays, up.vector) < slack - _LEAST_SLOPE
    possible &= labelled | upright
    at = np.flatnonzero(possible)
    if at.size > _MOST:
        some = (_EVENLY * ((at.size - 1) / (_MOST - 1))).astype(np.int64)
        some[-1] = at.size - 1  # whatever the division has rounded
        at = at[some]
    named, level = labelled.ravel()[at], upright.ravel()[at]
    rays, normals = np.ones((3, at.size)), np.empty((3, at.size))
    for axis in range(2):
        rays[axis] = cells.rays[..., axis].ravel()[at]
    for axis in range(3):
        normals[axis] = directions[..., axis].ravel()[at]
    return Candidates(
        at,
        np.where(named, np.where(level, 1.0, _LABEL_ALONE), _NORMAL_ALONE if told else 1.0),
        rays.T,
        inverse.ravel()[at].astype(np.float64),
        cells.noise.ravel()[at].astype(np.float64),
        normals.T,
        _DEPTH_NORMALS_DEG if cells.normals is None else _NORMALS_DEG,
        named,
        possible,
        _pieces(cells, named, at),
    )


def _pieces(cells: Cells, named: BoolArray, at: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """(N,) numbers of the connected pieces of each floor-like class that is enough to count."""
    if cells.labels is None or at.size < LEAST_PIECE:
        return None
    flat = cells.labels.ravel()[at]
    counts = np.bincount(flat[named], minlength=256)
    classes = np.flatnonzero(counts >= LEAST_PIECE)
    if classes.size < 2:
        return None
    numbers, count = np.zeros(at.size, np.int64), 0
    for class_ in classes.tolist():
        found, piece = cv2.connectedComponents((cells.labels == class_).view(np.uint8))
        own = piece.ravel()[at].astype(np.int64)
        small = np.bincount(own, minlength=found) < LEAST_PIECE
        # Small ones of a class lie as its others do.
        own = np.where(small[own], found, own)
        numbers = np.where(flat == class_, own + count, numbers)
        count += found
    return numbers


def find_direction(found: Candidates, own: Float64Array, up: Up) -> tuple[Float64Array, float]:
    """Up, and its deviation in degrees, by all but the depth of the candidates (N,) that count."""
    told = np.asarray(up.vector, np.float64)
    at = np.flatnonzero(own > 0)
    some = at[:: max(1, at.size // _DIRECTED)]
    normals = np.stack([found.normals[some, axis] for axis in range(3)])
    is_known = np.isfinite(normals.sum(axis=0))
    if not is_known.any():
        return told, up.stddev_deg
    if not is_known.all():
        some, normals = some[is_known], normals[:, is_known]
    weight = own[some]
    best = _middle(normals, weight)
    best /= max(math.sqrt(best @ best), 1e-9)
    scale = math.radians(_NORMAL_SCALE_DEG)
    for _ in range(3):
        off = normals - best[:, None]
        off *= off
        best = normals @ (weight * biweight_of_square(off.sum(axis=0), scale))
        length = math.sqrt(best @ best)
        if length < 1e-9:
            return told, up.stddev_deg
        best /= length
    one, other = found.normals_stddev_deg**-2, up.stddev_deg**-2
    both = one * best + other * told
    return both / math.sqrt(both @ both), (one + other) ** -0.5


def _middle(vectors: Float64Array, weight: Float64Array) -> Float64Array:
    """(3, N) vectors → (3,) the weighted median of each coordinate."""
    order = np.argsort(vectors, axis=1)
    cumulated = np.cumsum(weight[order], axis=1)
    at = (cumulated >= 0.5 * cumulated[:, -1:]).argmax(axis=1)  # the first
    row = np.arange(3)
    return np.asarray(vectors[row, order[row, at]], np.float64)
