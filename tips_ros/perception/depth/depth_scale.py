# SPDX-License-Identifier: Apache-2.0
"""Predicted depth → metres: the scale, how sure it is, and where the range ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.prediction import Prediction

ScaleSource: TypeAlias = Literal["model", "focal", "sensor", "fixed", "ground"]
SCALE_SOURCES: tuple[ScaleSource, ...] = get_args(ScaleSource)
NEAR_THE_END = 0.02  # of the range: no distance any more, see `range_limited`


@dataclass(frozen=True)
class DepthScale:
    """``depth_m = s / (1 + inverse_offset * s) + offset_m`` with ``s = factor * predicted``.

    Attributes:
        factor: NaN where nothing is known, see `usable`.
        source: model (as it says), focal (by the camera's focal length), sensor (measured), fixed
            (told by the user), ground (by the camera's height over the floor).
        offset_m: 0 unless one was asked for.
        inverse_offset: 1 / metres, what is added to inverse depth; 0 unless a sensor tells so. It
            and offset_m are never both used.
        spread: of ln(sensor / scaled prediction), as a standard deviation: 0.1 is ten percent;
            None where nothing was measured.
        samples: points compared.
        inliers: those of them that had a say.
        consistent: False where the numbers contradict each other and the factor is a guess.
        note: why not usable, not consistent or not from the source wanted; empty when all is well.
    """

    factor: float
    source: ScaleSource
    offset_m: float = 0.0
    spread: float | None = None
    samples: int = 0
    inliers: int = 0
    consistent: bool = True
    note: str = ""
    inverse_offset: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether there is a factor at all."""
        return math.isfinite(self.factor)

    def apply(self, predicted_m: NDArray[Any]) -> NDArray[np.float32]:
        """Scaled depth of any shape, float32; NaN where the offset leaves nothing positive.

        +Inf where an inverse offset leaves nothing: farther than any distance.

        The array that was given, where nothing changes.

        Raises:
            ValueError: not usable.
        """
        if not self.usable:
            raise ValueError(f"there is no scale to apply: {self.note}")
        predicted = np.asarray(predicted_m, np.float32)
        if self.inverse_offset:
            scaled = predicted * np.float32(self.factor)
            with np.errstate(divide="ignore", invalid="ignore"):
                inverse = 1 / scaled + np.float32(self.inverse_offset)
                moved = np.where(inverse > 0, 1 / inverse, np.float32(np.inf))
                return np.where(scaled > 0, moved, scaled)
        if not self.offset_m:
            return predicted if self.factor == 1.0 else predicted * np.float32(self.factor)
        depth = predicted * np.float32(self.factor) + np.float32(self.offset_m)
        depth[~(depth > 0)] = np.nan
        return depth

    def at(self, predicted_m: float) -> float:
        """One predicted depth in metres."""
        scaled = self.factor * predicted_m
        part = 1 + self.inverse_offset * scaled
        return scaled / part + self.offset_m if part > 0 else math.inf

    def with_note(self, note: str) -> DepthScale:
        """The same with more to say, after what was said before."""
        return replace(self, note="; ".join(filter(None, (self.note, note))))

    def with_doubt(self, note: str) -> DepthScale:
        """The same, no longer consistent; `note` says why."""
        return replace(self.with_note(note), consistent=False)


def prediction_in_metres(prediction: Prediction, scale: DepthScale, max_m: float) -> Prediction:
    """The same arrays with depth and its deviation in metres.

    Args:
        prediction: as the network said it.
        scale: what brings its depth to metres.
        max_m: the end of its range: `max_depth_m` of its description.

    Raises:
        ValueError: a scale that is not usable.
    """
    if prediction.depth_m is None:
        return prediction
    depth_m, stddev_m = to_metres(prediction.depth_m, scale, max_m), prediction.stddev_m
    if stddev_m is not None:
        stddev_m = deviation_in_metres(stddev_m, depth_m, scale)
    return prediction._replace(depth_m=depth_m, stddev_m=stddev_m)


def to_metres(depth_m: NDArray[Any], scale: DepthScale, max_m: float) -> NDArray[np.float32]:
    """Predicted depth → metres, where the network can tell them.

    Args:
        depth_m: (H, W) along z, as the network said it.
        scale: what brings it to metres.
        max_m: the end of the network's own range, in its own metres: `max_depth_m` of its
            description.

    Returns:
        (H, W) float32: +Inf beyond the range, NaN where there is no depth; see `range_limited`.
        The array that was given, where nothing in it changes.

    Raises:
        ValueError: a scale that is not usable, or a range that makes no sense.
    """
    return range_limited(scale.apply(depth_m), farthest_m(scale, max_m), 0.0)


def deviation_in_metres(
    stddev_m: NDArray[Any], depth_m: NDArray[np.float32], scale: DepthScale
) -> NDArray[np.float32]:
    """The deviation of predicted depth → that of depth in metres, without that of the scale.

    Args:
        stddev_m: (H, W) as the network said it.
        depth_m: (H, W) of `to_metres`.
        scale: see `to_metres`.

    Returns:
        (H, W) float32 metres; NaN where depth is no distance. The array that was given, where
        nothing in it changes.
    """
    stddev = np.asarray(stddev_m, np.float32)
    if scale.factor != 1.0:
        stddev = stddev * np.float32(scale.factor)
    if scale.inverse_offset:  # the slope of `apply` at this depth
        with np.errstate(invalid="ignore"):
            stddev = stddev * np.square(1 - depth_m * np.float32(scale.inverse_offset))
    with np.errstate(invalid="ignore"):
        told = bool(depth_m.size == 0 or np.isfinite(depth_m.max() + depth_m.min()))
    return stddev if told else np.where(np.isfinite(depth_m), stddev, np.float32(np.nan))


def farthest_m(scale: DepthScale, max_m: float) -> float:
    """The metres from which on `to_metres` says +Inf; infinite where an inverse offset does it."""
    if scale.inverse_offset:
        return scale.at(max_m * (1.0 - NEAR_THE_END))
    return scale.at(max_m) * (1.0 - NEAR_THE_END)


def range_limited(
    depth_m: NDArray[Any], max_m: float, near_the_end: float = NEAR_THE_END
) -> NDArray[np.float32]:
    """Depth with what is too far to tell marked as such.

    REP 117: NaN is "no valid reading", +Inf "nothing within range", -Inf "too close to measure".
    A depth head that averages over bins creeps towards its last bin and never reaches it: the last
    two percent of the range mean "at least so far", not a distance. REP 118 takes the same floats
    for 32FC1 depth images.

    Args:
        depth_m: (H, W) floating metres.
        max_m: the end of the range in the same metres: the model's own times the scale in use.
        near_the_end: the part of the range that is no distance any more.

    Returns:
        (H, W) float32: +Inf from ``max_m * (1 - near_the_end)`` on, NaN for NaN, zero and negative
        numbers; both infinities stay. The array that was given, where nothing in it changes.

    Raises:
        ValueError: a range or a part that makes no sense.
    """
    if not max_m > 0 or not 0 <= near_the_end < 1:
        raise ValueError(
            f"max_m={max_m} must be positive and near_the_end={near_the_end} from 0 to below 1"
        )
    depth = np.asarray(depth_m, np.float32)
    far = np.float32(max_m * (1.0 - near_the_end))
    # Both are NaN when anything is. Most frames are within the range: two looks, and no copy.
    within = depth.size > 0 and depth.min() > 0.0 and depth.max() < far
    return depth if within else _mark_beyond(depth, far)


def _mark_beyond(depth: NDArray[np.float32], far: np.float32) -> NDArray[np.float32]:
    marked = depth.copy()
    with np.errstate(invalid="ignore"):
        for mark, where in (
            (np.inf, depth >= far),
            (np.nan, (depth <= 0) & (depth > -np.inf)),
        ):
            # Ten times as fast as assigning through a mask.
            cv2.copyTo(np.full_like(depth, mark), where.view(np.uint8), marked)
    return marked
