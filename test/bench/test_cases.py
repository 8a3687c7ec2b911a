# SPDX-License-Identifier: Apache-2.0
"""Cases are each with each; a series lets one thing grow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tips_ros.bench.cases import AXIS, SERIES, Case, combinations, series


def test_each_is_combined_with_each_and_a_model_is_loaded_once():
    cases = combinations(
        ["a", "b"],
        [(8, 6), (16, 12)],
        [None],
        ["fp32", "bf16"],
        ["plain"],
        ["torch", "openvino"],
        [1, 2],
    )
    assert len(cases) == len(set(cases)) == 32
    loaded = [case.loaded for case in cases]
    changes = sum(a != b for a, b in zip(loaded, loaded[1:], strict=False))
    assert changes == len(set(loaded)) - 1


@pytest.mark.parametrize("kind", SERIES)
def test_a_series_grows_in_one_thing_alone(kind):
    case = Case("demo", subscribers=1)
    points = series(kind, case)
    assert [p.at for p in points] == sorted({p.at for p in points}) and len(points) > 3
    field = {"size": "image", "prompts": "classes"}.get(kind, kind)
    alike = {replace(p.case, **{field: getattr(case, field)}, prompted=False) for p in points}
    assert alike == {case}
    assert kind in AXIS


def test_the_series_reach_as_far_as_promised():
    megapixels = [p.at for p in series("size", Case())]
    assert megapixels[0] == pytest.approx(0.3, abs=0.01) and megapixels[-1] > 8
    assert [p.at for p in series("classes", Case())][0::4] == [3, 150]
    assert series("cameras", Case())[-1].case.cameras == 8


def test_prompts_leave_the_head_as_it_is():
    [few, *_] = series("prompts", Case())
    assert few.case.classes == 3 and few.case.head_outputs is None
    [few, *_] = series("classes", Case())
    assert few.case.head_outputs == 3


def test_a_title_names_what_is_not_plain():
    assert Case().title == "demo, 640x480, fp32"
    case = Case("random-b14", (80, 60), (56, 84), "bf16", "plain", "openvino", 4, 30, True)
    title = case.title
    assert title == (
        "random-b14, 80x60, seen at 56x84, bf16, plain heads, openvino, 4 cameras, 30 prompts"
    )
