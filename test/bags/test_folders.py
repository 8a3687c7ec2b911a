# SPDX-License-Identifier: Apache-2.0
"""Folders as recorders, copies and `ros2 bag reindex` leave them: all is read, and told."""

from __future__ import annotations

import shutil

import pytest
import yaml
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from tips_ros.bags import BagError, BagReader
from tips_ros.bags.storage.unpacking import zstd

from .odd_bags import STORE, STRING, Topic, db3, mcap, metadata, string

TRANSIENT_LOCAL = """- history: 1
  depth: 1
  reliability: 1
  durability: 1
  deadline: {sec: 0, nsec: 0}
  lifespan: {sec: 0, nsec: 0}
  liveliness: 1
  liveliness_lease_duration: {sec: 0, nsec: 0}
  avoid_ros_namespace_conventions: false"""


def storage_file(path, numbers):
    """A file with a string for each number, which is its stamp, too."""
    if path.suffix == ".db3":
        db3(path, [("/chatter", STRING, n, string(str(n))) for n in numbers]).close()
        return path
    return mcap(path, [Topic("/chatter")], [(0, n, string(str(n))) for n in numbers])


def split(folder, suffix=".mcap", parts=((1, 2), (3, 4), (5, 6))):
    return [storage_file(folder / f"run_{n}{suffix}", part) for n, part in enumerate(parts)]


def read(path):
    with BagReader(path) as bag:
        return [int(bag.deserialize(m).data) for m in bag.messages()]


@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
def test_split_files_without_metadata_are_one_bag(tmp_path, caplog, suffix):
    split(tmp_path, suffix)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert caplog.messages == [
        f"metadata.yaml is missing in {tmp_path}: the 3 files there are read as one bag"
    ]


def test_files_are_read_in_the_order_of_their_stamps_not_of_their_names(tmp_path):
    split(tmp_path, parts=[(7, 9), (1, 3, 8), (2, 4)])
    (tmp_path / "run_2.mcap").rename(tmp_path / "run_10.mcap")
    assert read(tmp_path) == [1, 2, 3, 4, 7, 8, 9]


@pytest.mark.parametrize("text", ["", "no bag", "a: [", "rosbag2_bagfile_information: {}", "[]",
                                  "rosbag2_bagfile_information: 3", "\0\0\0",
                                  "rosbag2_bagfile_information: {relative_file_paths: }",
                                  "a: 2024-99-99", "? [a]: {b}"])  # fmt: skip
def test_a_broken_metadata_is_as_none(tmp_path, caplog, text):
    split(tmp_path)
    (tmp_path / "metadata.yaml").write_text(text)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert "metadata.yaml cannot be understood" in caplog.text


@pytest.mark.parametrize("identifier", ["", "mcap", "sqlite3", "rosbag_v2", None])
@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
def test_the_storage_is_what_the_files_are(tmp_path, suffix, identifier):
    files = split(tmp_path, suffix)
    metadata(tmp_path, [f.name for f in files], 6, storage_identifier=identifier, version=99)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("qos", ["", "- a: [", "none", "[]", "- {}", "- history: 7", "{}"])
@pytest.mark.parametrize("where", ["metadata", "file", "both"])
def test_a_qos_that_was_lost_or_edited_costs_nothing(tmp_path, qos, where):
    in_file = TRANSIENT_LOCAL if where == "metadata" else qos
    in_metadata = TRANSIENT_LOCAL if where == "file" else qos
    db3(tmp_path / "a.db3", [("/chatter", STRING, 1, string("1"))], qos=in_file).close()
    described = {"name": "/chatter", "type": STRING, "serialization_format": "cdr"}
    topics = [{"topic_metadata": {**described, "offered_qos_profiles": in_metadata}}]
    metadata(tmp_path, ["a.db3"], 1, topics_with_message_count=topics)
    assert read(tmp_path) == [1]
    with BagReader(tmp_path) as bag:
        assert bag.topics["/chatter"].latched == (where != "both")


def test_static_transforms_are_latched_where_their_qos_was_lost(tmp_path):
    kind = "tf2_msgs/msg/TFMessage"
    db3(tmp_path / "a.db3", [("/tf_static", kind, 1, string("1"))]).close()
    with BagReader(tmp_path) as bag:
        assert bag.topics["/tf_static"].latched


def test_a_count_that_the_files_do_not_have_is_told(tmp_path, caplog):
    files = split(tmp_path)
    metadata(tmp_path, [f.name for f in files], 99)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert "metadata.yaml counts 99 messages, the files hold 6" in caplog.text


def test_files_that_are_missing_are_told_and_the_others_read(tmp_path, caplog):
    files = split(tmp_path)
    metadata(tmp_path, [f.name for f in files], 6)
    files[1].unlink()
    assert read(tmp_path) == [1, 2, 5, 6]
    assert "run_1.mcap, named in metadata.yaml, is not there; the rest is read" in caplog.text


def test_renamed_files_are_found(tmp_path, caplog):
    split(tmp_path)
    metadata(tmp_path, ["before_0.mcap", "before_1.mcap"], 6)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert (
        "before_0.mcap, before_1.mcap, which metadata.yaml names, is not there: "
        "the 3 files there are read as one bag"
    ) in caplog.text
    caplog.clear()
    metadata(tmp_path, [], 6)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert "metadata.yaml names none of its files: the 3 files" in caplog.text


def test_files_that_metadata_does_not_name_are_told_and_not_read(tmp_path, caplog):
    files = split(tmp_path)
    metadata(tmp_path, [f.name for f in files[:2]], 4)
    assert read(tmp_path) == [1, 2, 3, 4]
    assert "does not name run_2.mcap, which is not read" in caplog.text


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"junk" * 99])
def test_a_broken_one_of_several_files_is_told_and_the_others_read(tmp_path, caplog, content):
    split(tmp_path)[2].write_bytes(content)
    assert read(tmp_path) == [1, 2, 3, 4]
    assert f"left out: {tmp_path / 'run_2.mcap'} cannot be read" in caplog.text


def test_an_older_name_of_a_path_in_metadata_is_understood(tmp_path):
    files = split(tmp_path)
    metadata(tmp_path, [f"run/{f.name}" for f in files], 6)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]


def pack(path, remove=True, end=".zstd"):
    packed = path.with_name(path.name + end)
    packed.write_bytes(zstd.compress(path.read_bytes()))
    if remove:
        path.unlink()
    return packed


@pytest.mark.parametrize("end", [".zstd", ".zst"])
@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
def test_packed_files_are_read_with_metadata_and_without_and_alone(tmp_path, suffix, end):
    files = [pack(path, end=end) for path in split(tmp_path, suffix)]
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert read(files[1]) == [3, 4]
    packed = {"compression_format": "zstd", "compression_mode": "FILE"}
    metadata(tmp_path, [f.name for f in files], 6, **packed)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    metadata(tmp_path, [f.name.removesuffix(end) for f in files], 6)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6], "packed after metadata.yaml was written"
    for path in files:
        path.with_name(path.name.removesuffix(end)).write_bytes(zstd.decompress(path.read_bytes()))
        path.unlink()
    metadata(tmp_path, [f.name for f in files], 6, **packed)
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6], "unpacked by hand"


def test_a_file_that_was_being_packed_when_the_recorder_stopped_counts_once(tmp_path):
    files = split(tmp_path)
    pack(files[0])
    packed = pack(files[1], remove=False)
    packed.write_bytes(packed.read_bytes()[:40])
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]
    metadata(tmp_path, [f"{f.name}.zstd" for f in files[:2]] + [files[2].name], 6)
    packed.unlink()
    assert read(tmp_path) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("with_metadata", [True, False])
@pytest.mark.parametrize("storage", list(StoragePlugin))
def test_packed_messages_are_read_whatever_metadata_says(tmp_path, storage, with_metadata):
    writer = Writer(tmp_path / "a", version=8, storage_plugin=storage)
    writer.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
    with writer:
        topic = writer.add_connection("/chatter", STRING, typestore=STORE)
        for n in (1, 2):
            writer.write(topic, n, string(str(n)))
    described = tmp_path / "a" / "metadata.yaml"
    info = yaml.safe_load(described.read_text())
    described.unlink()
    if with_metadata:
        info["rosbag2_bagfile_information"].update(compression_mode="", compression_format="")
        described.write_text(yaml.safe_dump(info))
    assert read(tmp_path / "a") == [1, 2]


def test_both_storages_in_a_folder_without_metadata_are_not_mixed(tmp_path):
    split(tmp_path, ".mcap")
    split(tmp_path, ".db3")
    with pytest.raises(BagError, match="files of both storages"):
        BagReader(tmp_path)


def test_a_folder_of_bags_names_them(tmp_path):
    for name in ("monday", "tuesday"):
        metadata(split(tmp_path / name)[0].parent, ["run_0.mcap"], 2)
    with pytest.raises(BagError, match="is a folder of bags; give one of them: monday, tuesday"):
        BagReader(tmp_path)


def test_a_name_with_the_signs_of_an_address_is_a_name(tmp_path):
    folder = tmp_path / "100% of #3, really?"
    split(folder, ".db3")
    assert read(folder) == [1, 2, 3, 4, 5, 6]


def test_nothing_is_written_beside_a_bag(tmp_path):
    for suffix in (".mcap", ".db3"):
        folder = tmp_path / suffix[1:]
        pack(split(folder, suffix)[0])
        before = {p: p.read_bytes() for p in folder.iterdir()}
        read(folder)
        assert {p: p.read_bytes() for p in folder.iterdir()} == before
        shutil.rmtree(folder)
