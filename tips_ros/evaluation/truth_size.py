# SPDX-License-Identifier: Apache-2.0
"""Truth that is smaller or larger than its image: all is compared at the truth's own size."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.sample import Sample
from tips_ros.perception.prediction import Prediction

_Map = TypeVar("_Map", NDArray[np.float32], NDArray[np.uint8])


def same_proportions(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two sizes (H, W, …) can be of one view, up to a pixel."""
    return abs(one[1] * other[0] - other[1] * one[0]) <= max(other[:2])


def at_truth_size(sample: Sample, prediction: Prediction) -> tuple[Sample, Prediction]:
    """The image, its intrinsics and what was predicted from it, as large as the truth.

    Args:
        sample: its truth all of one size (h, w), if it has any.
        prediction: at the image's size (H, W).

    Returns:
        The two as they are where the truth has the image's size, or there is none.
    """
    truths = (sample.depth_m, sample.normals, sample.labels)
    height, width = next((t for t in truths if t is not None), sample.rgb).shape[:2]
    size = (height, width)
    if size == sample.rgb.shape[:2]:
        return sample, prediction
    image = cv2.resize(sample.rgb, (width, height), interpolation=cv2.INTER_AREA)
    return (
        sample._replace(
            rgb=np.asarray(image, np.uint8),
            intrinsics=sample.intrinsics and sample.intrinsics.scaled_to(width, height),
        ),
        Prediction(
            _resize(prediction.depth_m, size),
            _resize(prediction.normals, size),
            _resize(prediction.labels, size),
            _resize(prediction.confidence, size),
            _resize(prediction.stddev_m, size),
        ),
    )


def resize_map(array: _Map, size: tuple[int, int]) -> _Map:
    """A map of another size (h, w) of the same view, pixel centres at integers.

    Depth, (H, W) float, is interpolated, so that a slanted floor stays one; of normals (H, W, 3)
    and ids the nearest are taken, as there is nothing between two of them.
    """
    if array.shape[:2] == size:
        return array
    nearest = cv2.resize(array, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    if array.ndim == 2 and array.dtype == np.float32:
        between = cv2.resize(array, size[::-1], interpolation=cv2.INTER_LINEAR)
        # Between a distance and "too far to tell" there is nothing, either.
        return np.asarray(np.where(np.isfinite(between), between, nearest), array.dtype)
    return np.asarray(nearest, array.dtype)


def _resize(array: _Map | None, size: tuple[int, int]) -> _Map | None:
    return None if array is None else resize_map(array, size)
