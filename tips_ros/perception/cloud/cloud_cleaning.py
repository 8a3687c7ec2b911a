# SPDX-License-Identifier: Apache-2.0
"""Selection of the pixels that make good points, in the image, where it is cheap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens

BoolArray: TypeAlias = NDArray[np.bool_]


class Rectangle(NamedTuple):
    """Columns x to x + width - 1 and rows y to y + height - 1; may reach beyond the image."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Cleaning:
    """Options of the selection; by default nothing is left out.

    Attributes:
        edge_jump: a pixel that hangs between a nearer and a farther neighbour, both off by more
            than this part of its depth, is on no surface. 0 = off; 0.05 is a good value. A pixel
            that has only one of the two is the border of a thing and stays.
        edge_radius_px: how far away those neighbours may be. Depth that was enlarged has edges
            several pixels wide; but a surface that recedes by `edge_jump` within this radius
            counts as an edge, too.
        max_grazing_deg: largest angle between a surface's normal and the direction to the camera;
            80 is a good value. 90 = only surfaces that face away go; 0 = off.
        min_range_m, max_range_m: along z, ends included.
        roi: keep this part of the image.

    Raises:
        ValueError: a number out of its range; the message names it.
    """

    edge_jump: float = 0.0
    edge_radius_px: int = 1
    max_grazing_deg: float = 0.0
    min_range_m: float = 0.0
    max_range_m: float = math.inf
    roi: Rectangle | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.edge_jump < 1:
            raise ValueError(f"edge_jump must be from 0 (off) to below 1, got {self.edge_jump}")
        if not 1 <= self.edge_radius_px <= 15:
            raise ValueError(f"edge_radius_px must be from 1 to 15, got {self.edge_radius_px}")
        if not 0 <= self.max_grazing_deg <= 90:
            raise ValueError(f"max_grazing_deg must be 0 (off) to 90, got {self.max_grazing_deg}")
        if not 0 <= self.min_range_m < self.max_range_m:
            raise ValueError(
                f"the range must be 0 <= min < max, got {self.min_range_m} to {self.max_range_m} m"
            )
        if self.roi is not None and (self.roi.width < 1 or self.roi.height < 1):
            raise ValueError(f"the region must be at least 1x1 px, got {self.roi}")


def select_pixels(
    depth_m: NDArray[Any],
    cleaning: Cleaning,
    lens: Lens,
    normals: NDArray[np.float32] | None = None,
) -> BoolArray:
    """Selects the pixels of a depth image to make points of.

    Args:
        depth_m: (H, W) floating metres; NaN, zero, negative and infinite mean "no depth".
        cleaning: what to leave out.
        lens: of the (H, W) image.
        normals: (H, W, 3) float32 unit vectors in the optical frame, facing the camera; without
            them nothing is grazing. A pixel whose normal is NaN is not, either.

    Returns:
        (H, W) bool; False also where there is no depth.

    Raises:
        ValueError: sizes that do not fit together.
    """
    size = (lens.intrinsics.height, lens.intrinsics.width)
    if np.shape(depth_m) != size:
        raise ValueError(f"depth is {np.shape(depth_m)} but the camera's image {size}")
    if normals is not None and normals.shape != (*size, 3):
        raise ValueError(f"normals are {normals.shape} but the depth needs {(*size, 3)}")
    depth = np.ascontiguousarray(depth_m, np.float32)
    limits = np.finfo(np.float32)
    kept = _between(depth, float(limits.tiny), float(limits.max))
    if cleaning.edge_jump > 0:
        kept &= ~_flying_pixels(depth, kept, cleaning.edge_jump, cleaning.edge_radius_px)
    if cleaning.min_range_m > 0 or cleaning.max_range_m < math.inf:
        kept &= _between(depth, cleaning.min_range_m, min(cleaning.max_range_m, float(limits.max)))
    if cleaning.max_grazing_deg > 0 and normals is not None:
        kept &= ~_grazing_pixels(normals, lens, cleaning.max_grazing_deg)
    if cleaning.roi is not None:
        kept &= _roi_mask(cleaning.roi, size)
    return kept


def _between(depth: NDArray[np.float32], low: float, high: float) -> BoolArray:
    inside = np.asarray(cv2.inRange(depth, (low,), (high,)), np.uint8)  # 0 or 255
    return inside > 0


def _flying_pixels(
    depth: NDArray[np.float32], valid: BoolArray, jump: float, radius: int
) -> BoolArray:
    """Pixels with both a much nearer and a much farther one around them."""
    side = 2 * radius + 1
    kernel = np.ones((side, side), np.uint8)
    mask = valid.view(np.uint8)
    near, far = np.full_like(depth, np.finfo(np.float32).max), np.zeros_like(depth)
    cv2.copyTo(depth, mask, near)  # what has no depth is neither the nearest nor the farthest
    cv2.copyTo(depth, mask, far)
    far[depth == np.inf] = np.inf  # beyond the range is farther than all else
    hanging = cv2.erode(near, kernel) < depth * np.float32(1.0 - jump)
    hanging &= cv2.dilate(far, kernel) > depth * np.float32(1.0 + jump)
    return np.asarray(hanging, np.bool_)


def _grazing_pixels(normals: NDArray[np.float32], lens: Lens, max_grazing_deg: float) -> BoolArray:
    along = cv2.multiply(np.ascontiguousarray(normals), _unit_rays(lens))
    cos = cv2.transform(along, np.full((1, 3), -1.0, np.float32))  # towards the camera
    return np.asarray(cos < math.cos(math.radians(max_grazing_deg)), np.bool_)


@lru_cache(maxsize=8)
def _unit_rays(lens: Lens) -> NDArray[np.float32]:
    """(H, W, 3) directions of the pixels, of length 1."""
    rays = np.dstack([lens.rays(), np.ones(lens.rays().shape[:2], np.float32)])
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    rays.flags.writeable = False
    return rays


def _roi_mask(roi: Rectangle, size: tuple[int, int]) -> BoolArray:
    inside = np.zeros(size, np.bool_)
    inside[
        max(roi.y, 0) : max(roi.y + roi.height, 0), max(roi.x, 0) : max(roi.x + roi.width, 0)
    ] = 1
    return inside
