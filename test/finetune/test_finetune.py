# SPDX-License-Identifier: Apache-2.0
"""`tips_ros finetune`: depth gets better on frames kept apart, and nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tips_ros import __version__, cli
from tips_ros.offline.fleet.manifest import sha256
from tips_ros.perception.loading.load import load_model, load_predictor

pytestmark = pytest.mark.slow

DEPTH = ("--depth-topic", "/camera/depth/image_raw")
Bag = Callable[..., Path]


def finetune(*words: str | Path) -> int:
    return cli.main(["finetune", *map(str, words), *DEPTH, "--device", "cpu"])


def tensors(model: Path, part: str) -> dict[str, torch.Tensor]:
    return getattr(load_model(str(model)).tips, part).state_dict()


def test_depth_gets_better_on_frames_kept_apart_and_all_else_stays(
    rgbd_bag: Bag, tiny_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    bag, out = rgbd_bag(), tmp_path / "mine"
    assert finetune(bag, "--model", tiny_directory, "--output", out, "--steps", "40") == 0
    told = capsys.readouterr().out
    assert "26 frames to learn from, 4 watched, 15 kept apart" in told and f"model → {out}" in told

    facts = json.loads((out / "finetune.json").read_text())
    before, after = (facts[when]["depth_with_focal"]["abs_rel"] for when in ("before", "after"))
    assert after < 0.6 * before
    assert facts["after"]["frames"] == 15

    for part in ("backbone", "normals", "segmentation"):
        was, now = tensors(tiny_directory, part), tensors(out, part)
        assert was.keys() == now.keys()
        assert all(torch.equal(was[name], now[name]) for name in was), part
    was, now = tensors(tiny_directory, "depth"), tensors(out, "depth")
    assert any(not torch.equal(was[name], now[name]) for name in was)

    predictor = load_predictor(str(out), device="cpu", precision="fp32")
    assert predictor.outputs == ("depth", "normals", "semantic", "stddev")
    assert not predictor.description.deviation.is_calibrated
    assert "deviation of depth: dropped, for the frames are too few" in told


def test_the_card_says_where_the_model_is_from(rgbd_bag: Bag, tiny_directory: Path, tmp_path: Path):
    learn, apart, out = rgbd_bag("learn", 80), rgbd_bag("apart", 12), tmp_path / "mine"
    asked = ("--held-out", apart, "--model", tiny_directory, "--output", out)
    assert finetune(learn, *asked, "--steps", "20", "--seed", "3") == 0
    facts = json.loads((out / "finetune.json").read_text())
    assert [bag["sha256"] for bag in facts["bags"]] == [sha256(learn), sha256(apart)]
    counts = [[bag[key] for key in ("learn", "watch", "held_out")] for bag in facts["bags"]]
    assert counts == [[70, 10, 0], [0, 0, 12]]
    assert facts["settings"]["seed"] == 3 and facts["settings"]["steps"] == 20
    assert facts["versions"]["tips_ros"] == __version__
    vision = tiny_directory / "tips_v2_oss_tiny_vision.npz"
    assert facts["model_files"][vision.name] == sha256(vision) == sha256(out / vision.name)
    deviation = load_model(str(out)).description.deviation
    assert deviation.is_calibrated and deviation.fitted_on == "10 watched frames of bag learn"
    card = (out / "README.md").read_text()
    assert str(learn) in card and sha256(apart)[:16] in card
    assert all(line in card for line in facts["told"]) and "AbsRel" in facts["told"][0]


@pytest.mark.parametrize(
    ("bag", "said"),
    [
        ({"depth": False}, "has no topic /camera/depth/image_raw"),
        ({"info": False}, "has no CameraInfo that fits /camera/image_raw/compressed"),
        ({"frames": 12}, "frames to learn from are too few: at least 20"),
    ],
)
def test_a_bag_that_does_not_do_is_refused_in_one_line(
    bag, said, rgbd_bag: Bag, tiny_directory: Path, tmp_path: Path, capsys
):
    out = tmp_path / "mine"
    assert finetune(rgbd_bag(**bag), "--model", tiny_directory, "--output", out) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if said in line]
    assert len(error) == 1
    assert not out.exists() and not list(tmp_path.glob(".mine*"))


def test_a_folder_that_exists_is_refused_and_stays(rgbd_bag: Bag, tmp_path: Path, capsys):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "mine.txt").write_text("dear to me")
    assert finetune(rgbd_bag(), "--output", out) == 2
    assert "exists; name a new directory" in capsys.readouterr().err
    assert (out / "mine.txt").read_text() == "dear to me"


def test_a_bag_can_not_measure_what_is_learnt_from_it(rgbd_bag: Bag, tmp_path: Path, capsys):
    bag = rgbd_bag()
    assert finetune(bag, "--held-out", bag, "--output", tmp_path / "mine") == 2
    assert "named twice" in capsys.readouterr().err


def test_where_nothing_is_learnt_nothing_is_written(
    rgbd_bag: Bag, tiny_directory: Path, tmp_path: Path, capsys, monkeypatch
):
    from tips_ros.finetune import training

    monkeypatch.setattr(training, "_error", lambda *_: 0.25)
    out = tmp_path / "mine"
    words = ("--model", tiny_directory, "--output", out, "--steps", "5")
    assert finetune(rgbd_bag(), *words) == 2
    assert "no weights did better" in capsys.readouterr().err and not out.exists()
