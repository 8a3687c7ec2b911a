# SPDX-License-Identifier: Apache-2.0
"""Files with more than ROS 2 in them, or none of it."""

from __future__ import annotations

import pytest

from tips_ros.bags import BagError, BagReader

from .odd_bags import STRING, Topic, mcap, string

OTHERS = {
    "json": Topic("/odom", "Odom", "json", "jsonschema", "{}"),
    "protobuf": Topic("/odom", "foxglove.Odom", "protobuf", "protobuf", "\x0a"),
    "flatbuffer": Topic("/odom", "Odom", "flatbuffer", "flatbuffer", ""),
    "cbor": Topic("/odom", "", "cbor", None),
    "ros1": Topic("/odom", "nav_msgs/Odometry", "ros1", "ros1msg", "Header header"),
}


@pytest.mark.parametrize("profile", ["ros2", "", "x-custom"])
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("summary", [True, False])
def test_channels_of_another_encoding_are_named_and_left_out(
    tmp_path, caplog, other, profile, summary
):
    rows = [(0, 1, b"{}"), (1, 5, string("one")), (0, 7, b"{}")]
    path = mcap(
        tmp_path / "a.mcap", [other, Topic("/chatter")], rows, profile=profile, summary=summary
    )
    with BagReader(path) as bag:
        assert list(bag.topics) == ["/chatter"]
        assert bag.left_out == {"/odom": other.serialization}
        assert [bag.deserialize(m).data for m in bag.messages()] == ["one"]
        assert (bag.message_count, bag.start_ns) == (1, 5), "the other's times don't count"
        with pytest.raises(BagError, match="no topic /odom"):
            bag.messages(["/odom"])
    (line,) = caplog.messages
    assert f"/odom ({other.serialization})" in line


def test_a_channel_without_a_type_is_left_out(tmp_path):
    topics = [Topic("/nameless", schema=None), Topic("/chatter")]
    rows = [(0, 1, string("x")), (1, 2, string("one"))]
    with BagReader(mcap(tmp_path / "a.mcap", topics, rows)) as bag:
        assert list(bag.topics) == ["/chatter"]
        assert bag.left_out == {"/nameless": "no type"}


def test_a_writer_that_does_not_name_cdr_is_understood(tmp_path):
    topics = [Topic("/chatter", serialization="")]
    with BagReader(mcap(tmp_path / "a.mcap", topics, [(0, 1, string("one"))])) as bag:
        assert [bag.deserialize(m).data for m in bag.messages()] == ["one"]


def test_a_topic_of_two_types_is_left_out_and_the_rest_read(tmp_path):
    two = [Topic("/both"), Topic("/both", "std_msgs/msg/Empty", text=""), Topic("/chatter")]
    rows = [(0, 1, string("x")), (1, 2, b"\0\1\0\0\0"), (2, 3, string("one"))]
    with BagReader(mcap(tmp_path / "a.mcap", two, rows)) as bag:
        assert list(bag.topics) == ["/chatter"]
        assert bag.left_out == {"/both": "of the types std_msgs/msg/Empty and std_msgs/msg/String"}
    with BagReader(mcap(tmp_path / "b.mcap", two, [rows[0], rows[2]])) as bag:
        assert bag.topics["/both"].type == STRING, "the other was declared only"


def test_several_publishers_of_a_topic_are_one_topic(tmp_path):
    topics = [Topic("/chatter"), Topic("/chatter", metadata={"offered_qos_profiles": "- junk: ["})]
    rows = [(1, 1, string("one")), (0, 2, string("two"))]
    with BagReader(mcap(tmp_path / "a.mcap", topics, rows)) as bag:
        assert bag.topics["/chatter"].count == 2
        assert [bag.deserialize(m).data for m in bag.messages()] == ["one", "two"]


@pytest.mark.parametrize("kind", ["json", "protobuf", "cbor"])
def test_a_file_of_another_kind_is_told_what_it_is(tmp_path, kind):
    path = mcap(tmp_path / "a.mcap", [OTHERS[kind]], [(0, 1, b"{}")], profile="")
    with pytest.raises(BagError, match=rf"of the encoding {kind} \(/odom\), not cdr"):
        BagReader(path)


def test_ros_1_in_an_mcap_file_is_told(tmp_path):
    path = mcap(tmp_path / "a.mcap", [OTHERS["ros1"]], [(0, 1, b"x")], profile="ros1")
    with pytest.raises(BagError, match=r"ROS 1 recording in an mcap file \(/odom\)"):
        BagReader(path)


@pytest.mark.parametrize("name", ["old.bag", "renamed.db3", "renamed.mcap"])
def test_a_ros_1_bag_is_told_whatever_it_is_called(tmp_path, name):
    (tmp_path / name).write_bytes(b"#ROSBAG V2.0\n" + bytes(100))
    with pytest.raises(BagError, match="is a ROS 1 bag; convert it with `rosbags-convert`"):
        BagReader(tmp_path / name)


def test_a_folder_of_ros_1_bags_is_told(tmp_path):
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(BagError, match="holds ROS 1 bags"):
        BagReader(tmp_path)
