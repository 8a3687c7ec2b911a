# SPDX-License-Identifier: Apache-2.0
"""The results of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tips_ros.evaluation.class_matching import ClassMatch
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.metrics.boundary import BoundaryResult
from tips_ros.evaluation.metrics.depth import DepthResult
from tips_ros.evaluation.metrics.deviation import DeviationResult
from tips_ros.evaluation.metrics.flicker import FlickerResult
from tips_ros.evaluation.metrics.normals import NormalResult
from tips_ros.evaluation.metrics.segmentation import SegmentationResult
from tips_ros.evaluation.worst_frames import ScoredFrame, Task


@dataclass(frozen=True)
class EvaluationResults:
    """Numbers of one predictor on one dataset; None for what was not measured.

    Attributes:
        dataset: its name.
        frames: how many were looked at, whether or not they could be measured.
        depth_protocol: which depths counted.
        class_names: the truth's classes by id.
        class_match: how the model's classes became the truth's; None without classes.
        depth: as predicted.
        depth_with_focal: corrected by `focal_scale`, on the frames whose intrinsics are known.
        deviation: of the depth, corrected where the intrinsics are known.
        normals, segmentation, boundary, flicker: each of its own metrics file.
        worst: by task, worst first; the numbers of depth are those as predicted.
    """

    dataset: str
    frames: int
    depth_protocol: DepthProtocol
    class_names: Mapping[int, str]
    class_match: ClassMatch | None = None
    depth: DepthResult | None = None
    depth_with_focal: DepthResult | None = None
    normals: NormalResult | None = None
    segmentation: SegmentationResult | None = None
    boundary: BoundaryResult | None = None
    flicker: FlickerResult | None = None
    deviation: DeviationResult | None = None
    worst: Mapping[Task, tuple[ScoredFrame, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: str, int, float, None, lists and dicts; never NaN or infinity.

        Classes stand under their names, and of the worst frames the names and numbers.
        """
        table = {
            "dataset": self.dataset,
            "frames": self.frames,
            "depth_protocol": _protocol(self.depth_protocol),
            "depth": _depth(self.depth),
            "depth_with_focal": _depth(self.depth_with_focal),
            "deviation": self.deviation and self.deviation._asdict(),
            "normals": self.normals and self.normals._asdict(),
            "segmentation": self._segmentation(),
            "boundary": self.boundary and self.boundary._asdict(),
            "flicker": self._flicker(),
            "worst": {
                task: [{"name": frame.sample.name, "badness": frame.badness} for frame in frames]
                for task, frames in self.worst.items()
            },
        }
        return {key: _to_json(value) for key, value in table.items()}

    def name_of(self, class_id: int) -> str:
        """The truth's name of a class; an id that it does not name is told as a number."""
        return self.class_names.get(class_id, f"class {class_id}")

    def _flicker(self) -> dict[str, Any] | None:
        if self.flicker is None:
            return None
        stretches = {"standing": self.flicker.standing, "moving": self.flicker.moving}
        return self.flicker._asdict() | {
            name: stretch and stretch._asdict() for name, stretch in stretches.items()
        }

    def _segmentation(self) -> dict[str, Any] | None:
        if self.segmentation is None:
            return None
        table = self.segmentation._asdict()
        for key in ("iou_of_class", "pixels_of_class"):
            table[key] = {self.name_of(i): number for i, number in table[key].items()}
        if self.class_match is not None:
            table["unknown_to_model"] = self.class_match.unknown_to_model
            table["unknown_to_truth"] = self.class_match.unknown_to_truth
        return table


def _depth(depth: DepthResult | None) -> dict[str, Any] | None:
    if depth is None:
        return None
    return depth.errors._asdict() | {"images": depth.images, "pixels": depth.pixels}


def _protocol(protocol: DepthProtocol) -> dict[str, Any]:
    return protocol._asdict() | {"crop": protocol.crop and protocol.crop._asdict()}


def _to_json(value: Any) -> Any:
    """The same in types that JSON has; None for a number that JSON can't say."""
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_to_json(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
