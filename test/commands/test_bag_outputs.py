# SPDX-License-Identifier: Apache-2.0
"""Places and names of `tips_ros bag`'s outputs: refused before a model is loaded."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tips_ros import cli
from tips_ros.bags import BagReader, BagWriter, default_typestore
from tips_ros.resources import sample_bag


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample bag's first messages."""
    path = tmp_path_factory.mktemp("bags") / "short"
    with BagReader(sample_bag()) as reader, BagWriter(path) as writer:
        for name, topic in reader.topics.items():
            writer.add_topic(name, topic.type, definition=topic.definition)
        for _, message in zip(range(6), reader.messages(), strict=False):
            writer.write(message.topic, message.stamp_ns, message.data)
    return path


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("tips_ros.commands.bag.load_predictor", load)


def refusal(capsys: Any, *args: object) -> str:
    capsys.readouterr()
    assert cli.main(["bag", *map(str, args)]) == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.usefixtures("no_model")
class TestBeforeAModelIsLoaded:
    def test_a_bag_that_is_there_is_refused_with_the_option_that_replaces_it(
        self, short: Path, tmp_path: Path, capsys: Any
    ):
        shutil.copytree(short, tmp_path / "there")
        shutil.copy(next(short.glob("*.mcap")), tmp_path / "there.mcap")
        for name in ("there", "there.mcap"):
            assert "exists; remove it, add --overwrite" in refusal(capsys, short, tmp_path / name)

    @pytest.mark.parametrize("name", ["words.mcap", "words"])
    def test_what_is_no_bag_is_never_replaced(
        self, short: Path, tmp_path: Path, capsys: Any, name: str
    ):
        (tmp_path / name).write_text("words")
        line = refusal(capsys, short, tmp_path / name, "--overwrite")
        assert "is not a bag" in line and (tmp_path / name).read_text() == "words"

    def test_the_bag_that_is_read_is_never_replaced(
        self, short: Path, tmp_path: Path, capsys: Any
    ):
        bag = tmp_path / "bags" / "in"
        shutil.copytree(short, bag)
        (bag.parent / "metadata.yaml").write_text("")
        file = next(bag.glob("*.mcap"))
        for source, target in ((bag, bag), (file, file), (bag, bag.parent), (file, bag)):
            assert "the bag that is read" in refusal(capsys, source, target, "--overwrite")
        assert "lies in the bag that is read" in refusal(capsys, bag, bag / "x.mcap")

    @pytest.mark.parametrize("name", ["out.db3", "out.bag", "out.mcap.zstd"])
    def test_other_storages_are_not_written(
        self, short: Path, tmp_path: Path, capsys: Any, name: str
    ):
        assert "bags are written as mcap" in refusal(capsys, short, tmp_path / name)

    def test_a_place_that_cannot_be_written_to(self, short: Path, tmp_path: Path, capsys: Any):
        (tmp_path / "file").write_text("")
        assert "cannot be written" in refusal(capsys, short, tmp_path / "file" / "out")

    def test_outputs_and_prompts_that_there_are_none_of(
        self, short: Path, tmp_path: Path, capsys: Any
    ):
        out = tmp_path / "out"
        assert "no such output: dept" in refusal(capsys, short, out, "--topics", "dept")
        assert "looks like a file" in refusal(capsys, short, out, "--prompts", "things.txt")
        assert "belongs to --prompts" in refusal(capsys, short, out, "--threshold", "0.5")

    @pytest.mark.parametrize("namespace", ["tips", "/ti ps", "/1tips", "//tips", "/~", "/a-b", ""])
    def test_a_namespace_that_ros_would_refuse(
        self, short: Path, tmp_path: Path, capsys: Any, namespace: str
    ):
        with pytest.raises(SystemExit):
            cli.main(["bag", str(short), str(tmp_path / "out"), f"--namespace={namespace}"])
        assert "argument --namespace" in capsys.readouterr().err


class TestWritten:
    def test_a_name_that_ends_in_mcap_is_a_file(self, short: Path, tmp_path: Path, capsys: Any):
        out = tmp_path / "x.mcap"
        options = ["--topics", "depth/image", "--scale", "0.25"]
        assert cli.main(["bag", str(short), str(out), *options]) == 0
        assert out.is_file() and [p.name for p in tmp_path.iterdir()] == ["x.mcap"]
        with BagReader(out) as reader:
            assert "/tips/depth/image" in reader.topics
        # It is a bag like others: read again, and not again under the same names.
        line = refusal(capsys, out, tmp_path / "y", *options)
        assert "has /tips/depth/image already; give another --namespace" in line
        again = ["bag", str(out), str(tmp_path / "y"), *options, "--namespace", "/again/tips"]
        assert cli.main(again) == 0
        assert cli.main(["bag", str(short), str(out), *options, "--overwrite"]) == 0


def test_a_full_disk_leaves_nothing(tmp_path: Path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    types = default_typestore()
    text = types.types["std_msgs/msg/String"](data="x" * 100_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with (
            pytest.raises(ValueError, match="cannot be written.*nothing of it was kept"),
            BagWriter(tmp_path / "a.mcap") as writer,
        ):
            writer.add_topic("/text", "std_msgs/msg/String")
            for stamp_ns in range(60):
                writer.write("/text", stamp_ns, text)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
