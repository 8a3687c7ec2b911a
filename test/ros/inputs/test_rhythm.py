# SPDX-License-Identifier: Apache-2.0
"""The next event is expected by the period of those before."""

from tips_ros.ros.inputs.latest_images import PeriodEstimate


def at_intervals(period_s: float, count: int = 5) -> PeriodEstimate:
    """Beats at 0, period, 2 periods … ."""
    rhythm = PeriodEstimate()
    for i in range(count):
        rhythm.tick(i * period_s)
    return rhythm


def test_one_event_is_no_rhythm():
    assert not at_intervals(1.0, count=1).is_due(0.5, deadline=100.0)
    assert not at_intervals(1.0, count=0).is_due(0.5, deadline=100.0)


def test_the_next_is_due_if_it_falls_before_the_deadline():
    rhythm = at_intervals(0.1)  # the last at 0.4
    assert rhythm.is_due(0.45, deadline=0.51)
    assert not rhythm.is_due(0.45, deadline=0.49)


def test_one_that_is_a_little_late_is_still_due_and_one_that_is_very_late_is_not():
    rhythm = at_intervals(0.1)
    assert rhythm.is_due(0.54, deadline=0.6)
    assert not rhythm.is_due(0.56, deadline=0.6)


def test_the_rhythm_follows_a_change_of_rate():
    rhythm = at_intervals(0.1)
    for i in range(1, 21):
        rhythm.tick(0.4 + i * 1.0)
    assert not rhythm.is_due(20.4, deadline=21.3)
    assert rhythm.is_due(20.4, deadline=21.5)
