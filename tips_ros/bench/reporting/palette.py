# SPDX-License-Identifier: Apache-2.0
"""Stages in groups that a plot has colours for."""

from __future__ import annotations

from collections.abc import Mapping

from tips_ros.bench.frame_pass import ARRAYS, BACKBONE, DECODE, HEAD, MESSAGE, PREPROCESS, PUBLISH
from tips_ros.bench.timing import Spread
from tips_ros.perception.overview.lettering import Color

GROUPS: dict[str, Color] = {
    "decode": (122, 132, 148),
    "preprocess": (148, 196, 232),
    "backbone": (64, 120, 200),
    "depth head": (232, 128, 56),
    "normals head": (240, 176, 88),
    "segmentation head": (200, 88, 72),
    "arrays": (112, 176, 96),
    "messages": (176, 136, 208),
    "publish": (224, 120, 176),
}
WHOLE: Color = (238, 240, 244)


def by_group(stages: Mapping[str, Spread]) -> dict[str, float]:
    """Medians of the stages, added up in groups, in the order of the work."""
    found: dict[str, float] = {}
    for stage, times in stages.items():
        found[_group(stage)] = found.get(_group(stage), 0.0) + times.median_ms
    return {group: found[group] for group in GROUPS if group in found}


def _group(stage: str) -> str:
    if stage.endswith(ARRAYS):
        return "arrays"
    if stage.endswith(MESSAGE):
        return "messages"
    assert stage in (DECODE, PREPROCESS, BACKBONE, PUBLISH) or stage.endswith(HEAD)
    return stage
