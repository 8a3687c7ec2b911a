# SPDX-License-Identifier: Apache-2.0
"""The place of `tips_ros infer`'s outputs: asked before a model is loaded, whole or not at all."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tips_ros.offline.pictures import result_files

from .conftest import SMALL, infer, refusal


def picture(path: Path, shade: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((28, 42, 3), shade, np.uint8))
    return path


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be loaded: what is refused is refused before."""

    def load(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("tips_ros.commands.infer.load_predictor", load)
    monkeypatch.setattr("tips_ros.commands.infer.load_with_text", load)


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.usefixtures("no_model")
class TestBeforeAModelIsLoaded:
    @pytest.mark.parametrize("name", ["depth.npy", "overview.png", "tags.json"])
    def test_earlier_results_are_refused_with_the_option_that_replaces_them(
        self, tmp_path: Path, capsys: Any, name: str
    ):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / name).write_text("earlier")
        line = refusal(capsys, picture(tmp_path / "a.png"), "--output", tmp_path / "out")
        assert f"holds results already ({name}); add --overwrite" in line
        assert content(tmp_path / "out") == {name: b"earlier"}

    @pytest.mark.parametrize("more", [[], ["--overwrite"]])
    def test_the_picture_itself_is_never_replaced(self, tmp_path: Path, capsys: Any, more: list):
        path = picture(tmp_path / "out" / "overview.png")
        before = path.read_bytes()
        line = refusal(capsys, path, "--output", tmp_path / "out", *more)
        assert "is read and would be replaced; choose another --output" in line
        assert path.read_bytes() == before

    def test_nor_one_of_several_by_another_s_results(self, tmp_path: Path, capsys: Any):
        path = picture(tmp_path / "out" / "a" / "overview.png")
        other = picture(tmp_path / "a.jpg")
        line = refusal(capsys, path, other, "--output", tmp_path / "out", "--overwrite")
        assert f"{path} is read and would be replaced" in line

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path, capsys: Any):
        (tmp_path / "file").write_text("")
        path = picture(tmp_path / "a.png")
        assert "cannot be written" in refusal(capsys, path, "--output", tmp_path / "file")
        assert "cannot be written" in refusal(capsys, path, "--output", tmp_path / "file" / "x")
        assert "cannot be written" in refusal(capsys, path, "--output", "/proc/self/results")

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--threshold", "0.5"], "--threshold belongs to --prompts"),
            (["--background", "wall"], "--background belongs to --prompts"),
            (["--sliding-window"], "--sliding-window belongs to --prompts"),
            (["--prompts", "things.txt"], "looks like a file"),
            (["--prompts", "cup, things.txt"], "looks like a file"),
            (["--prompts", "@/nowhere/things.txt"], "there is no class list"),
            (["--prompts", "@indoor_robots"], "did you mean @indoor_robot?"),
            (["--prompts", "cup", "--background", "others.csv"], "looks like a file"),
            (["--prompts", "door; cup, box"], "both ';' and ','"),
            (["--prompts", "cup", "--background", "@none, wall"], "no background at all"),
            (["--tags", "kitchen, tags.txt"], "looks like a file"),
            (["--input-size", "0x0"], "both must be multiples of 14"),
            (["--input-size", "450x448"], "such as 448x448"),
            (["--input-size", "140000x140000"], "up to 8400"),
            (["--voxel-m", "-1", "--hfov-deg", "60"], "must not be negative"),
        ],
    )
    def test_what_no_model_could_do(self, tmp_path: Path, capsys: Any, arguments: list, told: str):
        path = picture(tmp_path / "a.png")
        assert told in refusal(capsys, path, "--output", tmp_path / "out", *arguments)
        assert not (tmp_path / "out").exists()

    def test_a_picture_that_is_not_there_among_others(self, tmp_path: Path, capsys: Any):
        line = refusal(capsys, picture(tmp_path / "a.png"), tmp_path / "b.png")
        assert "b.png: there is no such file" in line


@pytest.mark.parametrize("threshold", ["-0.1", "1.1", "nan", "high"])
def test_a_threshold_that_can_not_be_is_a_mistake_in_the_usage(tmp_path: Path, threshold: str):
    with pytest.raises(SystemExit):
        infer(picture(tmp_path / "a.png"), "--prompts", "cup", f"--threshold={threshold}")


class TestWritten:
    def test_results_stand_below_out_by_the_picture_s_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.chdir(tmp_path)
        assert infer(picture(tmp_path / "room.png"), *SMALL) == 0
        assert (tmp_path / "out" / "infer" / "room" / "depth.npy").is_file()
        assert infer(picture(tmp_path / "kitchen.png"), *SMALL) == 0
        assert (tmp_path / "out" / "infer" / "kitchen" / "depth.npy").is_file()

    def test_over_earlier_ones_where_that_was_said(self, tmp_path: Path):
        out = tmp_path / "out"
        out.mkdir()
        for name in ("depth.npy", "tags.json", "mine.txt"):
            (out / name).write_text("earlier")
        assert infer(picture(tmp_path / "a.png"), "--output", out, "--overwrite", *SMALL) == 0
        assert np.load(out / "depth.npy").shape == (28, 42)
        assert (out / "mine.txt").read_text() == "earlier" and not (out / "tags.json").exists()


@contextmanager
def small_disk() -> Iterator[None]:
    """No file can be larger than 4 kB, so that writing ends as on a full disk: half way.

    Only within a test: the report of the tests may go to a file, too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestADiskThatIsFull:
    def test_leaves_nothing_half_written(self, tmp_path: Path, capsys: Any):
        path = picture(tmp_path / "a.png")
        with small_disk():
            said = refusal(capsys, path, "--output", tmp_path / "deep" / "out", *SMALL)
        line = said.splitlines()[-1]
        assert "cannot be written" in line and "nothing of it was kept" in line
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png"]

    def test_keeps_what_was_there(
        self, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
    ):
        path, out = picture(tmp_path / "a.png"), tmp_path / "out"
        assert infer(path, "--output", out, "--hfov-deg", 60, *SMALL) == 0
        before = content(out)

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", "overview.png")

        monkeypatch.setattr(result_files, "_save_overview", full)
        line = refusal(capsys, path, "--output", out, "--overwrite", *SMALL)
        assert "No space left on device" in line
        assert content(out) == before
