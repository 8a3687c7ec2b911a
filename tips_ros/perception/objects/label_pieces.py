# SPDX-License-Identifier: Apache-2.0
"""A label map falls into pieces: each is of one class, and one in image and in depth."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.regions.depth_pieces import Pieces, depth_pieces, reach_px


class LabelPieces(NamedTuple):
    """Pieces of several classes: those of one stand together, classes by their ids."""

    pieces: Pieces
    class_id: NDArray[np.uint8]  # (n + 1,), that of piece 0, which is none, means nothing


def label_pieces(
    labels: NDArray[np.uint8],
    wanted: NDArray[np.bool_],
    depth_m: NDArray[np.float32] | None = None,
    *,
    min_pixels: int = 1,
    jump: float = 0.1,
) -> LabelPieces:
    """The pieces of all wanted classes, each cut as `depth_pieces` cuts the mask of its class.

    Args:
        labels: (H, W) class ids.
        wanted: (256,) of the classes.
        depth_m: (H, W) metres, NaN where there is none; None cuts nothing.
        min_pixels: smaller pieces are left out.
        jump: as a fraction of the smaller depth.

    Raises:
        ValueError: as of `depth_pieces`.
    """
    piece = np.zeros(labels.shape, np.int32)
    pixels, boxes, class_ids = [np.zeros(1, np.int32)], [np.zeros((1, 4), np.int32)], [0]
    count = 1
    many = np.bincount(labels.ravel(), minlength=256) >= max(min_pixels, 1)
    # At the image's own border nothing is cut, so a crop needs as much beside it as a cut reaches.
    margin = reach_px(labels.shape)
    for class_id in np.flatnonzero(many & wanted):
        mask = labels == class_id
        x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
        top, left = max(y - margin, 0), max(x - margin, 0)
        inside = slice(top, y + h + margin), slice(left, x + w + margin)
        found = depth_pieces(
            mask[inside], None if depth_m is None else depth_m[inside], jump, reach=margin
        )
        large = np.flatnonzero(found.pixels[1:] >= min_pixels) + 1
        number = np.zeros(len(found.pixels), np.int32)
        number[large] = np.arange(count, count + len(large))
        count += len(large)
        pixels.append(found.pixels[large])
        boxes.append(found.box_px[large] + np.array([left, top, 0, 0], np.int32))
        class_ids += [int(class_id)] * len(large)
        # The masks of classes lie beside one another: none is overwritten.
        piece[inside] += number[found.piece]
    return LabelPieces(
        Pieces(piece, np.concatenate(pixels), np.concatenate(boxes)),
        np.array(class_ids, np.uint8),
    )
