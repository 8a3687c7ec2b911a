# SPDX-License-Identifier: Apache-2.0
"""Bytes that are no message, sent as one by a publisher of its type, cost the node nothing."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image

from .example_messages import camera_info, picture
from .live_graph import until

MESSAGES = 40


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The same with a few bytes set, cut off, or put in."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(changed) or 1)
        kind = rng.choice(("set", "length", "cut", "insert", "head"))
        if kind == "set":
            changed[at : at + 1] = rng.randbytes(1)
        elif kind == "length":  # of a text or a sequence, in the first fields
            at = rng.randrange(0, 60, 4)
            changed[at : at + 4] = rng.choice((b"\xff" * 4, b"\0\0\0\x7f", b"\0" * 4))
        elif kind == "cut":
            del changed[at:]
        elif kind == "insert":
            changed[at:at] = rng.randbytes(3)
        else:
            changed[:4] = rng.randbytes(4)
    return bytes(changed)


@pytest.fixture
def good() -> dict[str, tuple[type, bytes]]:
    """Topic → its type and the bytes of a good message."""
    image = Image(height=48, width=64, encoding="rgb8", step=192, data=picture().tobytes())
    image.header.frame_id = "camera"
    return {
        "/image": (Image, bytes(serialize_message(image))),
        "/camera_info": (CameraInfo, bytes(serialize_message(camera_info()))),
    }


def send(graph: Any, good: dict[str, tuple[type, bytes]], make: Any) -> None:
    """Publishes what is made of good messages, topic by topic in turn."""
    topics = {t: graph.probe.create_publisher(kind, t, 10) for t, (kind, _) in good.items()}
    for topic, publisher in topics.items():
        until(publisher.get_subscription_count, f"a subscriber of {topic}")
    for i in range(MESSAGES):
        topic = [*good][i % len(good)]
        topics[topic].publish(make(good[topic][1]))
        time.sleep(0.005)  # so that the queue of five holds it
    for publisher in topics.values():
        graph.probe.destroy_publisher(publisher)


def test_damaged_bytes_end_nothing_and_the_next_good_image_is_answered(graph_with, good):
    graph = graph_with(input_height=112, input_width=112).active()
    graph.listen("depth/image")
    rng = random.Random(5)
    send(graph, good, lambda data: damaged(data, rng))
    graph.publish_image(sec=77)
    until(lambda: any(m.header.stamp.sec == 77 for m in graph.received["depth/image"]), "depth")


@pytest.mark.parametrize("bad", [b"\xff\xfe\xfd", b"\xed\xa0\x80", b"\xc3("])
def test_a_frame_id_that_is_no_utf8_ends_nothing(graph_with, good, bad):
    graph = graph_with(input_height=112, input_width=112).active()
    graph.listen("depth/image")
    send(graph, good, lambda data: data.replace(b"camera", (bad * 6)[:6]))
    graph.publish_image(sec=78)
    until(lambda: any(m.header.stamp.sec == 78 for m in graph.received["depth/image"]), "depth")
