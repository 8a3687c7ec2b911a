# SPDX-License-Identifier: Apache-2.0
"""Training learns, stops and goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from training import trainer
from training.frame_store import FrameStore
from training.trainer import Plan, Trainer, class_weights

TOKENIZER = Path(__file__).parents[1] / "data" / "tokenizer" / "tiny.model"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FrameStore:
    """Six scenes: a wall over a floor, at another height and distance in each."""
    monkeypatch.setattr(trainer, "_CHECKED_SCENES", 2)
    made = FrameStore(tmp_path / "frames", scenes=6, views=1)
    for scene in range(6):
        edge = 40 + 8 * scene
        made.frames.rgb[scene] = (200, 190, 170)
        made.frames.rgb[scene, edge * 224 // 128 :] = (90, 60, 30)
        made.frames.depth_m[scene] = 2 + 0.2 * scene
        made.frames.normals[scene] = (0, 0, -127)
        made.frames.normals[scene, edge:] = (0, -127, 0)
        made.frames.classes[scene] = 0
        made.frames.classes[scene, edge:] = 1
        made.frames.focal_ratio[scene] = 0.81
    return made


def _losses(log: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_every_head_learns_pictures_that_are_easy(store: FrameStore, tmp_path: Path):
    Trainer(tmp_path, store, TOKENIZER, Plan(48, 2, seed=3), "cpu").run(24, 6)
    notes = [note for note in _losses(tmp_path / "log.jsonl") if "depth" in note]
    for name in ("depth", "normals", "classes"):
        assert notes[-1][name] < 0.8 * notes[0][name], name
    checked = [note for note in _losses(tmp_path / "log.jsonl") if "checked_depth" in note]
    assert checked[-1]["checked_pixels_right"] > 0.6


def test_words_teach_the_text_encoder_and_the_temperature(store: FrameStore, tmp_path: Path):
    trainer = Trainer(tmp_path, store, TOKENIZER, Plan(4, 2, seed=3), "cpu")
    before = {name: weight.clone() for name, weight in trainer.text.state_dict().items()}
    temperature = trainer.temperature
    trainer.run(2, 2)
    after = trainer.text.state_dict()
    assert all(not torch.equal(after[name], weight) for name, weight in before.items())
    assert trainer.temperature != temperature


def test_a_stopped_training_goes_on_as_if_it_had_not_stopped(store: FrameStore, tmp_path: Path):
    plan = Plan(12, 2, seed=3)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    first = Trainer(whole, store, TOKENIZER, plan, "cpu")
    first.run(save_every=3, log_every=1)

    stopped = Trainer(parts, store, TOKENIZER, plan, "cpu")
    step = stopped._optimisers.step

    def stop_after_four(number: int) -> float:
        if number == 4:
            raise KeyboardInterrupt
        return step(number)

    stopped._optimisers.step = stop_after_four  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stopped.run(save_every=3, log_every=1)
    again = Trainer(parts, store, TOKENIZER, plan, "cpu")
    assert again.step == 3
    again.run(save_every=3, log_every=1)
    for name, weight in first.tips.state_dict().items():
        assert torch.allclose(weight, again.tips.state_dict()[name], atol=1e-5), name


def test_small_pictures_come_first_and_whole_ones_last():
    plan = Plan(images=80, batch=2, seed=1, small=0.6)
    assert [plan.grid_at(step) for step in (0, 23, 24, 39, 40)] == [8, 8, 16, 16, 16]


def test_rare_classes_weigh_more_and_all_together_one(store: FrameStore):
    weights = class_weights(store)
    assert weights[1] > 0 and weights[5] > weights[0]
    counts = np.bincount(store.frames.classes[:, ::4, ::4].ravel(), minlength=23) + 1.0
    assert float((weights * counts / counts.sum()).sum()) == pytest.approx(1, abs=1e-5)
