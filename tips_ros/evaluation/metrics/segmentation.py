# SPDX-License-Identifier: Apache-2.0
"""Segmentation metrics: overlap of predicted labels with the true ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.sample import IGNORED


class SegmentationResult(NamedTuple):
    """From the confusion of all pixels of all images, all 0 to 1.

    IoU of a class: pixels that are it and were called it, by pixels that are it or were called
    it (Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2015). Means are over
    the classes that the truth has somewhere, among them those that the model can't say: zero.
    """

    mean_iou: float
    pixel_accuracy: float
    mean_accuracy: float  # mean over classes of the share of its pixels that were called it
    iou_of_class: dict[int, float]  # the truth's id → IoU, of the classes that the truth has
    pixels_of_class: dict[int, int]  # the truth's id → its true pixels
    images: int
    pixels: int


def confusion(labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(256, 256) pixels by true id (row) and predicted id (column); where the truth is 255, none.

    Args:
        labels: (H, W) predicted, in the truth's ids.
        truth: (H, W).
    """
    counts = truth != IGNORED
    pairs = truth[counts].astype(np.intp) * 256 + labels[counts]
    return np.bincount(pairs, minlength=256 * 256).reshape(256, 256)


def ious(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """(256,) IoU by class from a confusion; NaN for a class that the truth doesn't have."""
    right, true = np.diagonal(matrix), matrix.sum(axis=1)
    union = true + matrix.sum(axis=0) - right
    return np.where(true > 0, right / np.maximum(union, 1), np.nan)


class SegmentationMetrics:
    """Gathers the confusion of images; memory does not grow with them."""

    def __init__(self) -> None:
        self._matrix = np.zeros((256, 256), np.int64)
        self._images = 0

    def add(self, labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float | None:
        """The image's own mean IoU; None where all of the truth is 255."""
        matrix = confusion(labels, truth)
        if not matrix.any():
            return None
        self._matrix += matrix
        self._images += 1
        return float(np.nanmean(ious(matrix)))

    def result(self) -> SegmentationResult | None:
        """None before the first image that counts."""
        if not self._images:
            return None
        matrix, iou = self._matrix, ious(self._matrix)
        true = matrix.sum(axis=1)
        present = np.flatnonzero(true)
        right = np.diagonal(matrix)
        return SegmentationResult(
            mean_iou=float(iou[present].mean()),
            pixel_accuracy=float(right.sum() / true.sum()),
            mean_accuracy=float((right[present] / true[present]).mean()),
            iou_of_class={int(i): float(iou[i]) for i in present},
            pixels_of_class={int(i): int(true[i]) for i in present},
            images=self._images,
            pixels=int(true.sum()),
        )
