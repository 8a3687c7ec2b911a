# SPDX-License-Identifier: Apache-2.0
"""How predicted depth becomes metres, where that number is from, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.depth.focal import focal_scale

ScaleSource: TypeAlias = Literal["model", "focal", "sensor", "fixed"]
SCALE_SOURCES: tuple[ScaleSource, ...] = get_args(ScaleSource)


@dataclass(frozen=True)
class DepthScale:
    """``depth_m = factor * predicted + offset_m``.

    Attributes:
        factor: NaN where nothing is known, see `usable`.
        offset_m: 0 unless one was asked for.
        source: model (as it says), focal (by the camera's focal length), sensor (measured), fixed
            (told by the user).
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

    @property
    def usable(self) -> bool:
        """Whether there is a factor at all."""
        return math.isfinite(self.factor)

    def applied(self, predicted_m: NDArray[Any]) -> NDArray[np.float32]:
        """Scaled depth of any shape, float32; NaN where the offset leaves nothing positive.

        The array that was given, where nothing changes.

        Raises:
            ValueError: not usable.
        """
        if not self.usable:
            raise ValueError(f"there is no scale to apply: {self.note}")
        predicted = np.asarray(predicted_m, np.float32)
        if not self.offset_m:
            return predicted if self.factor == 1.0 else predicted * np.float32(self.factor)
        depth = predicted * np.float32(self.factor) + np.float32(self.offset_m)
        depth[~(depth > 0)] = np.nan
        return depth

    def at(self, predicted_m: float) -> float:
        """One predicted depth in metres."""
        return self.factor * predicted_m + self.offset_m

    def noted(self, note: str) -> DepthScale:
        """The same with more to say, after what was said before."""
        return replace(self, note="; ".join(filter(None, (self.note, note))))

    def doubted(self, note: str) -> DepthScale:
        """The same, no longer consistent; `note` says why."""
        return replace(self.noted(note), consistent=False)


def model_scale() -> DepthScale:
    """Depth as the model says it."""
    return DepthScale(1.0, "model")


def fixed_scale(factor: float) -> DepthScale:
    """A factor the user measured.

    Raises:
        ValueError: not a positive number.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"the depth scale must be a positive number, got {factor}")
    return DepthScale(factor, "fixed")


def focal_depth_scale(intrinsics: Intrinsics, focal_ratio: float) -> DepthScale:
    """By the focal length of the upright image; see `focal_scale`."""
    return DepthScale(focal_scale(intrinsics, focal_ratio), "focal")
