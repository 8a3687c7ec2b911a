# SPDX-License-Identifier: Apache-2.0
"""Splits cells into those that stand out of the floor, floor, and those that nothing is said of.

A cell's height is ``height of the camera * (1 - depth / depth of the floor there)``: its noise is
that of the depth, as a part of it, times the height of the camera, near and far alike. How large
it is in this frame is measured on the floor itself; what else tells the depth's deviation only
says how it differs from cell to cell.

A thing is looked for in single cells and in the mean of nine, whose noise is less where it is
white: a low thing that no single cell shows beyond doubt is seen by many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.cells import BoolArray, Cells, Float32Array, dot, only
from tips_ros.perception.ground.mirrors import find_mirrors
from tips_ros.perception.ground.plane import Plane
from tips_ros.perception.ground.robust import floor_noise, is_blurred
from tips_ros.perception.ground.settings import GroundSettings

_LEVEL_SHARE = 0.85  # of what is asked of a floor label, where the normal alone says floor
_BLURRED_FLOOR = 2.0  # times as much is asked of what is called floor, if the depth is a network's
_LEAST_NOISE = 0.002  # of the depth; none is better
_MADE_UP = 0.12  # depth between a nearer and a farther neighbour by this part is on neither
_NORMALS_OFF = math.radians(5.0)
_LEVEL = math.radians(20.0)
_BLURRED = 0.6  # of a jump is in doubt on both sides of it
_OWN = 0.35  # a cell itself stands out by so much of it
_AT_LEVEL = 0.4  # of what makes a drop: the floor that it begins at
_GROWS = 0.55  # beside a sure cell, so much of what is asked of it will do
LIKE_FLOOR = 0.3  # of the camera's height: what tells the noise is no farther from the floor
_NEAR_FLOOR = 0.15  # of the camera's height: what is farther from the surface is no floor
_FEW = 2  # sure cells of nine; fewer are noise


@dataclass(frozen=True)
class Split:
    """The kind of each cell (h, w); none is two of these.

    Attributes:
        obstacle: stands out of the floor, and the robot can't go under it.
        drop: lies below the floor.
        ground: is the floor.
        heights_m: (h, w) above the floor; NaN without depth.
        tolerance_m: (h, w) how much a thing had to stand out.
        noise: deviation of the floor's depth about its surface, as a part of it.
    """

    obstacle: BoolArray
    drop: BoolArray
    ground: BoolArray
    heights_m: Float32Array
    tolerance_m: Float32Array
    noise: float


def split(
    cells: Cells,
    surface: Float32Array,
    plane: Plane,
    floor: BoolArray,
    ignored: BoolArray,
    settings: GroundSettings,
    plane_noise: Float32Array | float = 0.0,
    reach: float = LIKE_FLOOR,
    rug_m: Float32Array | float = 0.0,
) -> Split:
    """Rules for what stands on a floor.

    Args:
        cells: of the frame.
        surface: (h, w) 1 / metres of the floor, bend and all; not positive above the horizon.
        plane: of that floor.
        floor: (256,) floor-like class ids.
        ignored: (256,) class ids that are never obstacles.
        settings: what counts.
        plane_noise: (h, w) or one deviation of the floor's own height, metres: 0 where the floor
            of this frame says where it is.
        reach: floor no farther from the surface, as a part of the camera's height, tells the noise.
        rug_m: (h, w) or one height of what lies on the floor and is no thing; they stand on it.
    """
    inverse = cells.inverse_depth
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = 1.0 - surface / inverse  # 0 on the floor, 1 at the camera's height
    if not np.isfinite(part.sum()):  # without depth, or without an end
        part[~np.isfinite(part)] = np.nan
    height = np.float32(plane.height_m)
    heights = part * height
    is_floor = cells.has(floor)
    far = np.float32(1.0 / settings.max_range_m)
    with np.errstate(invalid="ignore"):
        usable = (inverse > far) & np.isfinite(part)
        like_floor = usable & (np.abs(part) < reach)
    if is_floor.any():
        like_floor &= is_floor
    blurred = is_blurred(part, like_floor)
    sure_floor = settings.floor_deviations * (_BLURRED_FLOOR if blurred else 1.0)
    upright = _upright(cells, plane)
    level = upright > math.cos(_LEVEL)
    # A box's top lies level, too, and has to stand out as clearly.
    asks_most = _beside(is_floor, 1) if blurred else is_floor
    kind = level.view(np.uint8) + np.uint8(2) * asks_most.view(np.uint8)
    k = _by_kind(kind, settings.deviations, _LEVEL_SHARE * sure_floor, sure_floor, sure_floor)
    lowest = settings.obstacle_min_height_m
    least = _by_kind(is_floor.view(np.uint8), lowest, 2 * lowest)
    slope = _slope_allowed(cells, is_floor, upright, settings)
    least += slope + rug_m
    certain = isinstance(plane_noise, float) and plane_noise == 0.0
    out = np.zeros(cells.shape, np.bool_)
    below = np.zeros(cells.shape, np.bool_)
    tolerance = np.zeros(cells.shape, np.float32)
    scales: list[float] = []
    limit = np.float32(settings.obstacle_max_height_m)
    smoothed = only(heights, usable)
    own, around = height * cells.noise, _Around.of(inverse)
    if blurred or not cells.noise_is_told:
        jump = height * _beside_a_jump(around, inverse, surface)
        own = np.sqrt(own * own + jump * jump)
    for side in (1, 3):
        if side > 1:
            # A high neighbour may not lift the mean of what is low: only as much as is asked for.
            most = np.float32(1.7) * tolerance
            smoothed = cv2.blur(np.minimum(np.maximum(smoothed, -most), most), (side, side))
        scales.append(floor_noise(smoothed / own, like_floor, white=not blurred))
        white = np.maximum(scales[-1] * own, _LEAST_NOISE * height)
        sure = k * (white if certain else np.hypot(white, plane_noise).astype(np.float32))
        asked = np.maximum(sure, least)
        out |= _grow((smoothed > asked) & usable, (smoothed > _GROWS * asked) & usable)
        if settings.drops and smoothed.min() < -settings.drop_min_depth_m:
            depth = np.maximum(1.5 * sure, np.float32(settings.drop_min_depth_m))
            deep = usable & (smoothed < -depth)
            if np.count_nonzero(deep) > 1:
                # Down a ramp it goes by and by; over an edge the floor's level is beside it.
                level = usable & (np.abs(smoothed) < _AT_LEVEL * depth)
                deep &= (smoothed < -1.5 * slope) | _beside(level, 2)
                below |= _grow(deep, (smoothed < -_GROWS * depth) & usable)
        if side == 1:
            tolerance = asked
    noise = max(scales[0] * cells.usual_noise, _LEAST_NOISE)
    # Floor beside a thing isn't lifted by it.
    out &= (heights > _OWN * tolerance) & (heights < limit)
    below &= heights < -_OWN * tolerance
    out &= ~_mixed_cells(around, inverse)
    if ignored.any():
        counted = ~cells.has(ignored)
        out &= counted
        below &= counted
    if below.any():
        below &= ~out & (surface > 0)
        below &= ~find_mirrors(cells, below, is_floor, plane)
    # What is neither clearly is neither: unsure depth makes no floor of what nobody calls floor.
    near = np.maximum(tolerance, np.float32(0.03))
    np.minimum(near, np.float32(max(0.05, _NEAR_FLOOR * plane.height_m)), out=near)
    ground = (np.abs(heights) < near) & usable
    ground &= ~(out | below)
    if cells.labels is not None or cells.normals is not None:
        ground &= is_floor | level
    return Split(out, below, ground, heights, tolerance, noise)


def _upright(cells: Cells, plane: Plane) -> Float32Array:
    """(h, w) cosine of the angle from a cell's normal to up; 0 without normals."""
    if cells.normals is None:
        return np.zeros(cells.shape, np.float32)
    with np.errstate(invalid="ignore"):
        return dot(cells.normals, plane.up)


def _by_kind(kind: NDArray[np.uint8], *values: float) -> Float32Array:
    """(h, w) numbers of kinds → the value of each."""
    table = np.zeros(256, np.float32)
    table[: len(values)] = values
    return np.asarray(cv2.LUT(kind, table), np.float32)


def _beside_a_jump(around: _Around, inverse: Float32Array, surface: Float32Array) -> Float32Array:
    """Part of the depth that a network blurs over, where depth jumps more than the floor's does."""
    floor = _Around.of(surface)
    jump = around.most - around.least - (floor.most - floor.least)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.float32(_BLURRED) * np.maximum(jump, 0) / inverse
    part[~np.isfinite(part)] = 0
    return np.asarray(part, np.float32)


def _slope_allowed(
    cells: Cells, is_floor: BoolArray, upright: Float32Array, settings: GroundSettings
) -> Float32Array | float:
    """The rise of a ramp up to each cell that is floor by its label and normal."""
    slope = math.radians(settings.max_slope_deg)
    if cells.normals is None or slope <= 0 or not is_floor.any():
        return 0.0
    like_ramp = is_floor & (upright > math.cos(slope + _NORMALS_OFF))
    across, inverse = cells.rays[..., 0], cells.inverse_depth
    like_ramp &= inverse > 0
    rise = across * across
    rise += np.float32(1)
    np.sqrt(rise, out=rise)
    rise *= np.float32(math.tan(slope))
    with np.errstate(divide="ignore", invalid="ignore"):
        rise /= inverse
    return only(rise, like_ramp)


def _grow(sure: BoolArray, likely: BoolArray) -> BoolArray:
    """The likely cells next to sure ones, as far as these are not alone."""
    count = cv2.boxFilter(sure.view(np.uint8), cv2.CV_8U, (3, 3), normalize=False)
    firm = (sure & (count >= _FEW)).view(np.uint8)
    return np.asarray(cv2.dilate(firm, None), np.uint8).view(np.bool_) & likely


def _beside(cells: BoolArray, reach: int) -> BoolArray:
    """These cells and those no more than so many from one of them."""
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(cells.view(np.uint8), kernel), np.uint8).view(np.bool_)


def _mixed_cells(around: _Around, inverse: Float32Array) -> BoolArray:
    """Cells whose depth is between that of a nearer and a farther neighbour."""
    with np.errstate(invalid="ignore"):
        near = around.most > inverse * np.float32(1 + _MADE_UP)
        near &= around.least < inverse * np.float32(1 - _MADE_UP)
    return np.asarray(near, np.bool_)


class _Around(NamedTuple):
    """The greatest and the least of the nine cells around each, (h, w); NaN counts as 0."""

    most: Float32Array
    least: Float32Array

    @classmethod
    def of(cls, values: Float32Array) -> _Around:
        filled = values if np.isfinite(values.sum()) else only(values, np.isfinite(values))
        return cls(
            np.asarray(cv2.dilate(filled, None), np.float32),  # by 3 x 3
            np.asarray(cv2.erode(filled, None), np.float32),
        )
