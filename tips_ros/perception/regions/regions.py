# SPDX-License-Identifier: Apache-2.0
"""The mask of one class → its best regions: where they are in the image and in space.

Convention:
    * Optical frame (x right, y down, z forward), metres, until `Region.in_frame`; depth is along z.
    * Pixel boxes are (x, y, width, height) of whole pixels, the first one is (0, 0).
    * Points are those of the surface that is seen: the middle of a thing lies behind its centroid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.cloud.point_cloud import unproject
from tips_ros.perception.regions.depth_pieces import depth_pieces, steady_depth
from tips_ros.perception.regions.oriented_box import Float64Array, OrientedBox, oriented_box

_POINTS = 2000  # drawn from a region for its box; more cost time and tell little


class PixelBox(NamedTuple):
    """A rectangle of whole pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns of an image."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


@dataclass(frozen=True, eq=False)
class Region:
    """One connected piece of a class.

    Attributes:
        box_px: the smallest rectangle around it.
        pixels: how many belong to it.
        score: mean of the scores of its pixels, 0 to 1; NaN where no scores were given.
        median_depth_m: along the camera's z, whatever frame the rest is in; None without depth.
        centroid_m: (3,) mean of its points; None without depth or intrinsics.
        box: the smallest box around its points; None where the centroid is.
    """

    box_px: PixelBox
    pixels: int
    score: float
    median_depth_m: float | None = None
    centroid_m: Float64Array | None = None
    box: OrientedBox | None = None

    def in_frame(self, transform: Float64Array) -> Region:
        """The same region with centroid and box in another frame.

        Args:
            transform: (4, 4) rigid, ``p_target = transform @ (p_optical, 1)``.
        """
        if self.centroid_m is None or self.box is None:
            return self
        centroid = transform[:3, :3] @ self.centroid_m + transform[:3, 3]
        return replace(self, centroid_m=centroid, box=self.box.in_frame(transform))


def regions(
    mask: NDArray[np.bool_],
    score: NDArray[np.floating[Any]] | None = None,
    depth_m: NDArray[np.floating[Any]] | None = None,
    intrinsics: Intrinsics | None = None,
    rays: NDArray[np.float32] | None = None,
    *,
    count: int = 10,
    min_pixels: int = 50,
    min_score: float = 0.0,
    depth_jump: float = 0.1,
) -> list[Region]:
    """The best regions of a mask, best first: by the sum of the scores of their pixels.

    That is mean score × area: large and sure comes before small and sure, and before large and
    doubtful. Regions end where the mask ends or the depth jumps (see `depth_pieces`), and depth at
    their rims is not taken at its word (see `steady_depth`).

    Args:
        mask: (H, W) bool, the pixels of one class.
        score: (H, W) 0 to 1, such as the margin over the second class; where it is not given, a
            region is as good as it is large.
        depth_m: (H, W) metres; NaN, zero, negative and infinite mean "no depth".
        intrinsics: of an image of that very size.
        rays: (H, W, 2) of a lens that is not a pinhole, see `Lens.rays`; a pixel without a ray
            counts as one without depth.
        count: the most regions that are returned.
        min_pixels: regions with fewer are left out.
        min_score: regions with a lower mean score are left out; nothing without scores.
        depth_jump: regions are cut where depth grows by more than this fraction.

    Raises:
        ValueError: a mask that is not boolean, or arrays that are not of one size.
    """
    _check(mask, score, depth_m)
    depth = None if depth_m is None else usable_depth(depth_m)
    pieces = depth_pieces(mask, depth, depth_jump)
    weights = np.ones(mask.shape) if score is None else score
    total = np.bincount(pieces.piece.ravel(), np.ravel(weights), len(pieces.pixels))
    mean = total / np.maximum(pieces.pixels, 1)
    good = (pieces.pixels >= min_pixels) & (score is None or mean >= min_score)
    good[0] = False  # what belongs to no piece
    best = [k for k in np.argsort(-total, kind="stable") if good[k]][: max(count, 0)]
    found = [
        Region(
            PixelBox(*pieces.box_px[k].tolist()),
            int(pieces.pixels[k]),
            math.nan if score is None else float(mean[k]),
        )
        for k in best
    ]
    if depth is None or not best:
        return found
    depth = steady_depth(depth, pieces)
    points = None if intrinsics is None else unproject(depth, intrinsics, rays)
    placed = depth if points is None else points[..., 2]  # NaN where there is no ray, either
    seen = np.where(np.isfinite(placed), pieces.piece, 0)
    return [
        _place(region, seen[region.box_px.slices] == k, depth, points)
        for region, k in zip(found, best, strict=True)
    ]


def _place(
    region: Region,
    inside: NDArray[np.bool_],
    depth_m: NDArray[np.float32],
    points_m: NDArray[np.float32] | None,
) -> Region:
    """The region with its place in space.

    Args:
        region: in the image.
        inside: the pixels of its pixel box that are to count.
        depth_m: (H, W) of the image.
        points_m: (H, W, 3) of the image.
    """
    if not inside.any():
        return region
    median_m = float(np.median(depth_m[region.box_px.slices][inside]))
    if points_m is None:
        return replace(region, median_depth_m=median_m)
    points = points_m[region.box_px.slices][inside]
    centroid = points.mean(axis=0, dtype=np.float64)
    if len(points) > _POINTS:
        # By chance, but the same for the same image: a regular choice would meet the same columns.
        points = np.random.default_rng(0).choice(points, _POINTS, replace=False)
    box = oriented_box(points)
    return replace(region, median_depth_m=median_m, centroid_m=centroid, box=box)


def usable_depth(depth_m: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """(H, W) float32, NaN for whatever means "no depth"."""
    depth = depth_m.astype(np.float32)
    depth[~((depth > 0) & np.isfinite(depth))] = np.nan
    return depth


def _check(mask: NDArray[Any], *others: NDArray[Any] | None) -> None:
    if mask.dtype != np.bool_ or mask.ndim != 2:
        raise ValueError(
            f"the mask must be (H, W) bool, got {mask.shape} {mask.dtype}; compare the label map "
            "with an id"
        )
    for name, array in zip(("score", "depth_m"), others, strict=True):
        if array is not None and array.shape != mask.shape:
            raise ValueError(
                f"{name} is {array.shape} but the mask {mask.shape}; resize one of them"
            )
