# SPDX-License-Identifier: Apache-2.0
"""The status of a camera's depth scale, and its latched message."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from tips_ros.messages.types import DEPTH_INFO, MessageFactory
from tips_ros.perception.depth.depth_scale import DepthScale, ScaleSource, farthest_m
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.temporal.stream import Held

NOT_HELD = Held()
_NEWS = 0.01  # of the factor, or of the range
_NEWS_PER_M = 0.002  # of the inverse offset: a hundredth of what is 5 m away


class DepthScaleStatus(NamedTuple):
    """The scale that frames get, and what was wanted."""

    scale: DepthScale
    wanted: ScaleSource
    nearest_m: float  # the model's range, scaled
    farthest_m: float
    stddev_fitted_on: str = ""  # "": it was never fitted to this model
    held: Held = NOT_HELD  # how depth was held still

    @classmethod
    def of(
        cls, scale: DepthScale, wanted: ScaleSource, model: ModelDescription, held: Held = NOT_HELD
    ) -> DepthScaleStatus:
        """Makes the status of a scale for frames of this model."""
        nearest_m = max(scale.at(model.bins.min_m), 0.0)
        farthest = farthest_m(scale, model.max_depth_m)
        return cls(scale, wanted, nearest_m, farthest, model.deviation.fitted_on, held)

    @property
    def doubt(self) -> str:
        """The reason not to trust the depth as it was wanted; empty where there is none."""
        missing = self.wanted in ("sensor", "ground") and self.wanted != self.scale.source
        return self.scale.note if missing or not self.scale.consistent else ""

    def differs_from(self, other: DepthScaleStatus | None) -> bool:
        """Whether people should hear of it; numbers within a note are none by themselves."""
        if other is None:
            return True
        one, two = self.scale, other.scale
        return (
            (self.wanted, one.source, one.consistent, _words(one.note))
            != (other.wanted, two.source, two.consistent, _words(two.note))
            or _differs(one.factor, two.factor)
            or abs(one.inverse_offset - two.inverse_offset) > _NEWS_PER_M
            or _differs(self.farthest_m, other.farthest_m)
            or (self.held.mode, self.held.resets) != (other.held.mode, other.held.resets)
        )

    def facts(self) -> dict[str, str]:
        """Facts for diagnostics."""
        scale = self.scale
        measured = scale.spread is not None
        spread = f"{100 * scale.spread:.1f}" if scale.spread is not None else ""
        return {
            "depth scale": f"{scale.factor:.4g}",
            "depth scale offset (m)": f"{scale.offset_m:.3f}",
            "depth scale inverse offset (1/m)": f"{scale.inverse_offset:.4f}",
            "depth scale source": scale.source,
            "depth scale wanted": self.wanted,
            "depth range min (m)": f"{self.nearest_m:.2f}",
            "depth range max (m)": f"{self.farthest_m:.2f}",
            "depth scale spread (%)": spread,
            "depth scale samples": str(scale.samples) if measured else "",
            "depth scale inliers": str(scale.inliers) if measured else "",
            "depth scale note": scale.note,
            "depth deviation fitted on": self.stddev_fitted_on or "nothing: uncalibrated",
        }


def depth_info_message(types: MessageFactory, header: Any, live: DepthScaleStatus) -> Any:
    """The scale from this header's frame on → tips_ros/DepthInfo."""
    scale = live.scale
    return types.message(DEPTH_INFO)(
        header=header,
        source=scale.source,
        wanted=live.wanted,
        scale=float(scale.factor),
        offset_m=float(scale.offset_m),
        inverse_offset=float(scale.inverse_offset),
        spread=math.nan if scale.spread is None else float(scale.spread),
        samples=scale.samples,
        inliers=scale.inliers,
        metric=scale.source != "model",
        consistent=scale.consistent,
        note=scale.note,
        min_range_m=float(live.nearest_m),
        max_range_m=float(live.farthest_m),
        stddev_calibrated=bool(live.stddev_fitted_on),
        stddev_fitted_on=live.stddev_fitted_on,
        temporal_mode=live.held.mode,
        temporal_scale=float(live.held.scale),
        temporal_resets=live.held.resets,
        temporal_reset=live.held.reset,
    )


def _differs(one: float, other: float) -> bool:
    return abs(one - other) > _NEWS * min(abs(one), abs(other))  # one may be infinite


def _words(note: str) -> str:
    return re.sub(r"[\d.]+", "", note)
