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

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import Candidates, Up, find_direction
from tips_ros.perception.ground.cells import BoolArray, Cells
from tips_ros.perception.ground.fit.levels import (
    above_plane,
    lowest_height,
    own_level,
    part_at_ramp,
    under_camera,
)
from tips_ros.perception.ground.fit.patches import find_patches
from tips_ros.perception.ground.fit.plane_fit import LEAST_CELLS, TURNS, FloorFit, fit_plane
from tips_ros.perception.ground.fit.steps import Steps, find_steps
from tips_ros.perception.ground.plane import Float64Array, Plane
from tips_ros.perception.ground.robust import (
    biweight,
    heap_variance,
    square_of,
    white_deviation,
)

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
    fit = fit_plane(found, found.weight * members, known, block)
    if isinstance(fit, str):
        return fit
    one = fit = replace(fit, level=level)
    if told:
        fit = _own_of_two(found, usable, fit, up, block)
    if fit is one:
        own = found.weight * usable
        heaps = _measure_heaps(found, own, block, fit)
        if level is None:
            fit = _on_patches(found, cells, usable, known, block, fit, heaps)
        if fit is one:
            fit = _free_of(known, found, own, block, fit, heaps)
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
    fit = fit_plane(flat, found.weight * steps.members, known, block, steps.theta)
    return None if isinstance(fit, str) else replace(fit, level=steps.members, rise=steps.rise)


def _on_patches(
    found: Candidates,
    cells: Cells,
    usable: BoolArray,
    known: tuple[Float64Array, float],
    block: NDArray[np.int64],
    one: FloorFit,
    heaps: float,
) -> FloorFit:
    """The plane of the own level, where what even depth has in heaps lies on parallel ones."""
    if heaps < _HEAPED:
        return one
    off = above_plane(found, one.plane)
    white = white_deviation(off[usable & (np.abs(off) < _NEAR)])
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
    heaps: float,
) -> FloorFit:
    """The plane of the depth alone, where it is even and others have led the fit away from it.

    As by tf that has the mounting wrong: a lean looks like a bend, which lets the depth say little.
    """
    if heaps < _WHITE_ENOUGH:
        return led
    start = -np.asarray(led.plane.up) / led.plane.height_m
    free = fit_plane(found, own, (known[0], _FREE_DEG), block, start, TURNS)
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
    fit = fit_plane(found, own, known, block, sides.thetas[chosen])
    if isinstance(fit, str) or fit.residual > _SURE:
        return one
    if _measure_heaps(found, own, block, fit) > _WHITE_ENOUGH:
        return one
    return replace(fit, level=sides.own[chosen])
