# SPDX-License-Identifier: Apache-2.0
"""A mask falls into pieces: where it is not connected, and where the depth jumps."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_REACHES = 320


class Pieces(NamedTuple):
    """Piece k of n, 1 to n, in image order of their first pixels."""

    piece: NDArray[np.int32]  # (H, W), 0 = none
    pixels: NDArray[np.int32]  # (n + 1,)
    box_px: NDArray[np.int32]  # (n + 1, 4): x, y, width, height


def reach_px(shape: tuple[int, ...]) -> int:
    """The distance from an edge up to which masks and depth are inexact: 1/320 of the longer side.

    Predicted depth climbs a jump in a few pixels instead of one.
    """
    return max(1, round(max(shape) / _REACHES))


def depth_pieces(
    mask: NDArray[np.bool_],
    depth_m: NDArray[np.float32] | None = None,
    jump: float = 0.1,
    *,
    reach: int | None = None,
) -> Pieces:
    """The 8-connected pieces of a mask, cut where the depth jumps.

    A pixel goes where another one of the mask, at most `reach_px` away, is nearer to the camera by
    more than `jump`. The near side of a jump thus keeps its outline, and the far side loses a
    narrow band, with the pixels in it that hang in the air between the two. A flat surface is cut
    where it is seen at less than some 2 degrees: a floor at its horizon.

    A pixel without depth counts as being as far as the nearest one with depth of the same
    connected part of the mask; a part without any is never cut.

    Args:
        mask: (H, W).
        depth_m: (H, W) metres along z, NaN where there is none; None cuts nothing.
        jump: as a fraction of the smaller depth.
        reach: pixels, in place of `reach_px` of the mask's own size: that of the image that the
            mask is a part of.

    Raises:
        ValueError: a jump that is not positive.
    """
    if not jump > 0:
        raise ValueError(f"jump must be a positive fraction of the depth, got {jump}")
    left = mask.astype(np.uint8)
    if depth_m is not None:
        left[_cut(_fill(depth_m, mask), jump, reach or reach_px(mask.shape))] = 0
    _, piece, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8, ltype=cv2.CV_32S)
    return Pieces(
        np.asarray(piece, np.int32),
        np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32),
        np.asarray(stats[:, : cv2.CC_STAT_AREA], np.int32),  # left, top, width, height
    )


def steady_depth(depth_m: NDArray[np.float32], pieces: Pieces) -> NDArray[np.float32]:
    """Depth (H, W) in which the rim of each piece is as far as the pixels next to it inside.

    On the outermost `reach_px` of a piece depth is often between the thing's and that of what is
    behind it. Thin parts, such as chair legs, have no inside and stay as they are; so does the
    image's own border.
    """
    piece = pieces.piece
    window, number = _window(reach_px(piece.shape)), piece.astype(np.float32)
    inside = (piece > 0) & (cv2.erode(number, window) == cv2.dilate(number, window))
    beside = cv2.dilate(np.where(inside, number, np.float32(0)), window) == number
    rim = (piece > 0) & ~inside & beside & np.isfinite(depth_m)
    known = inside & np.isfinite(depth_m)
    steady = depth_m.copy()
    if known.any() and rim.any():
        source = _nearest(known, rim)
        same = piece.ravel()[source] == piece[rim]
        steady[rim] = np.where(same, depth_m.ravel()[source], depth_m[rim])
    return steady


def _cut(depth_m: NDArray[np.float32], jump: float, reach: int) -> NDArray[np.bool_]:
    """Finds the depths to cut at. Infinite depth neither cuts nor is cut."""
    nearest: NDArray[Any] = cv2.erode(depth_m, _window(reach))
    return np.isfinite(depth_m) & (depth_m / (1 + jump) > nearest)


def _window(reach: int) -> NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def _fill(depth_m: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Depth of the mask's pixels without holes; infinite elsewhere."""
    known = mask & np.isfinite(depth_m)
    filled = np.where(known, depth_m, np.float32(np.inf))
    holes = mask & ~known
    if not known.any() or not holes.any():
        return filled
    source = _nearest(known, holes)
    _, part = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    same = part.ravel()[source] == part[holes]
    filled[holes] = np.where(same, depth_m.ravel()[source], np.float32(np.inf))
    return filled


def _nearest(known: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Flat index of the known pixel nearest to each wanted one, in image order."""
    # Each known pixel has a number of its own here.
    _, number = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    pixel_of = np.zeros(int(number.max()) + 1, np.int64)
    pixel_of[number[known]] = np.flatnonzero(known)
    return pixel_of[number[wanted]]
