# SPDX-License-Identifier: Apache-2.0
"""Stages in groups that a plot has colours for."""

from __future__ import annotations

from collections.abc import Mapping

from tips_ros.bench.frame_pass import ARRAYS, BACKBONE, DECODE, HEAD, MESSAGE, PREPROCESS, PUBLISH
from tips_ros.bench.timing import TimeSpread

GROUPS: dict[str, str] = {
    "decode": "#7a8494",
    "preprocess": "#94c4e8",
    "backbone": "#4078c8",
    "depth head": "#e88038",
    "normals head": "#f0b058",
    "segmentation head": "#c85848",
    "arrays": "#70b060",
    "messages": "#b088d0",
    "publish": "#e078b0",
}
WHOLE = "#eef0f4"


def sum_by_group(stages: Mapping[str, TimeSpread]) -> dict[str, float]:
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
