# SPDX-License-Identifier: Apache-2.0
"""A frame in coarse cells: what floor and obstacles are told from.

A cell is as many pixels wide as it takes to have about 160 of them in a row. Its depth is the mean
of its pixels' *inverse* depths: on a plane these are linear in the pixels, so that the mean is that
of the cell's centre, and noise from pixel to pixel averages out. Clouds have a point for a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame

Float32Array: TypeAlias = NDArray[np.float32]
BoolArray: TypeAlias = NDArray[np.bool_]

COLUMNS = 160  # about
_MOST = float(np.finfo(np.float32).max)
_SQUARE = 8  # cells of a side
UNKNOWN_NOISE = 0.05  # of the depth, where nobody tells its deviation


@dataclass(frozen=True)
class Cells:
    """A frame of (h, w) cells.

    Attributes:
        side: pixels of a cell along a row.
        inverse_depth: (h, w) 1 / metres along z; 0 farther than can be told, NaN without depth.
        noise: (h, w) deviation of the depth as a part of it.
        rays: (h, w, 2) ``x / z, y / z`` of the cells' centres; NaN where no ray falls.
        noise_is_told: whether somebody measured it; else it is a guess.
        labels: (h, w) class ids at their centres; None without labels.
        normals: (h, w, 3) unit vectors at their centres; None without normals.

    Vectors lie in memory as a plane for each axis: what is done to one axis is done in a row.
    """

    side: int
    inverse_depth: Float32Array
    noise: Float32Array
    rays: Float32Array
    noise_is_told: bool = True
    labels: NDArray[np.uint8] | None = None
    normals: Float32Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w)"""
        return self.inverse_depth.shape[0], self.inverse_depth.shape[1]

    def has(self, classes: BoolArray) -> BoolArray:
        """(h, w): whose label is one of the classes (256,)."""
        if self.labels is None:
            return np.zeros(self.shape, np.bool_)
        return np.asarray(cv2.LUT(self.labels, classes.view(np.uint8)), np.uint8).view(np.bool_)

    @cached_property
    def usual_noise(self) -> float:
        """The median of the noise, by every 16th cell."""
        some = np.sort(self.noise[::4, ::4], axis=None)
        return float(some[(some.size - 1) // 2] / 2 + some[some.size // 2] / 2)


def divide(frame: PosedFrame, columns: int = COLUMNS) -> Cells:
    """The cells of a frame.

    Raises:
        ValueError: a frame without depth, or without a calibrated camera.
    """
    if frame.depth_m is None or frame.lens is None:
        raise ValueError("the floor is found in depth of a calibrated camera")
    height, width = frame.depth_m.shape
    side = max(1, round(width / columns))
    size = (max(1, height // side), max(1, width // side))
    inverse = _mean_inverse(frame.depth_m, side, size)
    picked = (centres(size[0], side), centres(size[1], side))
    if frame.stddev_m is None:
        noise = np.full(size, UNKNOWN_NOISE, np.float32)
    else:
        with np.errstate(invalid="ignore"):
            noise = np.ascontiguousarray(frame.stddev_m[picked]) * inverse
            # Masks cost more than a look for "all of it is good", which no NaN passes.
            if not (noise.min(initial=1.0) > 0 and noise.max(initial=0.0) < 1):
                noise[~((noise > 0) & (noise < 1))] = UNKNOWN_NOISE
    return Cells(
        side,
        inverse,
        noise,
        _rays(frame.lens, side, size),
        frame.stddev_m is not None,
        None if frame.labels is None else np.ascontiguousarray(frame.labels[picked]),
        None if frame.normals is None else _by_axis(frame.normals[picked]),
    )


def dot(vectors: Float32Array, direction: Any) -> Float32Array:
    """(h, w) scalar products with one vector (3,).

    Args:
        vectors: (h, w, 3), or of rays (h, w, 2), whose z is 1.
        direction: (3,).
    """
    x, y, z = (np.float32(part) for part in direction)
    found = vectors[..., 0] * x
    found += vectors[..., 1] * y
    found += z if vectors.shape[-1] == 2 else vectors[..., 2] * z
    return np.asarray(found, np.float32)


def normals_of_depth(cells: Cells, reach: int = 3) -> Float32Array:
    """(h, w, 3) unit normals that face the camera, by the inverse depth of (2 reach + 1)² cells.

    For a frame that has none of a network. ``1 / z`` of a plane is linear in the rays, and its
    coefficients are along the normal. NaN at the border of depth.
    """
    inverse, rays = cells.inverse_depth, cells.rays
    side = (2 * reach + 1, 2 * reach + 1)
    known = np.isfinite(inverse)
    # A running sum never gets rid of a NaN: the mean is that of the cells with depth.
    share = cv2.blur(known.astype(np.float32), side)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = cv2.blur(only(inverse, known), side) / share
    mean[share < 0.7] = np.nan
    planes = np.full((3, *cells.shape), np.nan, np.float32)
    inside = (slice(reach, -reach), slice(reach, -reach))
    left, right = mean[reach:-reach, : -2 * reach], mean[reach:-reach, 2 * reach :]
    above, below = mean[: -2 * reach, reach:-reach], mean[2 * reach :, reach:-reach]
    across = rays[reach:-reach, 2 * reach :, 0] - rays[reach:-reach, : -2 * reach, 0]
    down = rays[2 * reach :, reach:-reach, 1] - rays[: -2 * reach, reach:-reach, 1]
    x, y = (right - left) / across, (below - above) / down
    z = mean[inside] - x * rays[inside][..., 0] - y * rays[inside][..., 1]
    length = -np.sqrt(x * x + y * y + z * z)
    with np.errstate(invalid="ignore", divide="ignore"):
        for plane, part in zip(planes, (x, y, z), strict=True):
            np.divide(part, length, out=plane[inside])
    return planes.transpose(1, 2, 0)


def spread(cells: NDArray[Any], side: int, size: tuple[int, int]) -> NDArray[Any]:
    """A map of cells (h, w) → one of pixels (H, W); what no whole cell covers has the nearest's."""
    large = cells.repeat(side, axis=0).repeat(side, axis=1)
    missing = [(0, max(0, whole - part)) for whole, part in zip(size, large.shape, strict=False)]
    return np.pad(large, missing, mode="edge")[: size[0], : size[1]]


def spread_squares(
    at: NDArray[np.int64], values: NDArray[Any], shape: tuple[int, int]
) -> Float32Array:
    """(h, w): in squares of cells and those beside them the greatest of some cells; 0 elsewhere.

    Args:
        at: (N,) index into the flat cells.
        values: (N,) of those, positive.
        shape: (h, w) of the cells.
    """
    row, column = np.divmod(at, shape[1])
    squares = np.zeros((-(-shape[0] // _SQUARE), -(-shape[1] // _SQUARE)), np.float32)
    np.maximum.at(squares, (row // _SQUARE, column // _SQUARE), values)
    large = np.asarray(cv2.dilate(squares, None), np.float32)
    return np.asarray(spread(large, _SQUARE, shape), np.float32)


def only(values: Float32Array, where: NDArray[np.uint8] | BoolArray) -> Float32Array:
    """(h, w) the values there, 0 elsewhere whatever they are."""
    kept = np.zeros(values.shape, np.float32)
    cv2.copyTo(values, where.view(np.uint8), kept)
    return kept


def centres(count: int, side: int) -> slice:
    """The middle pixels of so many cells of a row or a column."""
    start = side // 2
    return slice(start, start + (count - 1) * side + 1, side)


def _mean_inverse(depth_m: Float32Array, side: int, size: tuple[int, int]) -> Float32Array:
    whole = depth_m[: size[0] * side, : size[1] * side]
    with np.errstate(divide="ignore"):
        inverse = np.reciprocal(np.ascontiguousarray(whole, np.float32))  # of +Inf, 0
    # Two numbers are a fast look for "all of it is good"; what isn't is not finite, or negative.
    if float(inverse.min(initial=0.0)) >= 0.0:
        mean = _area(inverse, size)
        if np.isfinite(mean.sum()):
            return mean
    good = np.asarray(cv2.inRange(inverse, 0.0, _MOST), np.uint8) & np.uint8(1)  # NaN is not
    share = _area(good.astype(np.float32), size)
    mean = _area(only(inverse, good), size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean /= share
    mean[share < 0.5] = np.nan
    return mean


def _area(image: Float32Array, size: tuple[int, int]) -> Float32Array:
    return np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


@lru_cache(maxsize=8)
def _rays(lens: Lens, side: int, size: tuple[int, int]) -> Float32Array:
    """Rays of the middles of the cells, which need not be a pixel's."""
    k = lens.intrinsics
    grid = [np.arange(count) * side + (side - 1) / 2 for count in size]
    y, x = (grid[0] - k.cy) / k.fy, (grid[1] - k.cx) / k.fx
    if lens.is_pinhole:
        planes = np.empty((2, *size), np.float32)
        planes[0], planes[1] = x, y[:, None]
        rays = planes.transpose(1, 2, 0)
    else:
        flat = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        rays = _by_axis(lens.distortion.undistort(flat).reshape(*size, 2))
    rays.flags.writeable = False
    return rays


def _by_axis(vectors: NDArray[Any]) -> Float32Array:
    """(h, w, N) → the same, of which each axis lies in memory by itself."""
    planes = np.empty((vectors.shape[2], *vectors.shape[:2]), np.float32)
    for axis, plane in enumerate(planes):
        plane[...] = vectors[..., axis]
    return planes.transpose(1, 2, 0)
