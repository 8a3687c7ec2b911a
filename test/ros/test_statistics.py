# SPDX-License-Identifier: Apache-2.0
"""What is counted is what happened."""

import pytest

from tips_ros.ros.statistics import Statistics


def test_before_the_first_frame_everything_is_zero_or_unknown():
    snapshot = Statistics().snapshot()
    assert (snapshot.received, snapshot.published, snapshot.drops) == (0, 0, {})
    assert (snapshot.rate_hz, snapshot.age_s, snapshot.latency_s) == (0.0, None, None)
    assert snapshot.seconds_since_image is None


def test_every_frame_that_arrived_is_published_or_dropped_for_a_cause():
    statistics = Statistics()
    for _ in range(5):
        statistics.arrived()
    statistics.dropped("superseded")
    statistics.dropped("superseded")
    statistics.dropped("unreadable", "step is too small")
    statistics.went_out(age_s=0.5, latency_s=0.1)
    statistics.went_out(age_s=1.5, latency_s=0.3)
    snapshot = statistics.snapshot()
    assert snapshot.received == snapshot.published + sum(snapshot.drops.values())
    assert snapshot.drops == {"superseded": 2, "unreadable": 1}
    assert snapshot.last_error == "step is too small"


def test_ages_and_latencies_are_percentiles_of_the_frames_that_went_out():
    statistics = Statistics()
    for milliseconds in range(101):
        statistics.went_out(age_s=1.0, latency_s=milliseconds / 1000)
    assert statistics.snapshot().age_s == (1.0, 1.0)
    assert statistics.snapshot().latency_s.p50 == pytest.approx(0.0505)  # of the last hundred
    assert statistics.snapshot().latency_s.p95 == pytest.approx(0.09505)


def test_a_stage_that_raises_is_not_timed():
    statistics = Statistics()
    with pytest.raises(ValueError), statistics.stage("decode"):
        raise ValueError
    with statistics.stage("predict"):
        pass
    assert list(statistics.snapshot().stages_s) == ["predict"]
