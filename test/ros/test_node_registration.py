# SPDX-License-Identifier: Apache-2.0
"""A sensor whose depth belongs to another view than the picture is noticed, live."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tips_ros.perception.depth.registration import RegistrationCheck

from ..perception.depth.test_registration import BAGS, measured, recorded, seen
from .depth_bench import SMALL, Bench, is_sensor
from .example_messages import header_at
from .live_graph import PATIENCE_S
from .sensor_scene import depth_image

WARNED = "not registered to the picture"
LOOKS = 3


@pytest.fixture
def looks(monkeypatch):
    """Verdicts, as they are made; the looks come as soon as they can."""
    verdicts = []
    add = RegistrationCheck.add

    def noted(self, rgb, depth_m):
        verdicts.append(add(self, rgb, depth_m))
        return verdicts[-1]

    monkeypatch.setattr(RegistrationCheck, "add", noted)
    for name in ("_EVERY_S", "_AGAIN_S"):
        monkeypatch.setattr(f"tips_ros.perception.depth.registration_watch.{name}", 0.0)
    return verdicts


@pytest.fixture
def bench(graph_with):
    return Bench(graph_with(**SMALL, **{"depth.scale_source": "sensor"}))


def play(bench: Bench, frames: Iterator[tuple[np.ndarray, np.ndarray]], until_said) -> None:
    """Pictures and what the sensor says of them, with the same stamps."""
    deadline = time.monotonic() + PATIENCE_S
    bench.frame()
    for rgb, depth_m in itertools.cycle(list(frames)):
        assert time.monotonic() < deadline, f"waited in vain; the last is {bench.infos[-1:]}"
        bench.graph.publish(
            depth_image(header_at(bench.sec + 1), depth_m, "16UC1"), "/sensor/depth"
        )
        bench.frame(rgb)
        if until_said():
            return


def warned(bench: Bench) -> bool:
    return any(WARNED in info.note for info in bench.infos)


def test_depth_that_is_shifted_is_said_and_the_focal_length_takes_over(bench, looks, caplog):
    askew = [(seen(i), measured(i, dx=20.0)) for i in (0, 1)]
    # What is noted with one frame may change the source of the next one only.
    play(bench, iter(askew), lambda: warned(bench) and bench.info.source != "sensor")
    info = bench.info
    assert info.wanted == "sensor" and not info.consistent
    assert WARNED in bench.graph.camera.scaling.doubt
    assert WARNED in bench.graph.camera.scaling.facts()["depth scale note"]
    for rgb, depth_m in askew * 3:
        bench.graph.publish(
            depth_image(header_at(bench.sec + 1), depth_m, "16UC1"), "/sensor/depth"
        )
        bench.frame(rgb)
    told = [r for r in caplog.records if WARNED in r.getMessage()]
    assert [r.levelname for r in told] == ["WARNING"], "once"


def test_depth_of_the_picture_is_not_warned_of(bench, looks):
    frames = iter([(seen(i), measured(i)) for i in (0, 1)])
    play(bench, frames, lambda: len(looks) >= LOOKS)
    assert not warned(bench)
    assert all(look.registered for look in looks)


def test_a_sensor_that_is_put_right_is_believed_again(bench, looks):
    play(bench, iter([(seen(0), measured(0, dx=20.0))]), lambda: warned(bench))
    play(bench, iter([(seen(0), measured(0))]), lambda: WARNED not in bench.info.note)


@pytest.mark.skipif(not BAGS.is_dir(), reason="needs the recorded bags of ../shared/data")
def test_a_recorded_topic_that_lies_about_its_alignment_is_warned_of(bench, looks):
    frames = recorded("sevenscenes_rgbd_90f_unregistered_mcap", every=15)
    play(bench, frames, lambda: warned(bench) and bench.info.source != "sensor")


@pytest.mark.skipif(not BAGS.is_dir(), reason="needs the recorded bags of ../shared/data")
def test_a_recorded_topic_that_is_aligned_is_not_warned_of(bench, looks):
    frames = recorded("redwood_rgbd_aligned_mcap", every=1)
    play(bench, frames, lambda: len(looks) >= LOOKS and is_sensor(bench.info))
    assert not warned(bench)
    assert bench.info.samples > 1000
