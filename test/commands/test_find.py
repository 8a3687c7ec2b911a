# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag --memory` builds a memory, and `tips_ros find` asks it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.cli import main
from tips_ros.offline.topic_copy import copy_topics
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.memory.identity import ModelIdentity, identity_of
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.memory_file import load, save
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.regions.oriented_box import OrientedBox
from tips_ros.resources import sample_bag


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """The first seconds of the sample bag."""
    with (
        BagReader(sample_bag()) as reader,
        BagWriter(tmp_path / "in", typestore=reader.copy_typestore) as writer,
    ):
        copied = copy_topics(reader, writer)
        messages = list(reader.messages())
        end_ns = messages[0].stamp_ns + 4 * 10**9
        for message in messages:
            if message.topic in copied and message.stamp_ns < end_ns:
                writer.write(message.topic, message.stamp_ns, message.data)
    return tmp_path / "in"


def remembered(number: int, name: str, x: float, seen_s: float) -> Remembered:
    box = OrientedBox(np.array([x, 1.0, 0.5]), np.eye(3), np.array([0.4, 0.3, 0.2]))
    one = Sighting(name, box.centre_m, 0.01 * np.eye(3), box, box.centre_m[None], 1.0, np.eye(3)[0],
                   0.05, None, 0.5, 0.1, round(seen_s * 1e9), ("", number), 1)  # fmt: skip
    return Remembered.of(number, one)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chairs and a lamp, by the demo model."""
    memory = Memory()
    memory.frame_id, memory.newest_ns = "map", 100 * 10**9
    memory.things = [
        remembered(1, "chair", 0.0, 40.0),
        remembered(2, "chair", 3.0, 90.0),
        remembered(3, "lamp", 1.0, 100.0),
    ]
    memory.way_m = [(0.0, 0.0, 0.8), (1.0, 0.0, 0.8)]
    file = tmp_path_factory.mktemp("memory") / "room.npz"
    demo = load_predictor(precision="fp32", input_size=(112, 112))
    save(file, memory, identity_of(demo.model, "demo"))
    return file


def asked(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    capsys.readouterr()
    main(["find", *map(str, args)])
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    capsys.readouterr()
    assert main(["find", *map(str, args)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("tips_ros: ")
    return line


def test_it_says_where_something_was_seen(room: Path, capsys):
    told = asked(capsys, room, "chair").splitlines()
    assert told[0] == "2 of 3 things answer to 'chair', in map, metres"
    assert told[1].split()[:3] == ["1", "1.00", "chair"] and "at   3.00   1.00   0.50" in told[1]
    assert "0.40 × 0.30 × 0.20   seen 1 times, last 10.0 s before the end" in told[1]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("chiar", "chair"), ("Lampp", "lamp"), ("persn", "person"), ("chairs", "chair")),
        ("seat: chairr | stool", "chair"),
    ],
)
def test_a_misspelt_word_is_told_with_the_name_it_may_stand_for(
    room: Path, text: str, meant: str, capsys
):
    assert f"did you mean '{meant}'?" in asked(capsys, room, text)


@pytest.mark.parametrize("text", ["chair", "Chair", "red cup", "zebra"])
def test_a_word_that_is_a_name_or_like_none_is_not_questioned(room: Path, text: str, capsys):
    assert "did you mean" not in asked(capsys, room, text)


def test_answers_may_be_few_new_and_near(room: Path, capsys):
    assert "1 of 3" in asked(capsys, room, "chair", "--max", 1)
    assert "chair 2 " in asked(capsys, room, "chair", "--seconds", 20)
    assert "chair 1 " in asked(capsys, room, "chair", "--near", 0, 1, 0, "--radius", 1)
    assert main(["find", str(room), "person"]) == 1


def test_the_room_from_above_is_drawn_with_its_answers(room: Path, tmp_path: Path, capsys):
    plain, marked = tmp_path / "plain.png", tmp_path / "marked.png"
    asked(capsys, room, "person", "--picture", plain)
    asked(capsys, room, "chair", "--picture", marked)
    without, with_answers = (cv2.imread(str(path)) for path in (plain, marked))
    assert without.shape == with_answers.shape and (without != with_answers).any()
    assert "marked.png" in refused(capsys, room, "chair", "--picture", marked)
    assert "belongs to what is read" in refused(capsys, room, "chair", "--picture", room)


def test_mistakes_cost_one_line(room: Path, tmp_path: Path, capsys):
    assert "there is no such file" in refused(capsys, tmp_path / "none.npz", "chair")
    assert f"{tmp_path} is a folder; name a file" in refused(capsys, tmp_path, "chair")
    (tmp_path / "no.npz").write_text("no memory")
    assert "no.npz is no memory of tips_ros" in refused(capsys, tmp_path / "no.npz", "chair")
    assert "ask for one at a time" in refused(capsys, room, "@indoor_robot")
    other = load(room)
    save(tmp_path / "other.npz", other.memory, ModelIdentity("other", 192, (1.0,) * 128))
    line = refused(capsys, tmp_path / "other.npz", "chair", "--model", "demo")
    assert "other.npz was made by model other" in line


def test_a_bag_s_memory_holds_what_it_shows(drive: Path, tmp_path: Path, capsys):
    file = tmp_path / "drive.npz"
    options = ["--topics", "semantic/image", "--scale", "0.5", "--memory", str(file)]
    assert main(["bag", str(drive), str(tmp_path / "out"), *options]) == 0
    told = capsys.readouterr().out
    assert "things in odom, of" in told
    read = load(file)
    assert read.identity.name == "demo" and read.memory.frame_id == "odom"
    assert len(read.memory.things) > 3 and read.memory.counts.key_frames == 0
    names = {one.name for one in read.memory.things}
    assert "chair" in names and not names & {"wall", "floor", "ceiling"}
    assert all(one.mean_feature is not None for one in read.memory.things)
    assert "chair" in asked(capsys, file, "chair").splitlines()[1]
    assert main(["bag", str(drive), str(tmp_path / "out2"), *options]) == 2
    assert "drive.npz: exists; add --overwrite" in capsys.readouterr().err
