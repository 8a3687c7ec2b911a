# SPDX-License-Identifier: Apache-2.0
"""Boundary metrics: agreement of the borders between labels with the true ones."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.sample import IGNORED

TOLERANCE_PX = 3.0


class BoundaryScore(NamedTuple):
    """Scores of one image, all 0 to 1."""

    precision: float  # share of the predicted border within the tolerance of the true one
    recall: float  # share of the true border within the tolerance of the predicted one
    f: float  # their harmonic mean


class BoundaryResult(NamedTuple):
    """Means over the images whose truth has a border."""

    precision: float
    recall: float
    f: float
    tolerance_px: float
    images: int


def border(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W), pixels with a neighbour right, left, above or below that has another label.

    An ignored pixel (255) makes no border: nobody knows what is there.
    """
    known = labels != IGNORED
    on = np.zeros(labels.shape, np.bool_)
    across = (labels[:, 1:] != labels[:, :-1]) & known[:, 1:] & known[:, :-1]
    down = (labels[1:] != labels[:-1]) & known[1:] & known[:-1]
    on[:, 1:] |= across
    on[:, :-1] |= across
    on[1:] |= down
    on[:-1] |= down
    return on


def boundary_score(
    labels: NDArray[np.uint8], truth: NDArray[np.uint8], tolerance_px: float = TOLERANCE_PX
) -> BoundaryScore | None:
    """Boundary F score of all borders of a label map together.

    The score of Martin, Fowlkes and Malik, "Learning to Detect Natural Image Boundaries", PAMI
    2004, with the plain distance test of Csurka, Larlus and Perronnin, "What is a good evaluation
    measure for semantic segmentation?", BMVC 2013. Theirs is taken class by class; here all classes
    make one border, so it says how well things are outlined, whatever they are called: the IoU says
    that. A predicted border that lies on no true one, but within the tolerance of an ignored pixel,
    doesn't count: the true one may be hidden there.

    Args:
        labels: (H, W) predicted.
        truth: (H, W), 255 ignored.
        tolerance_px: Euclidean, between pixel centres.

    Returns:
        None where the truth has no border.
    """
    true = border(truth)
    if not true.any():
        return None
    predicted = border(labels)
    right = predicted & (_distance_px(true) <= tolerance_px)
    judged = right | (predicted & (_distance_px(truth == IGNORED) > tolerance_px))
    precision = float(right.sum() / max(int(judged.sum()), 1))
    recall = float(np.mean(_distance_px(predicted)[true] <= tolerance_px))
    total = precision + recall
    return BoundaryScore(precision, recall, 2 * precision * recall / total if total else 0.0)


class BoundaryMetrics:
    """Gathers the scores of images; memory does not grow with them."""

    def __init__(self, tolerance_px: float = TOLERANCE_PX) -> None:
        self._tolerance_px = tolerance_px
        self._sums = np.zeros(3)
        self._images = 0

    def add(self, labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> BoundaryScore | None:
        """The image's own score; None, and nothing gathered, where the truth has no border."""
        score = boundary_score(labels, truth, self._tolerance_px)
        if score is not None:
            self._sums += score
            self._images += 1
        return score

    def result(self) -> BoundaryResult | None:
        """None before the first image that counts."""
        if not self._images:
            return None
        precision, recall, f = (self._sums / self._images).tolist()
        return BoundaryResult(precision, recall, f, self._tolerance_px, self._images)


def _distance_px(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(H, W) distance of each pixel to the nearest one of the mask; infinite if there is none."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away, np.float32)
