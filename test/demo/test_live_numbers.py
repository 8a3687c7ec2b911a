# SPDX-License-Identifier: Apache-2.0
"""Numbers of a demonstration that goes on are those of its messages just now."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tips_ros.demo.live_numbers import (
    LiveNumbers,
    lines,
    measure_classes,
    measure_depth,
    measure_pace,
)
from tips_ros.replay.stamp_log import StampLog


def image(pixels: np.ndarray) -> SimpleNamespace:
    height, width = pixels.shape
    return SimpleNamespace(height=height, width=width, data=pixels.tobytes())


def logs(count: int, every_s: float, latency_s: float) -> tuple[StampLog, StampLog]:
    """Answers and images, from 100 s on."""
    answers, images = StampLog(), StampLog()
    for n in range(count):
        at_s = 100.0 + n * every_s
        images.add(n, round(at_s * 1e9))
        answers.add(n, round((at_s + latency_s) * 1e9))
    return answers, images


def test_rate_and_latency_are_those_of_the_last_seconds():
    answers, images = logs(2000, 0.1, 0.25)
    rate_hz, latency_s = measure_pace(answers, images, 100.0 + 200.0 + 0.25)
    assert rate_hz == pytest.approx(10.0)
    assert latency_s == pytest.approx((0.25, 0.25))


def test_a_node_that_stopped_answering_has_no_rate():
    answers, images = logs(20, 0.1, 0.25)
    assert measure_pace(answers, images, 200.0)[0] is None


def test_before_the_first_answer_there_is_neither():
    assert measure_pace(StampLog(), StampLog(), 0.0) == (None, None)


def test_depth_is_of_what_is_known():
    depth = np.linspace(1.0, 3.0, 4000, dtype=np.float32).reshape(40, 100)
    depth[:, :50] = np.nan
    depth[0, 60] = np.inf
    near, middle, far = measure_depth(image(depth))
    known = depth[np.isfinite(depth)]
    assert known.min() <= near < middle < far <= known.max()
    assert middle == pytest.approx(np.median(known), abs=0.1)


def test_a_frame_without_any_depth_has_none():
    assert measure_depth(image(np.full((8, 8), np.nan, np.float32))) is None


def test_classes_are_those_that_are_seen_the_largest_first():
    labels = np.full((80, 40), 255, np.uint8)
    labels[:20], labels[20:60] = 3, 7
    known = SimpleNamespace(ids=[3, 7, 9], names=["cup", "chair", "door"])
    assert measure_classes(image(labels), known) == (("chair", 0.5), ("cup", 0.25))


def test_five_lines_say_what_is_known_and_that_the_rest_is_not():
    assert list(lines(LiveNumbers())) == [
        "  answers  0",
        "  latency  -",
        "  depth    -",
        "  classes  -",
        "  node     -",
    ]
    classes = tuple((name, 0.2) for name in ("wall", "floor", "door", "cup", "bed"))
    node = {"model": "demo", "device": "cpu", "memory (MiB)": "512"}
    known = LiveNumbers(
        12, 3.94, (0.25, 0.5), {"superseded": 7, "stale": 1}, (0.5, 1.25, 4.0), classes, node
    )
    assert list(lines(known)) == [
        "  answers  12, 3.9 a second, 8 dropped",
        "  latency  250 ms, 95 % within 500 ms",
        "  depth    0.50 to 4.00 m, half of it nearer than 1.25 m",
        "  classes  wall 20%, floor 20%, door 20%, cup 20%, 1 more",
        "  node     demo, cpu, 512 MiB",
    ]
