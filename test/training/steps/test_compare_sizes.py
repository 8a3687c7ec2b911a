# SPDX-License-Identifier: Apache-2.0
"""Short runs decide the model's sizes, and are made once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training.frames.frame_store import FrameStore
from training.network.architecture import SIZES
from training.steps import compare_sizes, trainer
from training.steps.compare_sizes import best_sizes

pytestmark = pytest.mark.slow

TOKENIZER = Path(__file__).parents[2] / "data" / "tokenizer" / "tiny.model"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FrameStore:
    monkeypatch.setattr(trainer, "CHECKED_SCENES", 2)
    monkeypatch.setattr(compare_sizes, "_IMAGES", 4)
    monkeypatch.setattr(compare_sizes, "_BATCH", 2)
    made = FrameStore(tmp_path / "frames", scenes=4, views=1)
    made.frames.rgb[:] = np.random.default_rng(0).integers(0, 256, made.frames.rgb.shape, np.uint8)
    made.frames.depth_m[:] = 2
    made.frames.normals[..., 2] = -127
    made.frames.focal_ratio[:] = 0.8
    return made


def test_every_size_is_tried_once_and_the_best_is_taken(
    store: FrameStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    best = best_sizes(tmp_path / "sizes", store, TOKENIZER, "cpu")
    found = json.loads((tmp_path / "sizes" / "sizes.json").read_text())
    assert set(found) == set(SIZES)
    assert found[best]["total"] == min(one["total"] for one in found.values())
    assert all(np.isfinite(list(one.values())).all() for one in found.values())

    monkeypatch.setattr(compare_sizes, "_tried", None)  # nothing is tried again
    assert best_sizes(tmp_path / "sizes", store, TOKENIZER, "cpu") == best
