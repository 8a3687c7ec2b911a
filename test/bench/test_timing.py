# SPDX-License-Identifier: Apache-2.0
"""Times are counted for their stage, and nobody has a better place in the queue."""

from __future__ import annotations

import pytest
import torch

from tips_ros.bench.timing import Stopwatch, ratio, spread, take_turns

CPU = torch.device("cpu")


def test_a_stage_that_comes_twice_in_a_round_is_added_up():
    watch = Stopwatch(CPU)
    watch.start()
    for stage in ("decode", "publish", "publish"):
        watch.lap(stage)
    assert list(watch.laps_ms) == ["decode", "publish"]
    assert all(taken >= 0 for taken in watch.laps_ms.values())


def test_a_spread_is_of_all_rounds():
    assert spread([1.0, 3.0, 2.0]).median_ms == 2.0
    assert spread([1.0] * 95 + [9.0] * 5).p95_ms <= 9.0
    with pytest.raises(ValueError, match="at least one round"):
        spread([])


def test_every_second_round_runs_in_the_opposite_order():
    order: list[str] = []
    contenders = {name: lambda name=name: order.append(name) for name in "abc"}
    times = take_turns(contenders, rounds=2, warm_up=1, device=CPU)
    assert "".join(order) == "cba" + "abc" + "cba"
    assert {name: len(of_rounds) for name, of_rounds in times.items()} == {"a": 2, "b": 2, "c": 2}


def test_a_ratio_of_rounds_is_not_moved_by_a_slow_moment_of_both():
    found = ratio(theirs_ms=[20.0, 20.0, 200.0], ours_ms=[10.0, 10.0, 100.0])
    assert found.of_medians == 2.0 and found.median_of_rounds == 2.0
    found = ratio(theirs_ms=[10.0, 40.0, 40.0], ours_ms=[10.0, 10.0, 20.0])
    assert found.of_medians == 4.0 and found.median_of_rounds == 2.0
