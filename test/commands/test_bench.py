# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bench`: a table, a line of JSON for each result, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from tips_ros import cli

pytestmark = pytest.mark.slow

QUICK = ["--input-size", "56x56", "--image", "96x64", "--device", "cpu", "--rounds", "1"]
QUICK += ["--warm-up", "0", "--subscribers", "0"]


def bench(*args: object) -> int:
    return cli.main(["bench", *map(str, args)])


def refusal(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    assert bench(*args) == 2
    line = capsys.readouterr().err
    assert line.startswith("tips_ros: ") and line.count("\n") == 1
    return line


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_case_has_a_table_and_a_line_of_json(tmp_path, capsys):
    file = tmp_path / "new" / "results.jsonl"
    assert bench(*QUICK, "--json", file) == 0
    told = capsys.readouterr().out
    for word in ("backbone", "segmentation head", "points message", "whole frame", "memory:"):
        assert word in told
    [line] = lines_of(file)
    assert line["benchmark"] == "stages" and line["weights"] == "trained"
    assert line["stages"]["backbone"]["median_ms"] > 0 and line["whole"]["p95_ms"] > 0
    assert {"processor", "cores", "threads", "gpu", "at"} <= set(line["machine"])
    assert line["memory_mib"]["process"] > 0


def test_results_are_appended_and_drawn(tmp_path):
    file, plot = tmp_path / "results.jsonl", tmp_path / "plot.png"
    assert bench(*QUICK, "--cameras", 1, 2, "--json", file, "--plot", plot) == 0
    assert bench(*QUICK, "--json", file) == 0
    assert [line["case"]["cameras"] for line in lines_of(file)] == [1, 2, 1]
    assert cv2.imread(str(plot)) is not None


def test_a_series_grows(tmp_path):
    file, plot = tmp_path / "results.jsonl", tmp_path / "plot.png"
    assert bench(*QUICK, "--series", "prompts", "--json", file, "--plot", plot) == 0
    lines = lines_of(file)
    assert [line["case"]["classes"] for line in lines] == [3, 10, 20, 80, 150]
    assert all("segmentation head" not in line["stages"] for line in lines)
    assert plot.is_file()


def test_a_picture_of_ones_own_is_seen(tmp_path, picture_file):
    assert bench(*QUICK, "--picture", picture_file) == 0


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    from tips_ros.bench.bench_pictures import draw_room

    cv2.imwrite(str(tmp_path / "room.png"), draw_room())
    return tmp_path / "room.png"


def test_mistakes_are_told_in_one_line(tmp_path, capsys):
    assert "random-b14" in refusal(capsys, *QUICK, "--model", "random-b15")
    assert "--against" in refusal(capsys, *QUICK, "--compile")
    assert "--series" in refusal(capsys, *QUICK, "--against", "transformers", "--series", "size")
    assert "name one" in refusal(capsys, *QUICK, "--cameras", 1, 2, "--series", "size")
    nothing = tmp_path / "nothing.png"
    assert "no such file" in refusal(capsys, *QUICK, "--picture", nothing)
    assert "multiples of 14" in refusal(capsys, *QUICK[2:], "--input-size", "50x50")


def test_the_demo_model_agrees_with_transformers(tmp_path, capsys):
    pytest.importorskip("transformers", minversion="5.23")
    file = tmp_path / "results.jsonl"
    options = [*QUICK, "--against", "transformers", "--precision", "fp32"]
    assert bench(*options, "--json", file) == 0
    assert "times as long as ours" in capsys.readouterr().out
    [line] = lines_of(file)
    ours = line["differences"]["tips_ros"]
    assert max(ours[f"{name}_largest"] for name in ("depth", "normals", "logits")) < 1e-4
    assert ours["labels_equal"] > 0.999
    assert line["times_as_long_as_ours"]["model"]["transformers fp32"]["median_of_rounds"] > 0
