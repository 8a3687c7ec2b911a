# SPDX-License-Identifier: Apache-2.0
"""Writing bags that others can read, and never half a bag."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from mcap.reader import make_reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from tips_ros.bags import BagError, BagReader, BagWriter

STRING = "std_msgs/msg/String"


def write_strings(path, *texts, **options):
    with BagWriter(path, **options) as writer:
        writer.add_topic("/chatter", STRING)
        for stamp, text in enumerate(texts):
            writer.write("/chatter", stamp, writer.typestore.types[STRING](text))
    return path


def read_strings(path):
    with BagReader(path) as bag:
        return [bag.deserialize(m).data for m in bag.messages()]


def test_what_is_written_is_read(tmp_path):
    assert read_strings(write_strings(tmp_path / "new" / "a", "x", "y")) == ["x", "y"]
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["a"]
    assert sorted(p.name for p in (tmp_path / "new" / "a").iterdir()) == ["a.mcap", "metadata.yaml"]


def test_the_metadata_is_what_rosbag2_reads(tmp_path):
    with BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/tf_static", "tf2_msgs/msg/TFMessage", latched=True)
        writer.add_topic("/chatter", STRING)
        writer.write("/chatter", 10, writer.typestore.types[STRING]("x"))
        writer.write("/chatter", 30, writer.typestore.types[STRING]("y"))
    info = yaml.safe_load((tmp_path / "a" / "metadata.yaml").read_text())
    info = info["rosbag2_bagfile_information"]
    # Version 8: QoS as YAML in a string, which Humble and Jazzy both read.
    assert info["version"] == 8
    assert info["storage_identifier"] == "mcap"
    assert info["relative_file_paths"] == ["a.mcap"]
    assert info["duration"] == {"nanoseconds": 20}
    assert info["starting_time"] == {"nanoseconds_since_epoch": 10}
    assert info["message_count"] == 2
    assert (info["compression_format"], info["compression_mode"]) == ("", "")
    assert info["files"][0]["path"] == "a.mcap"
    assert {"custom_data", "ros_distro"} <= info.keys()
    static, chatter = (t["topic_metadata"] for t in info["topics_with_message_count"])
    assert chatter["type"] == STRING
    assert chatter["serialization_format"] == "cdr"
    assert chatter["type_description_hash"].startswith("RIHS01_")
    (qos,) = yaml.safe_load(static["offered_qos_profiles"])
    assert (qos["history"], qos["depth"], qos["reliability"], qos["durability"]) == (1, 1, 1, 1)
    (qos,) = yaml.safe_load(chatter["offered_qos_profiles"])
    assert (qos["history"], qos["reliability"], qos["durability"]) == (1, 1, 2)
    with BagReader(tmp_path / "a") as bag:
        assert bag.topics["/tf_static"].latched
        assert not bag.topics["/chatter"].latched


def test_another_mcap_reader_finds_messages_and_whole_definitions(tmp_path):
    with BagWriter(tmp_path / "a") as writer:
        types = writer.typestore.types
        writer.add_topic("/header", "std_msgs/msg/Header")
        stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=2)
        writer.write("/header", 7, types["std_msgs/msg/Header"](stamp, "camera"))
    with (tmp_path / "a" / "a.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        ((schema, channel, message),) = reader.iter_messages()
    assert (schema.name, schema.encoding) == ("std_msgs/msg/Header", "ros2msg")
    assert b"MSG: builtin_interfaces/Time\nint32 sec" in schema.data
    assert (channel.topic, channel.message_encoding) == ("/header", "cdr")
    assert (message.log_time, message.data[:12]) == (7, b"\0\1\0\0\1\0\0\0\2\0\0\0")


def test_this_packages_class_map_can_be_recorded(tmp_path):
    with BagWriter(tmp_path / "a") as writer:
        types = writer.typestore.types
        stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=2)
        header = types["std_msgs/msg/Header"](stamp, "camera")
        colour = types["std_msgs/msg/ColorRGBA"](0.0, 0.5, 1.0, 1.0)
        message = types["tips_ros/msg/ClassMap"](
            header=header, model="demo", trained=False, source="prompts",
            ids=np.uint16([0]), names=["sofa"], colors=[colour],
        )  # fmt: skip
        writer.add_topic("/tips/semantic/classes", "tips_ros/msg/ClassMap", latched=True)
        writer.write("/tips/semantic/classes", 7, message)
    with BagReader(tmp_path / "a") as bag:
        read = bag.deserialize(next(bag.messages()))
    assert (read.names, read.ids.tolist(), read.colors) == (["sofa"], [0], [colour])


def test_topics_of_another_bag_are_copied_with_their_types(tmp_path):
    store = get_typestore(Stores.ROS2_JAZZY)
    store.register(get_types_from_msg("float32 metres", "acme_msgs/msg/Range"))
    with BagWriter(tmp_path / "a", typestore=store) as writer:
        writer.add_topic("/own", "acme_msgs/msg/Range")
        writer.write("/own", 1, store.types["acme_msgs/msg/Range"](1.5))
    with (
        BagReader(tmp_path / "a") as bag,
        BagWriter(tmp_path / "b", typestore=bag.typestore) as writer,
    ):
        writer.add_topic("/own", "acme_msgs/msg/Range")
        for message in bag.messages():
            writer.write(message.topic, message.stamp_ns, message.data)
    with BagReader(tmp_path / "b") as bag:
        assert bag.deserialize(next(bag.messages())).metres == 1.5


def test_messages_need_not_be_written_in_order(tmp_path):
    with BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/chatter", STRING)
        for stamp in (5, 3, 9):
            writer.write("/chatter", stamp, writer.typestore.types[STRING](str(stamp)))
    assert read_strings(tmp_path / "a") == ["3", "5", "9"]


def test_a_run_that_failed_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/chatter", STRING)
        writer.write("/chatter", 1, writer.typestore.types[STRING]("x"))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_bag_without_messages_is_not_written(tmp_path):
    with pytest.raises(BagError, match="would be empty"):
        write_strings(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_kept_unless_told_otherwise(tmp_path):
    path = write_strings(tmp_path / "a", "first")
    with pytest.raises(BagError, match="exists; remove it"):
        BagWriter(path)
    with pytest.raises(RuntimeError), BagWriter(path, overwrite=True):
        raise RuntimeError
    assert read_strings(path) == ["first"]
    assert read_strings(write_strings(path, "second", overwrite=True)) == ["second"]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_only_a_bag_is_ever_overwritten(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("words")
    for path in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.tex"):
        with pytest.raises(BagError, match="is not a bag"):
            BagWriter(path, overwrite=True)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "words"


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BagError, match="cannot be written"):
        BagWriter(tmp_path / "file" / "a")


def test_mistakes_of_the_caller_are_named(tmp_path):
    with pytest.raises(BagError, match="not declared"), BagWriter(tmp_path / "a") as writer:
        writer.write("/chatter", 1, b"")
    with pytest.raises(BagError, match="declared twice"), BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/chatter", STRING)
        writer.add_topic("/chatter", STRING)
    with pytest.raises(BagError, match="unknown type acme"), BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/own", "acme_msgs/msg/Range")
    with pytest.raises(BagError, match="takes std_msgs"), BagWriter(tmp_path / "a") as writer:
        writer.add_topic("/chatter", STRING)
        writer.write("/chatter", 1, object())
    assert list(tmp_path.iterdir()) == []
