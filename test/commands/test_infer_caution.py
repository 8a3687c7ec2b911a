# SPDX-License-Identifier: Apache-2.0
"""A model that knows little says so of each picture, with the line that gets another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tips_ros.offline.pictures import result_files

from .conftest import infer

TOLD = (
    "demo model: knows rendered rooms only; of other pictures trust neither classes nor metres",
    "for real pictures, Google's weights: tips_ros download tipsv2-b14 (1.1 GB), then --model ",
)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TIPS_ROS_CALLED_AS", raising=False)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a", "b"):
        cv2.imwrite(str(folder / f"{name}.png"), np.full((56, 70, 3), 120, np.uint8))
    return folder


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Arguments that each sheet was drawn with."""
    drawn: list[dict[str, Any]] = []

    def overview(*_: object, **options: Any) -> np.ndarray:
        drawn.append(options)
        return np.zeros((8, 8, 3), np.uint8)

    monkeypatch.setattr("tips_ros.perception.overview.sheet.overview", overview)
    return drawn


def test_console_and_sheet_of_a_picture_say_it(photos, tmp_path, sheets, capsys):
    assert result_files.real_world_advice().startswith(TOLD[1])
    small = ("--input-size", "56x70")
    assert infer(photos / "a.png", "--output", tmp_path / "out", *small) == 0
    printed = capsys.readouterr().out
    assert all(line in printed for line in TOLD)
    [sheet] = sheets
    assert sheet["caution"] == TOLD[0] and sheet["footer"].startswith(TOLD[1])


def test_of_several_pictures_the_console_says_it_once_and_each_sheet(
    photos, tmp_path, sheets, capsys
):
    assert infer(photos, "--output", tmp_path / "out", "--input-size", "56x70") == 0
    printed = capsys.readouterr().out
    assert [printed.count(line) for line in TOLD] == [1, 1]
    assert len(sheets) == 2 and all(sheet["footer"] for sheet in sheets)


def test_a_model_of_which_nothing_is_said_says_nothing(
    photos, tmp_path, sheets, capsys, tiny_directory: Path
):
    out = tmp_path / "out"
    assert infer(photos / "a.png", "--model", tiny_directory, "--output", out) == 0
    assert "knows" not in capsys.readouterr().out
    [sheet] = sheets
    assert sheet["caution"] == "" and sheet["footer"] == ""
