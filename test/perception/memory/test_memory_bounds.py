# SPDX-License-Identifier: Apache-2.0
"""A memory that has seen much is no larger than one that has seen enough."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ..ground.floor_scene import BOX, LAMP, Box
from ..objects import scenes
from .watch import Watch


@pytest.fixture
def small(monkeypatch):
    """Pictures, and limits that some hundred key frames reach."""
    monkeypatch.setattr(scenes, "SIZE", (60, 80))
    monkeypatch.setattr("tips_ros.perception.memory.memory._MOST_STEPS", 32)
    monkeypatch.setattr("tips_ros.perception.memory.memory._MOST_TRACKS", 16)


@pytest.mark.slow
def test_many_things_that_come_and_go_leave_nothing_behind(small):
    rng = np.random.default_rng(0)
    watch = Watch(max_objects=4)
    sizes, tracks = [], []
    for round_ in range(90):
        boxes = []
        for place in range(3):
            x, y = rng.uniform(1.4, 2.6), 0.8 * (place - 1) + rng.uniform(-0.2, 0.2)
            label = BOX if rng.random() < 0.5 else LAMP
            boxes.append(Box((x, y, 0), (x + 0.2, y + 0.25, 0.3), label))
        watch(*boxes, frames=2, passed_s=3.0, jump_m=0.1 * (round_ % 2))
        sizes.append(len(pickle.dumps(watch.memory)))
        tracks.append(len(watch.memory._track_of))
    assert watch.memory.last_number > 60, "enough of them"
    assert len(watch.memory.things) <= 4
    assert max(tracks) <= 16 and len(watch.memory.way_m) <= 33
    assert max(sizes[60:]) < 1.2 * max(sizes[30:60])
