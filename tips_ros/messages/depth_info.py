# SPDX-License-Identifier: Apache-2.0
"""The status of a camera's depth scale, and its latched message."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from tips_ros.messages.types import DEPTH_INFO, MessageTypes
from tips_ros.perception.depth.depth_scale import DepthScale, ScaleSource, farthest_m
from tips_ros.perception.description import ModelDescription

_NEWS = 0.01  # of the factor, or of the range


class LiveScale(NamedTuple):
    """The scale that frames get, and what was wanted."""

    scale: DepthScale
    wanted: ScaleSource
    nearest_m: float  # the model's range, scaled
    farthest_m: float

    @classmethod
    def of(cls, scale: DepthScale, wanted: ScaleSource, model: ModelDescription) -> LiveScale:
        """For frames of this model."""
        nearest_m = max(scale.at(model.bins.min_m), 0.0)
        return cls(scale, wanted, nearest_m, farthest_m(scale, model.max_depth_m))

    @property
    def doubt(self) -> str:
        """The reason not to trust the depth as it was wanted; empty where there is none."""
        missing = self.wanted == "sensor" != self.scale.source
        return self.scale.note if missing or not self.scale.consistent else ""

    def differs_from(self, other: LiveScale | None) -> bool:
        """Whether people should hear of it; numbers within a note are none by themselves."""
        if other is None:
            return True
        one, two = self.scale, other.scale
        return (
            (self.wanted, one.source, one.consistent, _words(one.note))
            != (other.wanted, two.source, two.consistent, _words(two.note))
            or _moved(one.factor, two.factor)
            or _moved(self.farthest_m, other.farthest_m)
        )

    def facts(self) -> dict[str, str]:
        """For diagnostics."""
        scale = self.scale
        measured = scale.spread is not None
        spread = f"{100 * scale.spread:.1f}" if scale.spread is not None else ""
        return {
            "depth scale": f"{scale.factor:.4g}",
            "depth scale offset (m)": f"{scale.offset_m:.3f}",
            "depth scale source": scale.source,
            "depth scale wanted": self.wanted,
            "depth range min (m)": f"{self.nearest_m:.2f}",
            "depth range max (m)": f"{self.farthest_m:.2f}",
            "depth scale spread (%)": spread,
            "depth scale samples": str(scale.samples) if measured else "",
            "depth scale inliers": str(scale.inliers) if measured else "",
            "depth scale note": scale.note,
        }


def depth_info_message(types: MessageTypes, header: Any, live: LiveScale) -> Any:
    """The scale from this header's frame on → tips_ros/DepthInfo."""
    scale = live.scale
    return types.message(DEPTH_INFO)(
        header=header,
        source=scale.source,
        wanted=live.wanted,
        scale=float(scale.factor),
        offset_m=float(scale.offset_m),
        spread=math.nan if scale.spread is None else float(scale.spread),
        samples=scale.samples,
        inliers=scale.inliers,
        metric=scale.source != "model",
        consistent=scale.consistent,
        note=scale.note,
        min_range_m=float(live.nearest_m),
        max_range_m=float(live.farthest_m),
    )


def _moved(one: float, other: float) -> bool:
    return abs(one - other) > _NEWS * abs(other)


def _words(note: str) -> str:
    return re.sub(r"[\d.]+", "", note)
