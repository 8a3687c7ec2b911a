# SPDX-License-Identifier: Apache-2.0
"""A training that is given a time learns, ends when it is over, and survives what diverges."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from tips_ros.errors import UserError
from tips_ros.model.checkpoints.hugging_face import WEIGHTS
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.loading.model_settings import SETTINGS_FILE
from training import train
from training.frames import device_frames, packed
from training.frames.device_frames import DeviceFrames
from training.frames.packed import MANIFEST, first_unpacked_room
from training.steps import timed_trainer
from training.steps.timed_trainer import Schedule, TimedTrainer

from ..easy_frames import SCENES, Rendered

pytestmark = pytest.mark.slow

TOKENIZER = Path(__file__).parents[2] / "data" / "tokenizer" / "tiny.model"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_trainer, "_CHUNK", 2)
    monkeypatch.setattr(timed_trainer, "_TEXTS", 8)


class Clock:
    """Time that passes by so much with every look at it."""

    def __init__(self, step_s: float) -> None:
        self._now, self._step_s = 0.0, step_s

    def monotonic(self) -> float:
        self._now += self._step_s
        return self._now


def _trainer(
    directory: Path, frames: Path, monkeypatch: pytest.MonkeyPatch, looks: int = 110
) -> TimedTrainer:
    monkeypatch.setattr(timed_trainer, "time", Clock(1))
    return TimedTrainer(directory, frames, TOKENIZER, Schedule(looks, batch=2), "cpu")


def _notes(directory: Path, kind: str) -> list[dict[str, float]]:
    lines = (directory / "log.jsonl").read_text().splitlines()
    return [note for note in map(json.loads, lines) if kind in note]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_head_learns_pictures_that_are_easy(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
):
    monkeypatch.setattr(timed_trainer, "may_use_bf16", lambda device: precision == "bf16")
    trainer = _trainer(tmp_path, frames, monkeypatch)
    before = {name: value.clone() for name, value in trainer.average.state_dict().items()}
    trainer.run(check_every_s=40)
    notes = _notes(tmp_path, "depth")
    for name in ("depth", "normals", "classes"):
        assert notes[-1][name] < 0.8 * notes[0][name], name
    assert notes[0]["side"] == 112 and notes[-1]["side"] == 224
    assert notes[-1]["rate"] < 0.2 < max(note["rate"] for note in notes)
    assert len(_notes(tmp_path, "checked_depth")) > 2
    kept = torch.load(tmp_path / "average.pt")
    assert kept["step"] == trainer.step
    for name, value in trainer.average.state_dict().items():
        assert not torch.equal(value, before[name]), name
        assert torch.equal(kept["average"][name], value.half()), name


def test_it_ends_when_its_time_is_over(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timed_trainer, "time", Clock(1))
    trainer = TimedTrainer(tmp_path, frames, TOKENIZER, Schedule(40, batch=2), "cpu", started=0)
    trainer.run()
    assert trainer.progress == 1
    seconds = [note["seconds"] for note in _notes(tmp_path, "depth")]
    assert len(seconds) > 4
    assert 36 <= seconds[-1] <= 44  # a chunk that was begun is ended


def test_what_diverges_is_taken_back(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timed_trainer, "_PUT_BY_S", 5)
    trainer = _trainer(tmp_path, frames, monkeypatch)
    calls = 0

    def spoilt_once(grid: int):
        steps = prepared(grid)

        def step(call) -> None:
            nonlocal calls
            calls += 1
            call()
            if calls == 16:
                next(trainer.average.parameters()).data.fill_(float("nan"))
                trainer._one._model.log_scale.data.fill_(float("nan"))

        return [lambda call=call: step(call) for call in steps]

    prepared = trainer._one.prepared
    monkeypatch.setattr(trainer._one, "prepared", spoilt_once)
    trainer.run(check_every_s=1000)
    assert calls > 20
    assert all(value.isfinite().all() for value in trainer.average.state_dict().values())
    notes = _notes(tmp_path, "depth")
    assert all(np.isfinite(note["depth"]) for note in notes)
    assert notes[9]["rate"] <= 0.5


def test_the_schedule_ends_at_zero_and_with_whole_pictures():
    schedule = Schedule(100)
    assert [schedule.grid_at(p) for p in (0, 0.34, 0.36, 1)] == [8, 8, 16, 16]
    rates = [schedule.rate_at(p) for p in (0, 0.01, 0.02, 0.5, 0.55, 0.775, 1)]
    assert rates == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])


def test_the_rate_is_a_factor_on_the_whole_schedule():
    assert Schedule(100, rate=0.3).rate_at(0.5) == pytest.approx(0.3 * Schedule(100).rate_at(0.5))


def _train(monkeypatch: pytest.MonkeyPatch, state: Path, frames: Path, *options: object) -> Path:
    monkeypatch.setattr(train, "_STARTED", time.monotonic())
    usual = ["--state", state, "--packed", frames, "--seconds", 1, "--device", "cpu", "--batch", 2]
    monkeypatch.setattr("sys.argv", ["train", *map(str, [*usual, *options])])
    train.main()
    return state / "model"


def test_the_command_goes_on_from_a_model(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """At a rate of next to nothing the model that comes out is the one that went in."""
    first = _train(monkeypatch, tmp_path / "first", frames)
    second = _train(monkeypatch, tmp_path / "second", frames, "--start", first, "--rate", 1e-9)
    assert load_file(first / WEIGHTS).keys() == load_file(second / WEIGHTS).keys()
    for name, weight in load_file(first / WEIGHTS).items():
        assert torch.allclose(load_file(second / WEIGHTS)[name], weight, atol=1e-3), name
    settings = [yaml.safe_load((model / SETTINGS_FILE).read_text()) for model in (first, second)]
    assert settings[1].pop("temperature") == pytest.approx(settings[0].pop("temperature"), rel=1e-3)
    assert settings[0] == settings[1]
    assert all(note["side"] == 224 for note in _notes(tmp_path / "second", "depth"))
    with pytest.raises(UserError, match="a model of other sizes .* --sizes 6x192, "):
        _train(monkeypatch, tmp_path / "third", frames, "--start", first, "--sizes", "10x160")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--start", "m"], "--start goes on from a model with --packed"),
        (["--render-from", "9"], "--render-from says where --render or --render-only begins"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    options: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setattr("sys.argv", ["train", *options])
    with pytest.raises(SystemExit):
        train.main()
    assert said in capsys.readouterr().err


def test_the_command_makes_a_model_of_packed_frames(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(train, "BATCH", 2)
    monkeypatch.setattr(train, "_STARTED", time.monotonic())
    options = ["--state", tmp_path, "--packed", frames, "--seconds", 1, "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["train", *map(str, options)])
    train.main()
    made = load_predictor(str(tmp_path / "model"))
    assert made.predict(np.zeros((48, 64, 3), np.uint8)).depth_m is not None


def test_the_command_makes_a_model_of_rooms_that_it_renders(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copy(frames / "checked.npz", tmp_path)
    monkeypatch.setattr(train, "BATCH", 2)
    monkeypatch.setattr(device_frames, "_ENOUGH", 2)
    monkeypatch.setattr(train, "_STARTED", time.monotonic())
    options = ["--state", tmp_path / "state", "--packed", tmp_path, "--seconds", 1, "--device",
               "cpu", "--render", 1, "--views", 1, "--room", 9]  # fmt: skip
    monkeypatch.setattr("sys.argv", ["train", *map(str, options)])
    train.main()
    assert (tmp_path / "state" / "model").is_dir()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("whole", [True, False], ids=["", "by an older packing"])
def test_the_command_renders_no_room_again_that_is_packed(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
):
    said = json.loads((frames / MANIFEST).read_text())
    if not whole:
        monkeypatch.setattr(packed, "CHECKED_SCENES", 2)
        del said["rooms_below"]
    (tmp_path / MANIFEST).write_text(json.dumps(said))
    for first in (0, SCENES - 1):  # the last ones are checked with
        options = ["--packed", tmp_path, "--render", 1, "--render-from", first, "--device", "cpu"]
        monkeypatch.setattr("sys.argv", ["train", "--state", *map(str, [tmp_path, *options])])
        with pytest.raises(UserError, match=f"rooms up to {SCENES - 1}.*--render-from {SCENES}"):
            train.main()
    assert not multiprocessing.active_children()
    assert first_unpacked_room(tmp_path) == SCENES and first_unpacked_room(tmp_path / "x") == 0


def test_a_training_ends_the_rendering_before_its_end(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timed_trainer, "time", Clock(1))
    rooms = Rendered(40)
    schedule = Schedule(60, batch=2)
    trainer = TimedTrainer(tmp_path, frames, TOKENIZER, schedule, "cpu", room=40, rooms=rooms)
    stopped_at = []
    monkeypatch.setattr(rooms, "stop", lambda: stopped_at.append(trainer.progress))
    monkeypatch.setattr(DeviceFrames, "_full", False)  # as with room for all
    follow = trainer._frames.follow

    def follow_all() -> None:
        """Goes on when all that there is room for is there, however fast it is copied."""
        follow()
        deadline = time.monotonic() + 60
        while trainer._frames.count < 40:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    monkeypatch.setattr(trainer._frames, "follow", follow_all)
    trainer.run()
    assert len(stopped_at) == 1 and 0.9 < stopped_at[0] < 1
    assert _notes(tmp_path, "depth")[-1]["frames"] == 40


@pytest.mark.skipif(not torch.cuda.is_available(), reason="a graph needs a GPU")
def test_a_graph_learns_as_single_kernels_do(frames: Path, tmp_path: Path):
    trainer = TimedTrainer(tmp_path, frames, TOKENIZER, Schedule(20, batch=8), "cuda")
    trainer.run()
    notes = _notes(tmp_path, "depth")
    assert notes[-1]["depth"] < 0.5 * notes[0]["depth"]
