# SPDX-License-Identifier: Apache-2.0
"""Training learns, stops and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from training.frames.frame_store import FrameStore
from training.steps import trainer
from training.steps.trainer import Plan, Trainer, class_weights

pytestmark = pytest.mark.slow

TOKENIZER = Path(__file__).parents[2] / "data" / "tokenizer" / "tiny.model"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FrameStore:
    """Six scenes: a wall over a floor, at another height and distance in each."""
    monkeypatch.setattr(trainer, "CHECKED_SCENES", 2)
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
    plan = Plan(224, 2, seed=3, average=0.5)
    Trainer(tmp_path, store, TOKENIZER, plan, "cpu", "fp32").run(check_every=28, log_every=7)
    notes = [note for note in _losses(tmp_path / "log.jsonl") if "depth" in note]
    for name in ("depth", "normals", "classes"):
        assert notes[-1][name] < 0.8 * notes[0][name], name
    checked = [note for note in _losses(tmp_path / "log.jsonl") if "checked_depth" in note]
    assert checked[-1]["checked_pixels_right"] > 0.6


def test_words_teach_the_text_encoder_and_the_temperature(store: FrameStore, tmp_path: Path):
    trainer = Trainer(tmp_path, store, TOKENIZER, Plan(4, 2, seed=3), "cpu", "fp32")
    text = trainer.average.text
    before = {name: weight.clone() for name, weight in text.state_dict().items()}
    temperature = trainer.average.temperature
    trainer.run()
    after = text.state_dict()
    assert all(not torch.equal(after[name], weight) for name, weight in before.items())
    assert trainer.average.temperature != temperature


PLAN = Plan(16, 2, seed=3, average=0.9)

# One training in a process of its own, so that it can be killed.
SCRIPT = """
import sys
from pathlib import Path
import torch
from training.steps import trainer
from training.frames.frame_store import FrameStore
from training.network.architecture import FIRST, SIZES, Sizes
from training.steps.trainer import Plan, Trainer

SIZES[FIRST] = Sizes(48, 4, 3, 96, 8, (0, 1, 2, 3))
if __name__ == "__main__":
    torch.set_num_threads(1)
    trainer.CHECKED_SCENES = 2
    state, store, tokenizer, wait = sys.argv[1:]
    plan = Plan(16, 2, seed=3, average=0.9)
    made = Trainer(Path(state), FrameStore(Path(store), 6, 1), Path(tokenizer), plan, "cpu", "fp32")
    print("from", made.step, flush=True)
    if wait == "slow":  # so that there is time to be killed between two saves
        import time
        step = made._optimisers.step
        made._optimisers.step = lambda number: (time.sleep(0.3), step(number))[1]
    made.run(save_every_s=0.5, check_every=4, log_every=1)
    torch.save(made.average.state_dict(), Path(state) / "result.pt")
"""


def _start(state: Path, store: FrameStore, wait: str) -> subprocess.Popen[str]:
    script = state.parent / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, script, state, store.directory, TOKENIZER, wait]
    root = str(Path(__file__).parents[3])
    # The tree is on the path after what is installed, as in the tests.
    environment = {**os.environ, "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{root}"}
    return subprocess.Popen(
        [str(part) for part in command], env=environment, stdout=subprocess.PIPE, text=True
    )


def _finish(process: subprocess.Popen[str]) -> str:
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return told


def test_a_training_that_was_killed_goes_on_as_if_it_had_not_been(
    store: FrameStore, tmp_path: Path
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _finish(_start(whole, store, "fast"))

    process = _start(killed, store, "slow")
    log, checkpoint = killed / "log.jsonl", killed / "checkpoint.pt"
    deadline = time.monotonic() + 200
    while not (checkpoint.is_file() and len(log.read_text().splitlines()) >= 5):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "result.pt").exists()
    _, still_there = psutil.wait_procs(children, timeout=60)
    assert not still_there, "what made its batches ends too"

    told = _finish(_start(killed, store, "fast"))
    assert int(told.split()[1]) > 0, "it began anew"
    one, other = (torch.load(folder / "result.pt") for folder in (whole, killed))
    for name, weight in one.items():
        assert torch.equal(weight, other[name]), name
    steps = [[n["step"] for n in _losses(f / "log.jsonl") if "depth" in n] for f in (whole, killed)]
    assert steps[0] == steps[1] == list(range(1, PLAN.steps + 1))


def test_a_training_that_is_told_to_stop_saves_the_step_it_is_at(store: FrameStore, tmp_path: Path):
    first = Trainer(tmp_path, store, TOKENIZER, PLAN, "cpu", "fp32")
    step = first._optimisers.step

    def stop_in_the_fourth(number: int) -> float:
        if number == 3:
            first.stop()
        return step(number)

    first._optimisers.step = stop_in_the_fourth  # type: ignore[method-assign]
    first.run(save_every_s=1000)
    again = Trainer(tmp_path, store, TOKENIZER, PLAN, "cpu")
    assert again.step == first.step == 4
    for name, weight in first.average.state_dict().items():
        assert torch.equal(weight, again.average.state_dict()[name]), name


def test_a_training_goes_on_with_its_own_plan_only(store: FrameStore, tmp_path: Path):
    Trainer(tmp_path, store, TOKENIZER, Plan(4, 2, seed=3), "cpu", "fp32").run()
    with pytest.raises(ValueError, match=r"started with Plan\(images=4.*start in another folder"):
        Trainer(tmp_path, store, TOKENIZER, Plan(8, 2, seed=3), "cpu", "fp32")


def test_small_pictures_come_first_and_whole_ones_last():
    plan = Plan(images=80, batch=2, seed=1, small=0.6)
    assert [plan.grid_at(step) for step in (0, 23, 24, 39, 40)] == [8, 8, 16, 16, 16]


def test_rare_classes_weigh_more_and_all_together_one(store: FrameStore):
    weights = class_weights(store.frames.classes)
    assert weights[1] > 0 and weights[5] > weights[0]
    counts = np.bincount(store.frames.classes[:, ::4, ::4].ravel(), minlength=23) + 1.0
    assert float((weights * counts / counts.sum()).sum()) == pytest.approx(1, abs=1e-5)
