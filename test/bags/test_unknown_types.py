# SPDX-License-Identifier: Apache-2.0
"""A type that nobody describes costs its own topic the fields, and the others nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.bags import BagError, BagReader, BagWriter

from .odd_bags import STORE, STRING, Topic, db3, mcap, string

OWN = "acme_msgs/msg/Range"
OWN_BYTES = b"\0\1\0\0" + bytes(8)
NAMES = {
    "message": OWN,
    "feedback of an action": "example_interfaces/action/Fibonacci_FeedbackMessage",
    "event of a service": "example_interfaces/srv/AddTwoInts_Event",
}
TEXTS = {
    "no encoding": ("", ""),
    "unknown encoding": ("unknown", ""),
    "no text": ("ros2msg", ""),
    "not a definition": ("ros2msg", "this ! is not\na definition"),
    "a part that is missing": ("ros2msg", "acme_msgs/Echo echo"),
    "made of itself": ("ros2msg", "acme_msgs/Range again"),
    "a service": ("ros2msg", "int64 a\n---\nint64 b"),
    "a service's event": (
        "ros2msg",
        "service_msgs/ServiceEventInfo info\n"
        "example_interfaces/srv/AddTwoInts_Request[<=1] request",
    ),
    "not IDL": ("ros2idl", "module ! {"),
    "binary": ("protobuf", "\x0a\x0f"),
}


def check(path, kind, count=1):
    """All of the bag is readable but the type, and it can be copied whole."""
    with BagReader(path) as bag:
        assert {n: (t.type, t.count) for n, t in bag.topics.items()} == {
            "/own": (kind, count),
            "/chatter": (STRING, 2),
        }
        assert bag.undescribed == ["/own"]
        said = [bag.deserialize(m).data for m in bag.messages(["/chatter"])]
        assert said == ["one", "two"]
        for message in bag.messages(["/own"]):
            with pytest.raises(BagError, match=f"/own is of the unknown type {kind}|/own at "):
                bag.deserialize(message)
        copy = path.parent / "copy"
        with BagWriter(copy, typestore=bag.typestore) as writer:
            for topic in bag.topics.values():
                writer.add_topic(topic.name, topic.type, definition=topic.definition)
            for message in bag.messages():
                writer.write(message.topic, message.stamp_ns, message.data)
        original = list(bag.messages())
    with BagReader(copy) as bag:
        assert list(bag.messages()) == original
        assert {n: (t.type, t.count) for n, t in bag.topics.items()}["/own"] == (kind, count)
        assert [bag.deserialize(m).data for m in bag.messages(["/chatter"])] == said


def messages(kind, count):
    chatter = [("/chatter", STRING, 1, string("one")), ("/chatter", STRING, 3, string("two"))]
    return [("/own", kind, 2, OWN_BYTES)] * count + chatter


@pytest.mark.parametrize("count", [0, 1], ids=["declared only", "with a message"])
@pytest.mark.parametrize("kind", NAMES.values(), ids=NAMES)
def test_humbles_sqlite3_keeps_no_definitions(tmp_path, kind, count):
    declared = (("/own", kind),)
    db3(tmp_path / "a.db3", messages(kind, count), declared=declared).close()
    check(tmp_path / "a.db3", kind, count)


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_jazzys_sqlite3_may_keep_a_definition_that_is_no_use(tmp_path, text):
    definitions = {OWN: text, STRING: ("ros2msg", "string data")}
    db3(tmp_path / "a.db3", messages(OWN, 1), definitions=definitions).close()
    check(tmp_path / "a.db3", OWN)


@pytest.mark.parametrize("count", [0, 1], ids=["declared only", "with a message"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_mcap_file_may_keep_a_definition_that_is_no_use(tmp_path, text, count):
    topics = [Topic("/own", OWN, schema=text[0], text=text[1]), Topic("/chatter")]
    rows = [(1, 1, string("one")), *[(0, 2, OWN_BYTES)] * count, (1, 3, string("two"))]
    check(mcap(tmp_path / "a.mcap", topics, rows), OWN, count)


@pytest.mark.slow
def test_a_bad_definition_of_a_known_type_does_not_cost_it(tmp_path):
    for number, (encoding, text) in enumerate(TEXTS.values()):
        topics = [Topic("/chatter", STRING, schema=encoding, text=text)]
        path = mcap(tmp_path / f"{number}.mcap", topics, [(0, 1, string("one"))])
        with BagReader(path) as bag:
            (message,) = bag.messages()
            if (encoding, text) != TEXTS["a service"]:  # which is a definition like any other
                assert bag.deserialize(message).data == "one"


def test_what_a_stranger_says_of_a_header_does_not_count_for_known_types(tmp_path):
    kind = "sensor_msgs/msg/CompressedImage"
    stamp = STORE.types["builtin_interfaces/msg/Time"](sec=1, nanosec=2)
    header = STORE.types["std_msgs/msg/Header"](stamp, "camera")
    image = STORE.types[kind](header, "jpeg", np.zeros(3, np.uint8))
    ros1 = "Header header\n" + "=" * 80 + "\nMSG: std_msgs/Header\nuint32 seq\ntime stamp\n"
    topics = [
        Topic("/image", kind, text=STORE.generate_msgdef(kind, ros_version=2)[0]),
        Topic("/own", OWN, text=ros1.replace("Header header", "std_msgs/Header header")),
    ]
    rows = [(0, 1, bytes(STORE.serialize_cdr(image, kind)))]
    for order in (topics, topics[::-1]):
        number = order.index(topics[0])
        path = mcap(tmp_path / f"{number}.mcap", order, [(number, *row[1:]) for row in rows])
        with BagReader(path) as bag:
            (message,) = bag.messages(["/image"])
            assert bag.deserialize(message).header.frame_id == "camera"


def test_names_of_types_as_other_writers_have_them(tmp_path):
    names = ("std_msgs/String", "std_msgs::msg::String", "std_msgs::msg::dds_::String_")
    topics = [Topic(f"/{number}", name) for number, name in enumerate(names)]
    rows = [(number, 1, string("x")) for number in range(len(names))]
    with BagReader(mcap(tmp_path / "a.mcap", topics, rows)) as bag:
        assert {bag.deserialize(m).data for m in bag.messages()} == {"x"}
        assert {t.type for t in bag.topics.values()} == {STRING}
