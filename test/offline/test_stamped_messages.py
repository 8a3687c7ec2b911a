# SPDX-License-Identifier: Apache-2.0
"""Messages are found by the stamp of their header, whenever they were received."""

from __future__ import annotations

import pytest

from tips_ros.bags import BagError, BagMessage, BagReader, BagWriter
from tips_ros.offline.stamped_messages import StampedMessages, message_stamp_ns, stamp_index

KIND = "std_msgs/msg/Header"  # begins with itself


@pytest.fixture
def bag(tmp_path):
    """Messages (topic, stamp) in the order in which they were received; b's 2 comes very late."""
    received = [("/a", 1), ("/a", 3), ("/b", 3), ("/b", 1), ("/a", 2), ("/a", 2), ("/b", 2)]
    with BagWriter(tmp_path / "bag") as writer:
        types = writer.typestore.types
        for topic in ("/a", "/b"):
            writer.add_topic(topic, KIND)
        for time, (topic, stamp) in enumerate(received):
            fields = types["builtin_interfaces/msg/Time"](stamp, 5)
            writer.write(topic, 100 + time, types[KIND](fields, f"received {time}"))
    with BagReader(tmp_path / "bag") as reader:
        yield reader


def ns(second: int) -> int:
    return second * 10**9 + 5


def test_the_index_knows_which_topics_have_a_stamp(bag):
    both = {"/a": 1, "/b": 1}
    assert stamp_index(bag, ["/a", "/b"]) == {ns(1): both, ns(2): {"/a": 2, "/b": 1}, ns(3): both}
    assert stamp_index(bag, ["/b"])[ns(2)] == {"/b": 1}


def test_all_messages_of_a_stamp_come_together(bag):
    index = stamp_index(bag, ["/a", "/b"])
    messages = StampedMessages(bag, index, [ns(1), ns(2), ns(3)])
    for second in (1, 2, 3):
        found = messages.at(ns(second))
        assert set(found) == {"/a", "/b"}
        assert {message_stamp_ns(message) for message in found.values()} == {ns(second)}


def test_of_two_messages_with_one_stamp_the_first_counts(bag):
    found = StampedMessages(bag, stamp_index(bag, ["/a"]), [ns(2)]).at(ns(2))
    assert bag.deserialize(found["/a"]).frame_id == "received 4"


def test_messages_that_nobody_wants_are_not_held(bag):
    messages = StampedMessages(bag, stamp_index(bag, ["/a", "/b"]), [ns(2)])
    messages.at(ns(2))
    assert not messages._held


def test_a_stamp_without_messages_has_none(bag):
    assert StampedMessages(bag, stamp_index(bag, ["/a"]), [7]).at(7) == {}


def test_a_message_without_a_header_is_refused():
    with pytest.raises(BagError, match="/a at 1 ns holds no header"):
        message_stamp_ns(BagMessage("/a", KIND, 1, b"\0\1\0\0"))
