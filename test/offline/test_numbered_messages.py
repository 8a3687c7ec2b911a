# SPDX-License-Identifier: Apache-2.0
"""Messages are found by their place, whenever they are asked for."""

from __future__ import annotations

import pytest

from tips_ros.bags import BagError, BagReader, BagWriter
from tips_ros.offline.numbered_messages import NumberedMessages


@pytest.fixture
def bag(tmp_path):
    """a, b, b, a, b: each says how many of its topic came before."""
    with BagWriter(tmp_path / "bag") as writer:
        String = writer.typestore.types["std_msgs/msg/String"]
        for topic in "ab":
            writer.add_topic(f"/{topic}", "std_msgs/msg/String")
        for time, (topic, number) in enumerate([("a", 0), ("b", 0), ("b", 1), ("a", 1), ("b", 2)]):
            writer.write(f"/{topic}", time, String(f"{topic}{number}"))
    with BagReader(tmp_path / "bag") as reader:
        yield reader


def test_messages_come_in_any_order(bag):
    messages = NumberedMessages(bag, {"/a": [0, 1], "/b": [0, 2]})
    for topic, number in (("/a", 1), ("/b", 2), ("/a", 0), ("/b", 0)):
        said = bag.deserialize(messages.take(topic, number)).data
        assert said == f"{topic[1:]}{number}"
    assert not messages._held


def test_what_nobody_wants_is_not_held(bag):
    messages = NumberedMessages(bag, {"/b": [2]})
    messages.take("/b", 2)
    assert not messages._held


def test_a_message_that_is_not_there_is_an_error(bag):
    with pytest.raises(BagError, match="/a has no message 2"):
        NumberedMessages(bag, {"/a": [2]}).take("/a", 2)
