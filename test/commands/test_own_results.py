# SPDX-License-Identifier: Apache-2.0
"""No command takes the results of an earlier call for input, wherever they lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.bags.results import holds_results
from tips_ros.cli import main
from tips_ros.evaluation.datasets.files import pictures_in
from tips_ros.offline.fleet.search import find_bags
from tips_ros.offline.pictures.named_pictures import find_pictures
from tips_ros.perception.images.drawn_picture import is_drawn

from .conftest import SMALL, infer, refusal
from .test_bags import cut
from .test_infer_outputs import picture

CAMERA = ("/camera/image_raw/compressed", True, "/camera/camera_info")
LITTLE = ("--topics", "depth/image", "--scale", "0.125", *SMALL[2:])


class TestPictures:
    def test_a_folder_that_holds_sheets_is_its_photos_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        monkeypatch.chdir(tmp_path)
        picture(Path("photo.png"))
        assert infer("photo.png", "--output", ".", "--hfov-deg", "60", *SMALL) == 0
        drawn = sorted(path.name for path in Path().iterdir() if is_drawn(path))
        assert drawn == ["obstacles.jpg", "overview.png"]
        Path("overview.png").rename("holiday.png")
        for overwrite in ([], ["--overwrite"]):
            capsys.readouterr()
            assert infer(".", *SMALL, *overwrite) == 0
            told = capsys.readouterr().out
            assert "left out, as tips_ros drew it: holiday.png, obstacles.jpg" in told
            assert "1 of 1 pictures" in told
        assert sorted(path.name for path in Path("out", "infer").iterdir()) == ["photo"]

    def test_a_pattern_of_the_shell_takes_none_either(self, tmp_path: Path):
        picture(tmp_path / "photo.png")
        infer(tmp_path / "photo.png", "--output", tmp_path, *SMALL)
        typed = sorted(tmp_path.glob("*.png"))
        assert len(typed) == 2
        assert [found.path.name for found in find_pictures(typed)] == ["photo.png"]

    def test_one_that_is_named_alone_is_meant(self, tmp_path: Path):
        picture(tmp_path / "photo.png")
        infer(tmp_path / "photo.png", "--output", tmp_path, *SMALL)
        assert len(find_pictures([tmp_path / "overview.png"])) == 1

    def test_a_folder_of_nothing_else_says_so(self, tmp_path: Path, capsys):
        picture(tmp_path / "photo.png")
        infer(tmp_path / "photo.png", "--output", tmp_path / "out", *SMALL)
        assert "no pictures but those that tips_ros drew" in refusal(capsys, tmp_path / "out")

    def test_nor_does_a_dataset_have_sheets_in_it(self, tmp_path: Path):
        picture(tmp_path / "photo.png")
        infer(tmp_path / "photo.png", "--output", tmp_path, *SMALL)
        assert [path.name for path in pictures_in(tmp_path)] == ["photo.png"]


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording, and its results as a folder and as a file."""
    folder: Path = tmp_path_factory.mktemp("annotated")
    cut(folder / "drive", 2)
    for name in ("results", "results.mcap"):
        assert main(["bag", str(folder / "drive"), str(folder / name), *LITTLE]) == 0
    assert main(["bag", str(folder / "drive"), str(folder / "packed.mcap"), "--pack", *LITTLE]) == 0
    return folder


def found(*places: object, beside: Path) -> list[str]:
    return [bag.path.name for bag in find_bags([str(place) for place in places], beside)]


class TestBags:
    def test_results_say_that_they_are_and_recordings_do_not(self, annotated: Path):
        told = {path.name: holds_results(path) for path in annotated.iterdir()}
        assert told == {"drive": False, "results": True, "results.mcap": True, "packed.mcap": True}

    def test_a_folder_of_bags_is_its_recordings_only(
        self, annotated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert found(annotated, beside=tmp_path / "out") == ["drive"]
        assert "left out, as tips_ros wrote it: " in capsys.readouterr().out
        assert found(*sorted(annotated.iterdir()), beside=tmp_path / "out") == ["drive"]
        assert found(f"{annotated}/*", beside=tmp_path / "out") == ["drive"]

    def test_results_alone_are_meant(self, annotated: Path, tmp_path: Path):
        assert found(annotated / "results", beside=tmp_path) == ["results"]

    def test_the_folder_of_the_results_is_no_input_however_it_is_named(
        self, annotated: Path, tmp_path: Path
    ):
        drive, out = tmp_path / "drive", tmp_path / "out"
        shutil.copytree(annotated / "drive", drive)
        shutil.copytree(annotated / "drive", out / "drive")  # of another version, without a mark
        for places in ([tmp_path], [drive, out], [f"{tmp_path}/*"], [f"{tmp_path}/**"]):
            assert {bag.path for bag in find_bags(list(map(str, places)), out)} == {drive}

    def test_outputs_in_a_bag_are_no_camera_s(self, annotated: Path, tmp_path: Path):
        with BagReader(annotated / "results") as bag:
            assert find_camera(bag) == CAMERA
        everything = tmp_path / "everything"
        command = ["bag", str(annotated / "drive"), str(everything), "--namespace", "/robot/eye"]
        assert main([*command, *SMALL[2:]]) == 0
        with BagReader(everything) as bag:
            assert {"/robot/eye/normals/color", "/robot/eye/semantic/color"} <= set(bag.topics)
            assert find_camera(bag) == CAMERA

    def test_a_camera_beside_outputs_of_that_name_is_one(self, annotated: Path, tmp_path: Path):
        with BagReader(annotated / "results") as bag, BagWriter(tmp_path / "bag") as writer:
            for topic in ("/camera/image_raw/compressed", "/tips/semantic/classes"):
                name = topic.replace("/camera/", "/tips/semantic_camera/")
                writer.add_topic(name, bag.topics[topic].type)
                for message in bag.messages([topic]):
                    writer.write(name, message.stamp_ns, message.data)
        with BagReader(tmp_path / "bag") as bag:
            assert find_camera(bag).image == "/tips/semantic_camera/image_raw/compressed"

    def test_results_beside_the_files_of_a_bag_are_not_of_it(
        self, annotated: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ):
        shutil.copy(next((annotated / "drive").glob("*.mcap")), tmp_path / "drive.mcap")
        shutil.copy(annotated / "results.mcap", tmp_path)
        with BagReader(tmp_path) as bag:
            assert not any(topic.startswith("/tips/") for topic in bag.topics)
        assert "results of tips_ros are not read: results.mcap" in caplog.text
