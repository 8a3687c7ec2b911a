# SPDX-License-Identifier: Apache-2.0
"""Flicker metrics: changes of predictions between frames where the world does not change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.metrics.flow import flowed_points
from tips_ros.evaluation.metrics.warp import Pixels, SamePoints, same_points
from tips_ros.evaluation.sample import IGNORED, Sample
from tips_ros.perception.prediction import Prediction

_STANDS_M, _STANDS_RAD = 0.005, np.radians(0.1)


class Stretch(NamedTuple):
    """Flicker of the pairs of frames between which the camera stood, or moved.

    Attributes:
        pairs: of frames.
        depth_log, labels_changed: see `FlickerResult`.
        scale_std, scale_p95: standard deviation, and 95th percentile of the amount, of the
            frame-to-frame log-scale: the median, over the points of a pair, of what depth_log is
            the mean amount of. None where no depth was predicted.
    """

    pairs: int
    depth_log: float | None
    labels_changed: float | None
    scale_std: float | None
    scale_p95: float | None


class FlickerResult(NamedTuple):
    """Changes over all points that two consecutive frames of a sequence both saw.

    The camera moves, so a right depth changes too: that change is known from the truth and taken
    off. What remains of depth is how much its error changes, as the mean of
    |(ln p_now − ln p_before) − (ln t_now − ln t_before)|, p predicted and t true at the same point.
    A depth that is always wrong by the same factor does not flicker; 0.05 is 5 % from frame to
    frame. Of labels it is the share of points that are called something else than in the frame
    before, where the truth, if it has labels, calls them the same in both.

    Attributes:
        depth_log: None where no depth was predicted.
        labels_changed: 0 to 1; None where no labels were predicted.
        pairs: pairs of frames.
        points: points that were compared.
        interval_s: mean time between the two frames, as both numbers grow with it; None if unknown.
        standing, moving: the same of the pairs between which the camera did not move (5 mm and
            0.1°), and did; None where there are none. By flow it stands below 0.3 px.
        by_flow: how many of the pairs no poses told about: there optical flow says which points
            both frames saw, those of what moves by itself among them.
    """

    depth_log: float | None
    labels_changed: float | None
    pairs: int
    points: int
    interval_s: float | None
    standing: Stretch | None = None
    moving: Stretch | None = None
    by_flow: int = 0


class FlickerMetrics:
    """Gathers pairs of frames, given frame by frame; holds on to one frame."""

    def __init__(self) -> None:
        self._before: tuple[Sample, Prediction] | None = None
        self._depth = _Mean()
        self._labels = _Mean()
        self._interval = _Mean()
        self._pairs = self._points = self._by_flow = 0
        self._stretches = {True: _Stretch(), False: _Stretch()}  # by whether the camera stood

    def add(self, sample: Sample, prediction: Prediction) -> None:
        """The next frame; a pair with the one before, where both are of one sequence."""
        before, self._before = self._before, (sample, prediction)
        if before is None or sample.sequence is None or before[0].sequence != sample.sequence:
            return
        points, stood = same_points(before[0], sample), False
        if points is not None:
            stood = _stands_still(before[0], sample)
        elif not _has_pose(before[0]) or not _has_pose(sample):
            flowed = flowed_points(before[0].rgb, sample.rgb)
            if flowed is not None:
                points, stood = flowed
                self._by_flow += 1
        if points is None or not points.now[0].size:
            return
        self._pairs += 1
        self._points += points.now[0].size
        stretch = self._stretches[stood]
        stretch.pairs += 1
        error_now = _log_error(sample, prediction, points.now)
        error_before = _log_error(*before, points.before)
        if error_now is not None and error_before is not None:
            self._depth.add(np.abs(error_now - error_before))
            stretch.add(error_now - error_before)
        if prediction.labels is not None and before[1].labels is not None:
            changed = prediction.labels[points.now] != before[1].labels[points.before]
            changed = changed[_same_class(before[0], sample, points)]
            self._labels.add(changed)
            stretch.labels.add(changed)
        if sample.stamp_s is not None and before[0].stamp_s is not None:
            self._interval.add(np.array([sample.stamp_s - before[0].stamp_s]))

    def result(self) -> FlickerResult | None:
        """None where no two frames saw the same point."""
        if not self._pairs:
            return None
        standing, moving = (self._stretches[stood].result() for stood in (True, False))
        return FlickerResult(
            self._depth.value,
            self._labels.value,
            self._pairs,
            self._points,
            self._interval.value,
            standing,
            moving,
            self._by_flow,
        )


class _Mean:
    """Running mean of numbers given piece by piece; NaN is left out."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._count = 0

    def add(self, numbers: NDArray[np.bool_] | NDArray[np.float64]) -> None:
        finite = numbers[np.isfinite(numbers)]
        self._sum += float(finite.sum())
        self._count += finite.size

    @property
    def value(self) -> float | None:
        return self._sum / self._count if self._count else None


class _Stretch:
    """One number for each pair of frames, and means."""

    def __init__(self) -> None:
        self.pairs = 0
        self.depth, self.labels = _Mean(), _Mean()
        self._scales: list[float] = []

    def add(self, changes: NDArray[np.float64]) -> None:
        """Adds the differences in ln depth of a pair's points."""
        self.depth.add(np.abs(changes))
        finite = changes[np.isfinite(changes)]
        if finite.size:
            self._scales.append(float(np.median(finite)))

    def result(self) -> Stretch | None:
        if not self.pairs:
            return None
        scales = np.array(self._scales)
        std, p95 = (
            (float(scales.std()), float(np.percentile(np.abs(scales), 95)))
            if scales.size
            else (None, None)
        )
        return Stretch(self.pairs, self.depth.value, self.labels.value, std, p95)


def _has_pose(sample: Sample) -> bool:
    return sample.world_from_camera is not None


def _stands_still(before: Sample, now: Sample) -> bool:
    """Whether the camera did not move between two frames with poses."""
    assert before.world_from_camera is not None and now.world_from_camera is not None
    motion = np.linalg.inv(before.world_from_camera) @ now.world_from_camera
    angle = np.arccos(np.clip((np.trace(motion[:3, :3]) - 1) / 2, -1, 1))
    return bool(np.linalg.norm(motion[:3, 3]) < _STANDS_M and angle < _STANDS_RAD)


def _log_error(
    sample: Sample, prediction: Prediction, pixels: Pixels
) -> NDArray[np.float64] | None:
    """(N,) ln p − ln t; NaN where the prediction is not a depth."""
    if prediction.depth_m is None or sample.depth_m is None:
        return None
    p, t = prediction.depth_m[pixels].astype(np.float64), sample.depth_m[pixels].astype(np.float64)
    usable = np.isfinite(p) & (p > 0)
    return np.log(np.where(usable, p, np.nan)) - np.log(t)


def _same_class(before: Sample, now: Sample, points: SamePoints) -> NDArray[np.bool_]:
    """(N,) where the truth calls the point the same in both frames, or tells no classes."""
    if before.labels is None or now.labels is None:
        return np.ones(points.now[0].size, np.bool_)
    label_before, label_now = before.labels[points.before], now.labels[points.now]
    return (label_before == label_now) & (label_now != IGNORED)
