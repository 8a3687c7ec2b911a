# SPDX-License-Identifier: Apache-2.0
"""`tips_ros calibrate`: one pass over measured depth, and the model knows its own deviation."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from tips_ros import cli
from tips_ros.evaluation.datasets.rendered import write_frame, write_index
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.loading.load import load_predictor
from tips_ros.resources import demo_model

CAMERA = Intrinsics(52.0, 52.0, 31.5, 23.5, 64, 48)
SMALL = ("--input-size", "112x112", "--precision", "fp32")


@pytest.fixture
def rooms(tmp_path: Path) -> Path:
    folder, entries = tmp_path / "rooms", []
    folder.mkdir()
    for number in range(4):
        rng = np.random.default_rng(number)
        rgb = rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)
        truth = rng.uniform(1.0, 6.0, (48, 64)).astype(np.float32)
        sample = Sample(str(number), rgb, depth_m=truth, intrinsics=CAMERA)
        entries.append(write_frame(folder, sample, "png"))
    write_index(folder, "four rooms", {}, entries)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The demo model, never calibrated."""
    copy = tmp_path / "model"
    shutil.copytree(demo_model(), copy)
    settings = yaml.safe_load((copy / "model.yaml").read_text())
    settings.pop("depth_stddev", None)
    (copy / "model.yaml").write_text(yaml.safe_dump(settings))
    return copy


def test_a_model_that_was_calibrated_says_what_to_and_what_it_covers(
    rooms: Path, model: Path, capsys: pytest.CaptureFixture[str]
):
    assert not load_predictor(str(model)).description.deviation.is_calibrated
    assert cli.main(["calibrate", str(rooms), "--model", str(model), *SMALL]) == 0
    assert "fitted to four rooms (4 images)" in capsys.readouterr().out
    deviation = load_predictor(str(model)).description.deviation
    assert deviation.fitted_on == "four rooms (4 images)" and "facing" in deviation.together
    assert cli.main(["eval", str(rooms), "--model", str(model), *SMALL]) == 0
    told = capsys.readouterr().out
    assert "within 1 sigma" in told and "UNCALIBRATED" not in told


def test_the_result_can_go_elsewhere(rooms: Path, model: Path, tmp_path: Path):
    before = (model / "model.yaml").read_text()
    out = tmp_path / "other.yaml"
    argv = ["calibrate", str(rooms), "--model", str(model), "--output", str(out), "--name", "mine"]
    assert cli.main([*argv, *SMALL]) == 0
    assert (model / "model.yaml").read_text() == before
    written = yaml.safe_load(out.read_text())
    assert written["depth_stddev"]["fitted_on"] == "mine" and written["taps"]


def test_data_without_depth_are_refused_in_a_line(
    rooms: Path, model: Path, capsys: pytest.CaptureFixture[str]
):
    for file in rooms.glob("*_depth.png"):
        file.unlink()
    index = rooms / "scene.json"
    index.write_text("".join(
        line for line in index.read_text().splitlines(keepends=True) if '"depth"' not in line
    ))
    assert cli.main(["calibrate", str(rooms), "--model", str(model), *SMALL]) != 0
    assert "Traceback" not in capsys.readouterr().err
