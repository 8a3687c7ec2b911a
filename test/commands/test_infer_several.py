# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer` of several pictures and folders: each has its results, none costs another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from .conftest import SMALL, infer, refusal
from .test_infer_outputs import picture


def made(folder: Path) -> list[str]:
    return sorted(str(p.parent.relative_to(folder)) for p in folder.rglob("depth.npy"))


def test_a_folder_is_all_its_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    photos, out = tmp_path / "photos", tmp_path / "out"
    for name in ("b.JPG", "a.png", "deeper/c.png"):
        picture(photos / name)
    (photos / "notes.txt").write_text("no picture")
    assert infer(photos, "--output", out, *SMALL) == 0
    assert made(out) == ["a", "b"]
    told = capsys.readouterr().out
    assert f"{photos / 'a.png'} → {out / 'a'}: " in told
    assert f"2 of 2 pictures → {out}, in " in told


def test_a_folder_of_one_picture_is_written_as_a_folder_is(tmp_path: Path):
    picture(tmp_path / "photos" / "a.png")
    assert infer(tmp_path / "photos", "--output", tmp_path / "out", *SMALL) == 0
    assert made(tmp_path / "out") == ["a"]


def test_a_bad_picture_stops_no_other_and_is_told_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "first.png").write_bytes(b"no picture")
    paths = [tmp_path / "first.png", picture(tmp_path / "a.png"), tmp_path / "half.png"]
    whole = picture(tmp_path / "whole.png").read_bytes()
    paths[2].write_bytes(whole[: len(whole) // 2])
    paths.append(tmp_path / "whole.png")
    assert infer(*paths, "--output", tmp_path / "out", *SMALL) == 1
    told = capsys.readouterr()
    assert made(tmp_path / "out") == ["a", "whole"]
    assert "first.png: not a whole picture" in told.err
    assert f"2 of 4 pictures → {tmp_path / 'out'}" in told.out
    assert f"failed: {paths[0]}, {paths[2]}" in told.out


def test_a_model_that_can_not_be_had_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    paths = [picture(tmp_path / name) for name in ("a.png", "b.png")]
    assert "no model 'tips-xxl'" in refusal(capsys, *paths, "--model", "tips-xxl")


def test_pictures_of_one_name_have_folders_of_their_own(tmp_path: Path):
    shades = {"x/1.png": 40, "y/1.png": 120, "y/1.bmp": 200, "y/2.png": 10}
    paths = [picture(tmp_path / name, shade) for name, shade in shades.items()]
    assert infer(*paths, "--output", tmp_path / "out", *SMALL) == 0
    assert made(tmp_path / "out") == ["1.bmp", "1.png", "1.png-2", "2"]


def test_one_picture_named_twice_is_one(tmp_path: Path):
    path = picture(tmp_path / "a.png")
    assert infer(path, path, "--output", tmp_path / "out", *SMALL) == 0


def test_each_has_what_a_call_for_it_alone_gives(tmp_path: Path):
    noise = np.random.RandomState(3).randint(0, 256, (28, 42, 3)).astype(np.uint8)
    assert cv2.imwrite(str(tmp_path / "noise.png"), noise)
    other = picture(tmp_path / "grey.png")
    infer(other, tmp_path / "noise.png", "--output", tmp_path / "both", *SMALL)
    infer(tmp_path / "noise.png", "--output", tmp_path / "alone", *SMALL)
    for name in ("depth.npy", "semantic.npy"):
        np.testing.assert_array_equal(
            np.load(tmp_path / "both" / "noise" / name), np.load(tmp_path / "alone" / name)
        )


def test_a_folder_without_a_picture_says_so(tmp_path: Path, capsys: Any):
    (tmp_path / "empty").mkdir()
    assert "no pictures in this folder" in refusal(capsys, tmp_path / "empty")
