# SPDX-License-Identifier: Apache-2.0
"""A frame → its things: where each is in the image and in space, and what it looks like.

Convention: as of `regions`, optical frame and metres; centroids and boxes are those of the surface
that is seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.cloud.point_cloud import unproject
from tips_ros.perception.objects.label_pieces import LabelPieces, label_pieces
from tips_ros.perception.objects.settings import USUAL, ObjectSettings
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.regions.depth_pieces import Pieces, steady_depth
from tips_ros.perception.regions.oriented_box import OrientedBox, quick_box
from tips_ros.perception.regions.regions import PixelBox, Region, usable_depth

_LONGER_SIDE = 320  # pixels that things are looked for in; more cost time and tell little
_MOST = 64  # of a frame, the largest
_POINTS = 400  # of a thing, for its box
_OUTLIERS = 0.02  # of its points, nearest and farthest each, that the box leaves out
_DEPTH_ERROR = 0.05  # of depth, where nobody tells its deviation
_OF_SIZE = 1 / 6  # of a thing's size: how far its centroid moves with the part that is seen
_LEAST_M = 0.01

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Instance:
    """One thing in one frame.

    Attributes:
        class_id, class_name: of its class.
        region: in the image of the frame's size; in the optical frame.
        covariance_m2: (3, 3) of the centroid; None where there is none.
        points_m: (N, 3) some hundred of its points, without the nearest and the farthest; None
            where there are none.
        feature: (D,) of unit length, the mean of its patches; None without value features.
    """

    class_id: int
    class_name: str
    region: Region
    covariance_m2: Float64Array | None = None
    points_m: NDArray[np.float32] | None = None
    feature: NDArray[np.float32] | None = None


class FrameInstances(NamedTuple):
    """The things of a frame; thing k of the list has the number k + 1 in `piece`."""

    found: list[Instance]
    piece: NDArray[np.int32]  # (h, w), 0 = none: each `stride`-th pixel of the frame
    stride: int

    def at_size(self, values: NDArray[Any], labels: NDArray[np.uint8]) -> NDArray[Any]:
        """A value for each piece, painted at the size of the frame; 0 where there is no thing.

        Args:
            values: (n + 1,), the first is 0.
            labels: (H, W) of the frame: what is painted ends where its class ends.
        """
        height, width = labels.shape
        wide = np.repeat(np.repeat(self.piece, self.stride, axis=0), self.stride, axis=1)
        wide = wide[:height, :width]
        class_ids = np.array([256, *(one.class_id for one in self.found)], np.int16)
        return np.asarray(np.where(class_ids[wide] == labels, values[wide], values.dtype.type(0)))


def instances(
    frame: PosedFrame,
    classes: ClassList,
    is_thing: NDArray[np.bool_],
    settings: ObjectSettings = USUAL,
) -> FrameInstances:
    """The things of a frame, largest first, 64 at most.

    A thing is a piece of one class that is one in the image and in depth, see `depth_pieces`. Its
    centroid is the mean of its points, weighted by 1 / σ².

    Args:
        frame: with labels; depth, deviation, calibration and value features as far as there are.
        classes: those of the labels.
        is_thing: (256,) by class id, see `thing_classes`.
        settings: what is too small or too unsure.

    Raises:
        ValueError: a frame without labels.
    """
    if frame.labels is None:
        raise ValueError("things are pieces of classes: the frame needs labels")
    stride = max(1, round(max(frame.labels.shape) / _LONGER_SIDE))
    few = (slice(None, None, stride), slice(None, None, stride))
    labels = np.ascontiguousarray(frame.labels[few])
    depth = None if frame.depth_m is None else usable_depth(frame.depth_m[few])
    least = max(1, math.ceil(settings.min_size * labels.size))
    parts = label_pieces(labels, is_thing, depth, min_pixels=least, jump=settings.depth_jump)
    score = _means(parts.pieces, None if frame.confidence is None else frame.confidence[few])
    kept = _select(parts.pieces, score, settings.min_score)
    parts, score = _renumber(parts, kept), np.concatenate([[math.nan], score[kept]])
    names = classes.by_id()
    found = [
        Instance(int(parts.class_id[k]), names.get(int(parts.class_id[k]), ""), Region(
            _box_px(parts.pieces.box_px[k], stride, frame.labels.shape),
            int(parts.pieces.pixels[k]) * stride**2,
            float(score[k]),
        ))
        for k in range(1, len(score))
    ]  # fmt: skip
    if depth is not None and found:
        found = _place(found, frame, depth, parts.pieces, stride)
    if frame.value_features is not None and found:
        features = _features(frame.value_features, parts.pieces)
        found = [replace(one, feature=f) for one, f in zip(found, features, strict=True)]
    return FrameInstances(found, parts.pieces.piece, stride)


def _select(pieces: Pieces, score: Float64Array, min_score: float) -> NDArray[np.int64]:
    """Numbers of the pieces that stay, the largest first."""
    order = np.argsort(-pieces.pixels[1:], kind="stable") + 1
    sure = order[~(score[order] < min_score)]  # NaN is no low score
    return sure[:_MOST]


def _renumber(parts: LabelPieces, kept: NDArray[np.int64]) -> LabelPieces:
    """Those alone, numbered from 1 on in their order."""
    number = np.zeros(len(parts.class_id), np.int32)
    number[kept] = np.arange(1, len(kept) + 1)
    rows = np.concatenate([[0], kept])
    pieces = parts.pieces
    return LabelPieces(
        Pieces(number[pieces.piece], pieces.pixels[rows], pieces.box_px[rows]),
        parts.class_id[rows],
    )


def _means(pieces: Pieces, confidence: NDArray[np.uint8] | None) -> Float64Array:
    """(n + 1,) mean score of each piece, 0 to 1; NaN without scores."""
    if confidence is None:
        return np.full(len(pieces.pixels), math.nan)
    inside = pieces.piece > 0
    total = np.bincount(pieces.piece[inside], confidence[inside], len(pieces.pixels))
    return np.asarray(total / 255 / np.maximum(pieces.pixels, 1))


def _place(
    found: list[Instance],
    frame: PosedFrame,
    depth: NDArray[np.float32],
    pieces: Pieces,
    stride: int,
) -> list[Instance]:
    """The same with their places, as far as they have depth."""
    depth = steady_depth(depth, pieces)
    lens = None if frame.lens is None else frame.lens.strided(stride)
    points = None if lens is None else unproject(depth, lens.intrinsics, lens.distorted_rays)
    stddev = np.float32(_DEPTH_ERROR) * depth
    if frame.stddev_m is not None:
        told = frame.stddev_m[::stride, ::stride]
        stddev = np.where(np.isfinite(told) & (told > 0), told, stddev)
    placed = []
    for k, one in enumerate(found, 1):
        x, y, w, h = pieces.box_px[k].tolist()
        crop = slice(y, y + h), slice(x, x + w)
        seen = (pieces.piece[crop] == k) & np.isfinite(depth[crop])
        if points is not None:
            seen &= np.isfinite(points[crop][..., 2])
        if not seen.any():
            placed.append(one)
            continue
        region = replace(one.region, median_depth_m=float(np.median(depth[crop][seen])))
        if points is None:
            placed.append(replace(one, region=region))
            continue
        of_it, sigma = points[crop][seen], stddev[crop][seen].astype(np.float64)
        weight = 1 / sigma**2
        centroid = np.asarray(weight @ of_it / weight.sum())
        few = _without_outliers(of_it[:: max(1, len(of_it) // _POINTS)])
        region = replace(region, centroid_m=centroid, box=quick_box(few))
        # Errors of neighbouring pixels are alike: averaging makes none of them smaller.
        radial = math.sqrt(float((sigma**2 * weight).sum() / weight.sum()))
        covariance = _covariance(region, radial)
        placed.append(replace(one, region=region, covariance_m2=covariance, points_m=few))
    return placed


def _without_outliers(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """All but the nearest and the farthest: one wrong depth would make a box as deep as a room."""
    z = points[:, 2]
    low, high = np.quantile(z, (_OUTLIERS, 1 - _OUTLIERS), method="nearest")
    return points[(z >= low) & (z <= high)]


def _covariance(region: Region, stddev_m: float) -> Float64Array:
    """(3, 3) of a centroid: along its ray that of depth, besides by the part that is seen."""
    assert region.centroid_m is not None and region.box is not None
    box: OrientedBox = region.box
    ray = region.centroid_m / region.centroid_m[2]
    part = box.rotation * (box.size_m * _OF_SIZE) ** 2 @ box.rotation.T
    return np.asarray(stddev_m**2 * np.outer(ray, ray) + part + _LEAST_M**2 * np.eye(3))


def _features(values: NDArray[np.float32], pieces: Pieces) -> list[NDArray[np.float32] | None]:
    """The mean direction of the features of each piece's patches, of unit length."""
    rows, columns, width = values.shape
    h, w = pieces.piece.shape
    patch = (np.arange(h) * rows // h)[:, None] * columns + np.arange(w) * columns // w
    count = len(pieces.pixels)
    share = np.bincount((pieces.piece * (rows * columns) + patch).ravel(),
                        minlength=count * rows * columns)  # fmt: skip
    flat = values.reshape(-1, width).astype(np.float32)
    directions = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    mean = share.reshape(count, -1)[1:].astype(np.float32) @ directions
    length = np.linalg.norm(mean, axis=1)
    return [
        np.asarray(one / size) if np.isfinite(size) and size > 0 else None
        for one, size in zip(mean, length, strict=True)
    ]


def _box_px(box: NDArray[np.int32], stride: int, shape: tuple[int, ...]) -> PixelBox:
    """A box of each n-th pixel → of all."""
    x, y, w, h = (box * stride).tolist()
    return PixelBox(x, y, min(w, shape[1] - x), min(h, shape[0] - y))
