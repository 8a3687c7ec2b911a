# SPDX-License-Identifier: Apache-2.0
"""Reading bags: written here with the rosbags library in its many shapes, or real ones."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from tips_ros.bags import BagError, BagReader, BagWriter, default_typestore

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data"
STRING = "std_msgs/msg/String"


def real(name):
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"the real recording {name} is not on this machine")
    return path


def strings(path, count=3, storage=StoragePlugin.MCAP, compression=CompressionMode.NONE, **names):
    """Write `count` strings at 1, 2, 3... ns to /chatter and as many to /other."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    writer = Writer(path, version=names.pop("version", 9), storage_plugin=storage)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        topics = [writer.add_connection(t, STRING, typestore=store) for t in ("/chatter", "/other")]
        for stamp in range(1, count + 1):
            for topic in topics:
                message = store.types[STRING](f"{topic.topic} {stamp}")
                writer.write(topic, stamp, store.serialize_cdr(message, STRING))
    return path


def refusal(path):
    with pytest.raises(BagError) as error, BagReader(path) as bag:
        list(bag.messages())
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("version", [8, 9])
@pytest.mark.parametrize(
    ("storage", "compression"),
    [
        (StoragePlugin.MCAP, CompressionMode.NONE),
        (StoragePlugin.MCAP, CompressionMode.STORAGE),
        (StoragePlugin.MCAP, CompressionMode.MESSAGE),
        (StoragePlugin.MCAP, CompressionMode.FILE),
        (StoragePlugin.SQLITE3, CompressionMode.NONE),
        (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
        (StoragePlugin.SQLITE3, CompressionMode.FILE),
    ],
)
def test_every_storage_and_compression_reads_the_same(tmp_path, storage, compression, version):
    with BagReader(strings(tmp_path / "a", 3, storage, compression, version=version)) as bag:
        assert (bag.start_ns, bag.end_ns, bag.message_count) == (1, 3, 6)
        assert {name: (t.type, t.count) for name, t in bag.topics.items()} == {
            "/chatter": (STRING, 3),
            "/other": (STRING, 3),
        }
        messages = list(bag.messages(["/chatter"]))
        assert [m.stamp_ns for m in messages] == [1, 2, 3]
        assert [bag.deserialize(m).data for m in messages] == [f"/chatter {i}" for i in (1, 2, 3)]
        assert all(isinstance(m.data, bytes) for m in messages)
        assert len(list(bag.messages())) == 6
        assert list(bag.messages([])) == []


@pytest.mark.parametrize("compression", [CompressionMode.NONE, CompressionMode.MESSAGE])
@pytest.mark.parametrize("storage", list(StoragePlugin))
def test_a_file_without_its_folder_is_a_bag(tmp_path, storage, compression):
    folder = strings(tmp_path / "a", 2, storage, compression)
    (folder / "metadata.yaml").unlink()
    file = next(folder.iterdir())
    for path in (file, folder):
        with BagReader(path) as bag:
            assert bag.deserialize(next(bag.messages(["/other"]))).data == "/other 1"


def test_an_asked_topic_that_is_not_there_is_an_error_that_lists_those_that_are(tmp_path):
    expected = pytest.raises(BagError, match="no topic /chat; it has /chatter, /other")
    with BagReader(strings(tmp_path / "a")) as bag, expected:
        bag.messages(["/chat"])


def test_what_is_no_bag_is_refused_with_what_it_is(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nothing")
    assert "no metadata.yaml and no storage files" in refusal(tmp_path)
    ros1 = tmp_path / "old.bag"
    ros1.write_bytes(b"#ROSBAG V2.0\n")
    assert "rosbags-convert" in refusal(ros1)
    text = tmp_path / "notes.txt"
    text.write_text("no bag")
    assert "not a ROS 2 bag" in refusal(text)


@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
@pytest.mark.parametrize("content", [b"", b"\x00", b"no bag" * 100, b"\x89MCAP0\r\n" * 10])
def test_a_file_of_junk_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"junk{suffix}"
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize("storage", list(StoragePlugin))
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_file_that_was_cut_short_is_refused_where_no_message_can_be_trusted(
    tmp_path, storage, kept
):
    folder = strings(tmp_path / "a", 500, storage)
    file = next(p for p in folder.iterdir() if p.suffix != ".yaml")
    if storage == StoragePlugin.MCAP:
        kept /= 2  # its one chunk of messages ends there
    file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    for path in (folder, file):
        assert "copy it again" in refusal(path)


def test_an_unknown_compression_is_refused(tmp_path):
    folder = strings(tmp_path / "a", 3, StoragePlugin.MCAP, CompressionMode.MESSAGE)
    metadata = folder / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("zstd", "lzma"))
    assert "lzma" in refusal(folder)
    assert "ros2 bag convert" in refusal(folder)


def test_a_bag_without_messages_is_refused(tmp_path):
    assert "holds no messages" in refusal(strings(tmp_path / "a", 0))


def test_types_come_from_the_bag_itself_and_win_over_the_ones_known(tmp_path):
    store = get_typestore(Stores.ROS2_JAZZY)
    # A String of another age: it has a second field.
    custom = "string data\nint32 age"
    other = get_typestore(Stores.EMPTY)
    other.register(get_types_from_msg(custom, STRING))
    other.register(get_types_from_msg("float32 metres", "acme_msgs/msg/Range"))
    with Writer(tmp_path / "a", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        old = writer.add_connection("/old", STRING, typestore=other)
        own = writer.add_connection("/own", "acme_msgs/msg/Range", typestore=other)
        writer.write(old, 1, other.serialize_cdr(other.types[STRING]("x", 7), STRING))
        message = other.types["acme_msgs/msg/Range"](1.5)
        writer.write(own, 2, other.serialize_cdr(message, "acme_msgs/msg/Range"))
    with BagReader(tmp_path / "a") as bag:
        old, own = map(bag.deserialize, bag.messages())
        assert (old.data, old.age, own.metres) == ("x", 7, 1.5)
        assert bag.typestore.fielddefs.keys() > store.fielddefs.keys()


def test_bytes_of_another_type_are_an_error_that_names_the_topic(tmp_path):
    store = default_typestore()
    with BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/info", "sensor_msgs/msg/CameraInfo")
        writer.write("/info", 5, store.serialize_cdr(store.types[STRING]("x"), STRING))
    with BagReader(tmp_path / "a") as bag, pytest.raises(BagError, match="/info at 5 ns"):
        bag.deserialize(next(bag.messages()))


def test_messages_are_streamed_not_collected(tmp_path):
    with BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/big", "std_msgs/msg/String")
        for stamp in range(64):
            writer.write("/big", stamp, b"\x00\x01\x00\x00" + bytes(2**20))
    with BagReader(tmp_path / "a") as bag:
        tracemalloc.start()
        try:
            assert sum(len(m.data) for m in bag.messages()) > 64 * 2**20
            assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("storage", ["mcap", "db3"])
def test_a_real_recording_in_either_storage(storage):
    with BagReader(real(f"bags/soccer_goal_12_normalized_{storage}")) as bag:
        assert bag.topics["/camera/image_raw"].count == 2
        images = [bag.deserialize(m) for m in bag.messages()]
    assert {(i.encoding, i.height, i.width, i.data.size) for i in images} == {
        ("rgb8", 480, 640, 480 * 640 * 3)
    }


def test_a_real_file_with_each_message_compressed_and_a_short_type_name():
    with BagReader(real("odd/soccer_goal_12_wrong_bgr8_label.mcap")) as bag:
        assert bag.topics["/camera/image_raw"].type == "sensor_msgs/msg/Image"
        image = bag.deserialize(next(bag.messages()))
    assert (image.encoding, image.data.size) == ("bgr8", 480 * 640 * 3)


def test_a_real_recording_of_a_moving_camera_is_in_order():
    with BagReader(real("bags/sevenscenes_rgbd_90f_unregistered_mcap")) as bag:
        stamps = [m.stamp_ns for m in bag.messages()]
        assert len(stamps) == bag.message_count == 360
        assert (np.diff(stamps) >= 0).all()
        assert (stamps[0], stamps[-1]) == (bag.start_ns, bag.end_ns)
