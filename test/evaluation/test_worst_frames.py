# SPDX-License-Identifier: Apache-2.0
"""The worst frames stay while a dataset goes by."""

from __future__ import annotations

import numpy as np

from tips_ros.evaluation.sample import Sample
from tips_ros.evaluation.worst_frames import ScoredFrame, WorstFrames
from tips_ros.perception.prediction import Prediction


def frame(name: str, badness: float) -> ScoredFrame:
    return ScoredFrame(badness, Sample(name, np.zeros((2, 2, 3), np.uint8)), Prediction())


def kept(worst: WorstFrames) -> dict[str, list[str]]:
    return {task: [f.sample.name for f in frames] for task, frames in worst.result().items()}


def test_the_worst_are_kept_whatever_the_order():
    badness = np.random.default_rng(3).permutation(50)
    worst = WorstFrames(4)
    for number in badness:
        worst.add("depth", frame(str(number), float(number)))
    assert kept(worst) == {"depth": ["49", "48", "47", "46"]}


def test_of_equally_bad_frames_the_earlier_ones_stay():
    worst = WorstFrames(2)
    for name in "abcd":
        worst.add("normals", frame(name, 1.0))
    assert kept(worst) == {"normals": ["a", "b"]}


def test_each_task_has_its_own():
    worst = WorstFrames(1)
    worst.add("semantic", frame("a", 0.2))
    worst.add("depth", frame("b", 0.1))
    assert kept(worst) == {"depth": ["b"], "semantic": ["a"]}


def test_none_wanted_is_none_kept():
    worst = WorstFrames(0)
    worst.add("depth", frame("a", 1.0))
    assert worst.result() == {}
