# SPDX-License-Identifier: Apache-2.0
"""The plots have a place for every case, and colours for every group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.bench.cases import Case, series
from tips_ros.bench.memory import Peak
from tips_ros.bench.reporting.palette import GROUPS, WHOLE, sum_by_group
from tips_ros.bench.reporting.plot import bars, curves
from tips_ros.bench.stages import StageResult
from tips_ros.bench.timing import TimeSpread

STAGES = {
    **{name: TimeSpread(2.0, 3.0) for name in ("decode", "preprocess", "backbone")},
    **{f"{name} head": TimeSpread(4.0, 5.0) for name in ("depth", "normals", "segmentation")},
    **{f"{name} arrays": TimeSpread(1.0, 1.0) for name in ("depth", "normals", "semantic")},
    **{f"{name} message": TimeSpread(0.5, 1.0) for name in ("depth/image", "points")},
    "publish": TimeSpread(1.0, 2.0),
}
WHOLE_MS, CPU_MS = TimeSpread(23.0, 25.0), TimeSpread(40.0, 41.0)
RESULT = StageResult(
    Case(), "B", True, (448, 448), "cpu", STAGES, WHOLE_MS, CPU_MS, Peak(500.0, 40.0, None, 3.0), 5
)


def has(picture: np.ndarray, color: str) -> bool:
    return bool((picture == list(bytes.fromhex(color[1:]))).all(axis=2).sum() > 20)


def test_groups_add_up_to_the_stages():
    groups = sum_by_group(STAGES)
    assert list(groups) == list(GROUPS)
    assert sum(groups.values()) == pytest.approx(sum(t.median_ms for t in STAGES.values()))
    assert groups["arrays"] == 3.0 and groups["messages"] == 1.0


def test_bars_show_every_group():
    one, two = bars([RESULT], "a machine"), bars([RESULT, RESULT], "a machine")
    assert all(has(one, color) for color in GROUPS.values())
    assert two.shape[0] > one.shape[0] and two.shape[1:] == one.shape[1:]


def test_curves_show_every_group_and_the_whole():
    points = series("cameras", Case())
    results = [
        replace(RESULT, case=p.case, whole=TimeSpread(23.0 * p.at, 25.0 * p.at)) for p in points
    ]
    picture = curves([p.at for p in points], results, "cameras", "a machine")
    assert has(picture, WHOLE) and all(has(picture, color) for color in GROUPS.values())


def test_curves_of_a_single_point_are_drawn_too():
    assert has(curves([1.0], [RESULT], "cameras", "a machine"), WHOLE)
