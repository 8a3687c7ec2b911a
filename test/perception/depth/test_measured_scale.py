# SPDX-License-Identifier: Apache-2.0
"""Over many frames: what is live before, during and after a sensor that can be believed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.measured_scale import SILENCE_S, MeasuredScale
from tips_ros.perception.depth.registration_watch import RegistrationWatch

from .test_registration import measured as seen_by_sensor
from .test_registration import seen as picture_of

FOCAL = DepthScale(0.9, "focal")
FACTOR = 1.4


def predicted() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.5, 8.0, (60, 80)).astype(np.float32)


def sensor(factor: float = FACTOR) -> np.ndarray:
    noise = 1 + 0.02 * np.random.default_rng(1).normal(size=(60, 80))
    return (factor * predicted() * noise).astype(np.float32)


@pytest.fixture
def scale() -> MeasuredScale:
    return MeasuredScale(10.0)


@pytest.fixture
def watched(scale: MeasuredScale) -> Iterator[MeasuredScale]:
    """Looks as often as frames come."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_EVERY_S", "_AGAIN_S"):
            patch.setattr(f"tips_ros.perception.depth.registration_watch.{name}", 0.0)
        yield scale


def look(scale: MeasuredScale, depth_m: np.ndarray) -> None:
    scale.watch(picture_of(0), depth_m)
    thread = scale._watch._thread
    assert thread is not None
    thread.join()


def test_before_the_first_measure_the_other_scale_is_live_and_why_is_said(scale: MeasuredScale):
    live = scale.scale(1.0, FOCAL)
    assert (live.source, live.factor, live.consistent) == ("focal", 0.9, True)
    assert "no depth of the sensor came yet" in live.note


def test_a_good_measure_is_live_at_once_with_its_spread(scale: MeasuredScale):
    scale.add(predicted(), sensor(), with_offset=False)
    live = scale.scale(1.0, FOCAL)
    assert live.source == "sensor" and live.factor == pytest.approx(FACTOR, rel=0.005)
    assert live.spread == pytest.approx(0.02, rel=0.2) and live.note == "" and live.consistent


def test_a_silent_sensor_leaves_its_scale_which_is_doubted_after_a_while(scale: MeasuredScale):
    scale.add(predicted(), sensor(), with_offset=False)
    scale.scale(10.0, FOCAL)
    scale.record_miss("it fell silent")
    assert scale.scale(10.1, FOCAL).consistent
    assert scale.scale(10.1 + SILENCE_S - 0.1, FOCAL).consistent
    old = scale.scale(10.2 + SILENCE_S, FOCAL)
    assert old.source == "sensor" and not old.consistent and scale.overdue(10.2 + SILENCE_S)
    assert "more than 5 s old" in old.note and "it fell silent" in old.note
    scale.add(predicted(), sensor(), with_offset=False)
    assert scale.scale(20.0, FOCAL).consistent and not scale.overdue(20.0)


def test_a_pause_without_frames_is_no_silence(scale: MeasuredScale):
    scale.add(predicted(), sensor(), with_offset=False)
    scale.scale(10.0, FOCAL)
    scale.record_miss("not yet")
    assert scale.scale(1000.0, FOCAL).consistent  # nobody wanted depth for long


def test_a_sensor_that_measures_something_else_is_not_followed(scale: MeasuredScale):
    other = np.random.default_rng(7).uniform(0.5, 8.0, (60, 80)).astype(np.float32)
    scale.add(predicted(), other, with_offset=False)
    live = scale.scale(1.0, FOCAL)
    assert live.source == "focal" and not live.consistent
    assert "contradict each other" in live.note


def test_too_few_points_are_no_contradiction(scale: MeasuredScale):
    few = np.full((60, 80), np.nan, np.float32)
    few[0, :5] = 2.0
    scale.add(predicted(), few, with_offset=False)
    live = scale.scale(1.0, FOCAL)
    assert live.source == "focal" and live.consistent and "only 5 points" in live.note


def test_depth_of_another_view_is_not_believed_and_the_other_scale_returns(
    watched: MeasuredScale,
):
    watched.add(predicted(), sensor(), with_offset=False)
    askew = seen_by_sensor(0, dx=20.0)
    look(watched, askew)
    assert watched.scale(1.0, FOCAL).consistent  # one look may err
    look(watched, askew)
    watched.watch(picture_of(0), askew)
    live = watched.scale(1.1, FOCAL)
    assert live.source == "focal" and not live.consistent
    assert "not registered to the picture" in live.note


def test_points_go_on_while_the_images_are_not_believed(watched: MeasuredScale):
    for _ in range(2):
        look(watched, seen_by_sensor(0, dx=20.0))
    watched.add(predicted(), sensor(), with_offset=False)
    live = watched.scale(1.0, FOCAL)
    assert live.source == "sensor" and not live.consistent


def test_depth_of_its_picture_is_believed(watched: MeasuredScale):
    for _ in range(3):
        look(watched, seen_by_sensor(0))
    assert watched.contradiction == ""


def test_everything_can_be_forgotten(watched: MeasuredScale):
    watched.add(predicted(), sensor(), with_offset=False)
    for _ in range(2):
        look(watched, seen_by_sensor(0, dx=20.0))
    assert watched.contradiction
    watched.reset()
    live = watched.scale(1.0, FOCAL)
    assert live.consistent and live.source == "focal" and not watched.overdue(1.0)


def test_looks_are_rare_and_beside_the_frames(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tips_ros.perception.depth.registration_watch._AGAIN_S", 1000.0)
    watch, frame = RegistrationWatch(), (picture_of(0), seen_by_sensor(0))
    watch.offer(*frame)
    first = watch._thread
    assert first is not None and first is not threading.current_thread()
    first.join()
    watch.offer(*frame)
    assert watch._thread is first


def test_images_of_odd_sizes_end_no_thread_with_a_trace(caplog: pytest.LogCaptureFixture):
    watch = RegistrationWatch()
    watch.offer(np.zeros((1, 1, 3), np.uint8), np.ones((0, 0), np.float32))
    assert watch._thread is not None
    watch._thread.join()
    assert watch.contradiction == ""
