# SPDX-License-Identifier: Apache-2.0
"""Counts are of what happened, each frame once, and nothing older than they say."""

import threading

import pytest

from tips_ros.ros.health import statistics as module
from tips_ros.ros.health.statistics import Statistics


@pytest.fixture
def clock(monkeypatch):
    """Monotonic time that stands until it is told to go on."""

    class Clock:
        now = 1000.0

        def pass_(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    return clock


def balanced(snapshot):
    ended = snapshot.published + sum(snapshot.drops.values())
    return snapshot.received == ended + snapshot.in_flight


def test_before_the_first_frame_everything_is_zero_or_unknown():
    snapshot = Statistics().snapshot()
    assert (snapshot.received, snapshot.published, snapshot.drops) == (0, 0, {})
    assert (snapshot.rate_hz, snapshot.age_s, snapshot.latency_s) == (0.0, None, None)
    assert (snapshot.seconds_since_image, snapshot.failure, snapshot.in_flight) == (None, None, 0)


def test_every_frame_that_arrived_is_published_dropped_for_a_cause_or_in_flight():
    statistics = Statistics()
    accounts = [statistics.count_arrival() for _ in range(6)]
    assert statistics.snapshot().in_flight == 6
    accounts[0].drop("superseded")
    accounts[1].drop("superseded")
    accounts[2].drop("unreadable", "step is too small")
    accounts[3].publish({"depth/image": ""}, age_s=0.5, latency_s=0.1)
    accounts[4].publish({"depth/image": "", "points": "no camera_info"}, None, 0.3)
    snapshot = statistics.snapshot()
    assert balanced(snapshot)
    assert snapshot.drops == {"superseded": 2, "unreadable": 1}
    assert (snapshot.published, snapshot.in_flight) == (2, 1)
    assert snapshot.outputs == {"depth/image": 2}
    assert snapshot.withheld == {"points": {"no camera_info": 1}}
    assert snapshot.last_error == "step is too small"


def test_a_frames_fate_is_settled_once_by_the_first_who_knows_it():
    statistics = Statistics()
    account = statistics.count_arrival()
    assert account.drop("failed", "out of memory")
    assert not account.drop("deactivated")
    assert not account.publish({"depth/image": ""}, 0.0, 0.0)
    snapshot = statistics.snapshot()
    assert balanced(snapshot)
    assert (snapshot.drops, snapshot.published) == ({"failed": 1}, 0)


def test_threads_that_settle_at_once_lose_no_frame():
    statistics = Statistics()

    def work():
        for _ in range(200):
            account = statistics.count_arrival()
            account.drop("stale")
            account.publish({}, None, 0.0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert balanced(statistics.snapshot())
    snapshot = statistics.snapshot()
    assert (snapshot.received, snapshot.drops, snapshot.in_flight) == (1600, {"stale": 1600}, 0)


def test_ages_and_latencies_are_percentiles_of_the_last_ten_seconds(clock):
    statistics = Statistics()
    statistics.count_arrival().publish({}, age_s=100.0, latency_s=100.0)
    clock.pass_(10.5)
    assert statistics.snapshot().age_s is None
    for milliseconds in range(101):
        statistics.count_arrival().publish({}, age_s=1.0, latency_s=milliseconds / 1000)
    assert statistics.snapshot().age_s == (1.0, 1.0)
    assert statistics.snapshot().latency_s.p50 == pytest.approx(0.050)
    assert statistics.snapshot().latency_s.p95 == pytest.approx(0.095)


def test_a_frame_whose_age_nobody_can_tell_has_none(clock):
    statistics = Statistics()
    statistics.count_arrival().publish({}, age_s=None, latency_s=0.1)
    assert statistics.snapshot().age_s is None


@pytest.mark.parametrize("pause_s", [3600.0, 60.0, 11.0])
def test_after_a_pause_the_rate_is_that_of_the_frames_after_it(clock, pause_s):
    statistics = Statistics()
    for _ in range(50):
        statistics.count_arrival()
        clock.pass_(1 / 30)
    clock.pass_(pause_s)
    for _ in range(10):
        statistics.count_arrival()
        clock.pass_(1 / 30)
    assert statistics.snapshot().rate_hz == pytest.approx(30.0)


def test_the_rate_falls_once_frames_stop_and_a_slow_camera_has_one(clock):
    statistics = Statistics()
    for _ in range(3):
        statistics.count_arrival()
        clock.pass_(20.0)
    assert statistics.snapshot().rate_hz == pytest.approx(1 / 20)
    clock.pass_(180.0)
    assert statistics.snapshot().rate_hz == pytest.approx(1 / 200)


def test_the_last_failure_has_its_cause_and_its_age(clock):
    statistics = Statistics()
    statistics.count_arrival().drop("failed", "RuntimeError: once")
    clock.pass_(3600.0)
    statistics.count_arrival().drop("superseded")
    assert statistics.snapshot().failure == ("failed", "RuntimeError: once", 3600.0)
    statistics.count_arrival().drop("unreadable", "encoding 'x' is not known")
    assert statistics.snapshot().failure == ("unreadable", "encoding 'x' is not known", 0.0)


def test_the_stages_that_a_frame_came_through_are_timed_whatever_became_of_it():
    statistics = Statistics()
    published, lost = statistics.count_arrival(), statistics.count_arrival()
    published.stages_s.update(decode=0.1, network=0.3)
    lost.stages_s["decode"] = 0.1
    assert not statistics.snapshot().stages_s  # of frames that are settled
    published.publish({"depth/image": ""}, None, 0.5)
    lost.drop("failed")
    stages = statistics.snapshot().stages_s
    assert {name: taken.p50 for name, taken in stages.items()} == {"decode": 0.1, "network": 0.3}
