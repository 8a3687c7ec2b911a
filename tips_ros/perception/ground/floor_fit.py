# SPDX-License-Identifier: Apache-2.0
"""The plane of the floor in one frame.

A network's depth is smooth and bent, so that a plane through it leans by degrees; its normals are
right on the whole. So normals (and whoever else knows up) say where up is, the depth says how far
the floor is, and has a word on up as far as its own unevenness lets one believe it: even depth of
white noise knows up better than any normal.

All is fitted in inverse depth, which is linear in the plane and whose noise, as a part of it, is
even. Nothing is drawn at random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import Candidates, Up
from tips_ros.perception.ground.cells import BoolArray, Cells
from tips_ros.perception.ground.direction import find_direction
from tips_ros.perception.ground.levels import (
    HEIGHTS_M,
    above_plane,
    lowest_height,
    own_level,
    part_at_ramp,
    under_camera,
)
from tips_ros.perception.ground.patches import find_patches
from tips_ros.perception.ground.plane import Float64Array, Plane
from tips_ros.perception.ground.robust import (
    LEAST_WHITE,
    biweight,
    clustered_variance,
    deviation,
    heap_variance,
    normal_terms,
    solve_plane,
    split_terms,
    square_of,
)
from tips_ros.perception.ground.steps import Steps, find_steps

LEAST_CELLS = 150.0  # by weight: about a hundredth of the picture
_LEAST_NOISE = 0.004
_MOST_NOISE = 0.25
_MOST_UNEVEN = 0.17  # a table would be within the noise
_TURNS, _TURNS_FROM_NEAR = 4, 2
_LEAST_INLIERS = 0.35
_LEAST_FALL = 0.02  # 1 / metres; a ray that meets the plane farther away tells nothing
_NEAR, _LEAST_NEAR = 0.15, 0.55  # of the inverse depth; the share of all that looks like floor
# Two floors that meet at a ramp: in depth that is so even, by such an angle.
_SURE = 0.03
_FREE_DEG = 45.0
_WHITE_ENOUGH = 3.0  # times the variance of white noise in the means of squares
_HEAPED, _FEWER_HEAPS = 1.5, 0.7  # so much asks for levels, and of it so much may be left
_WHITE_STEPS = 1.5
_UNEVEN = 5.0  # times the noise between neighbours
_MEET_DEG = (1.5, 12.0)
_AGREED = 0.5  # of that angle, by the normals


@dataclass(frozen=True)
class FloorFit:
    """The floor that one frame shows.

    Attributes:
        plane: of the floor.
        up_stddev_deg: how far off its direction may be.
        height_stddev: how far off its height may be, as a part of it.
        residual: deviation of the floor's depth from the plane, as a part of it.
        inliers: candidates that fit it.
        samples: candidates.
        level: (N,) the candidates of the camera's level; None where there is no other.
        rise: (N,) each candidate's inverse depth as a multiple of what it would be on that level,
            where the others are parallel to it; then `level` has those, too. None elsewhere.
    """

    plane: Plane
    up_stddev_deg: float
    height_stddev: float
    residual: float
    inliers: int
    samples: int
    level: BoolArray | None = None
    rise: Float64Array | None = None


def fit_floor(found: Candidates, up: Up, cells: Cells) -> FloorFit | str:
    """The plane through the candidates, or why there is none.

    Args:
        found: of one frame.
        up: as far as known before.
        cells: of the frame.
    """
    total = float(found.weight.sum())
    if total < LEAST_CELLS * min(1.0, found.at.size / 1000 + 0.5):
        return "too little floor in view"
    known = find_direction(found, found.weight, up)
    falls = -(found.rays @ known[0])
    usable = falls > 0.02
    if float(found.weight[usable].sum()) < 0.5 * total:
        return "what looks like floor is not below the camera"
    heights = falls / found.inverse_depth
    told = bool(found.labelled.any())
    block = square_of(found.at, cells.shape[1])
    steps = None
    if found.piece is not None:
        lowest = lowest_height(heights[usable], found.weight[usable])
        steps = find_steps(found, usable, -known[0] / lowest, block)
    stepped = _fit_steps(found, steps, known, block)
    if stepped is not None:
        return stepped
    level = own_level(heights, found.inverse_depth, found.weight * usable, told)
    members = usable if level is None else usable & level
    fit = _fit_plane(found, found.weight * members, known, block)
    if isinstance(fit, str):
        return fit
    one = fit = replace(fit, level=level)
    if told:
        fit = _own_of_two(found, usable, fit, up, block)
    if fit is one and level is None:
        fit = _on_patches(found, cells, usable, known, block, fit)
    if fit is one:
        fit = _free_of(known, found, found.weight * usable, block, fit)
    # Depth that is even tells a dock from the street; of other some lies in any plane by chance.
    near = float(found.weight[np.abs(above_plane(found, fit.plane)) < _NEAR].sum()) / total
    if 3 * fit.residual > _NEAR and near < _LEAST_NEAR:
        return f"only {100 * near:.0f} % of what looks like floor lies in one plane"
    return fit


def _fit_steps(
    found: Candidates,
    steps: Steps | None,
    known: tuple[Float64Array, float],
    block: NDArray[np.int64],
) -> FloorFit | None:
    """The plane of the own one of several levels; None where there are none."""
    if steps is None:
        return None
    flat = replace(found, inverse_depth=found.inverse_depth / steps.rise)
    fit = _fit_plane(flat, found.weight * steps.members, known, block, steps.theta)
    return None if isinstance(fit, str) else replace(fit, level=steps.members, rise=steps.rise)


def _on_patches(
    found: Candidates,
    cells: Cells,
    usable: BoolArray,
    known: tuple[Float64Array, float],
    block: NDArray[np.int64],
    one: FloorFit,
) -> FloorFit:
    """The plane of the own level, where what even depth has in heaps lies on parallel ones."""
    heaps = _measure_heaps(found, found.weight * usable, block, one)
    if heaps < _HEAPED:
        return one
    off = above_plane(found, one.plane)
    white = deviation(np.diff(off[usable & (np.abs(off) < _NEAR)]), LEAST_WHITE) / math.sqrt(2)
    if one.residual > _UNEVEN * white:  # a network's, that is bent
        return one
    patches = find_patches(found, cells, usable, known[0], white, block)
    if patches is None:
        return one
    piece, theta = patches
    most = min(_WHITE_STEPS, _FEWER_HEAPS * heaps)
    steps = find_steps(replace(found, piece=piece), usable, theta, block, most)
    return _fit_steps(found, steps, known, block) or one


def _free_of(
    known: tuple[Float64Array, float],
    found: Candidates,
    own: Float64Array,
    block: NDArray[np.int64],
    led: FloorFit,
) -> FloorFit:
    """The plane of the depth alone, where it is even and others have led the fit away from it.

    As by tf that has the mounting wrong: a lean looks like a bend, which lets the depth say little.
    """
    start = -np.asarray(led.plane.up) / led.plane.height_m
    if _measure_heaps(found, own, block, led) < _WHITE_ENOUGH:
        return led
    free = _fit_plane(found, own, (known[0], _FREE_DEG), block, start, _TURNS)
    if isinstance(free, str) or free.residual > _SURE:
        return led
    return free if _measure_heaps(found, own, block, free) < _WHITE_ENOUGH else led


def _measure_heaps(
    found: Candidates, own: Float64Array, block: NDArray[np.int64], fit: FloorFit
) -> float:
    """Variance that blocks of cells have in common, as a multiple of what single cells explain."""
    off = above_plane(found, fit.plane)
    return heap_variance(off, own * biweight(off, fit.residual), block)


def _own_of_two(
    found: Candidates, usable: BoolArray, one: FloorFit, up: Up, block: NDArray[np.int64]
) -> FloorFit:
    """The plane under the camera, where labelled floor lies in two that meet, as at a ramp."""
    sides = part_at_ramp(found, usable & found.labelled, one.plane)
    if sides is None:
        return one
    planes = [Plane.of(-theta, 1 / float(np.linalg.norm(theta))) for theta in sides.thetas]
    if not _MEET_DEG[0] < planes[0].angle_deg(planes[1].up) < _MEET_DEG[1]:
        return one
    # The normals have to say so, too: the depth of a network is bent by itself.
    way = np.asarray(planes[1].up) - np.asarray(planes[0].up)
    means = [np.nanmean(found.normals[side], axis=0) for side in sides.own]
    if (means[1] - means[0]) @ way < _AGREED * (way @ way):
        return one
    chosen = under_camera(found, planes, sides.own)
    # Depth that tells two planes knows up better than the normals of the few of one.
    known = np.asarray(planes[chosen].up), up.stddev_deg
    own = found.weight * sides.own[chosen]
    fit = _fit_plane(found, own, known, block, sides.thetas[chosen])
    if isinstance(fit, str) or fit.residual > _SURE:
        return one
    if _measure_heaps(found, own, block, fit) > _WHITE_ENOUGH:
        return one
    return replace(fit, level=sides.own[chosen])


def _fit_plane(
    found: Candidates,
    own: Float64Array,
    known: tuple[Float64Array, float],
    block: NDArray[np.int64],
    start: Float64Array | None = None,
    turns: int = _TURNS_FROM_NEAR,
) -> FloorFit | str:
    """The plane through the candidates by their own weight, or why there is none.

    Args:
        found: of one frame.
        own: (N,) weights; 0 for those that don't count.
        known: up and its deviation in degrees, by all but the depth.
        block: (N,) number of the square that each is in.
        start: (3,) inverse depth along the rays, where it is nearly known.
        turns: from there.
    """
    (vector, known_sd), members, total = known, own > 0, float(own.sum())
    if start is None:
        heights = -(found.rays[members] @ vector) / found.inverse_depth[members]
        theta = -vector / lowest_height(heights, own[members])
    else:
        theta = start
    prior = (np.eye(3) - vector[:, None] * vector) / math.radians(known_sd) ** 2
    noise = 0.1
    # Relative noise: a row counts by the inverse of the depth that the plane gives it.
    even = own / np.square(found.unevenness)
    terms = normal_terms(found.rays, found.inverse_depth)
    counted = members
    for turn in range(_TURNS if start is None else turns):
        predicted = found.rays @ theta
        below = predicted > _LEAST_FALL
        np.maximum(predicted, _LEAST_FALL, out=predicted)
        residual = found.inverse_depth / predicted
        residual -= 1
        if turn or start is not None:
            off = np.abs(residual)
            noise = min(deviation(off[counted & (off < 3 * noise)], _LEAST_NOISE), _MOST_NOISE)
        trust = biweight(residual, noise)
        trust *= below
        kept = own * trust
        counted = kept > 0
        if float(kept.sum()) < LEAST_CELLS / 4:
            return "nothing fits a floor"
        trust *= even
        predicted *= predicted
        trust /= predicted
        normal, wanted = split_terms(terms @ trust)
        variance = clustered_variance(residual, kept, noise, block)
        both = normal / variance + prior / float(theta @ theta)
        theta = solve_plane(both, wanted / variance)
        if not theta @ vector < 0:
            return "nothing fits a floor"
    covariance = np.linalg.inv(both)
    size = math.sqrt(theta @ theta)
    height, direction = 1.0 / size, -theta / size
    predicted = found.rays @ theta
    fits = np.abs(found.inverse_depth - predicted) < 3 * noise * predicted
    fits &= predicted > _LEAST_FALL
    share = float(own[fits].sum()) / total
    if share < _LEAST_INLIERS:
        return f"only {100 * share:.0f} % of what looks like floor lies in one plane"
    if noise > _MOST_UNEVEN:
        return f"what looks like floor is uneven by {100 * noise:.0f} % of its depth"
    if not HEIGHTS_M[0] < height < HEIGHTS_M[1]:
        return f"what looks like floor is {height:.2f} m below the camera"
    along = float(direction @ covariance @ direction)
    across = (float(covariance.trace()) - along) / 2
    return FloorFit(
        Plane.of(direction, height),
        math.degrees(math.sqrt(max(across, 0.0)) / size),
        math.sqrt(max(along, 0.0)) / size,
        noise,
        int(np.count_nonzero(fits & members)),
        int(found.at.size),
    )
