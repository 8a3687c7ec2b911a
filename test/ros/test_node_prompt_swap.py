# SPDX-License-Identifier: Apache-2.0
"""Prompts set while images stream: no frame is lost for it, and none has the wrong classes."""

import threading
from contextlib import contextmanager
from itertools import count

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES

from .example_messages import header_at, mask_of, picture
from .live_graph import PATIENCE_S, until

PERIOD_S = 0.1


def nanoseconds(stamp):
    return stamp.sec * 10**9 + stamp.nanosec


def test_prompts_are_swapped_while_images_stream_at_10_hz(graph, monkeypatch):
    predictor, vocabulary = graph.node.predictor, graph.vocabulary
    old = predictor.predict(picture(), ["semantic"]).labels
    order = published_order(monkeypatch)
    graph.listen("semantic/image")

    masks = graph.received["semantic/image"]

    def later_masks():
        return [m for m in masks if nanoseconds(m.header.stamp) >= active_from]

    with streaming(graph):
        until(lambda: len(masks) >= 3, "masks with the old classes")
        answer = graph.set_prompts("door", "cup", background=["wall", "floor"])
        assert answer.success, answer.message
        active_from = nanoseconds(answer.active_from)
        until(lambda: len(later_masks()) >= 3, "masks with the new classes")

    def accounted_for():
        counted = graph.camera.statistics.snapshot()
        assert set(counted.drops) <= {"superseded"}
        return (
            counted.received == counted.published + sum(counted.drops.values())
            and len(sent_masks()) == counted.published
        )

    def sent_masks():
        """Of all; a subscriber that is kept waiting loses some."""
        return [m for kind, m in order if kind == "mask"]

    until(accounted_for, "every frame to be published or counted as superseded")
    new = predictor.predict(
        picture(), ["semantic"], label_space=vocabulary.board.in_force.label_space
    ).labels
    assert not np.array_equal(old, new), "otherwise this test sees nothing"
    for message in list(masks):
        is_later = nanoseconds(message.header.stamp) >= active_from
        np.testing.assert_array_equal(mask_of(message), new if is_later else old)

    (announced,) = [m for kind, m in order if kind == "classes"]
    assert list(announced.names) == ["door", "cup"]
    stamps = [(kind, nanoseconds(m.header.stamp)) for kind, m in order]
    first = min(at for kind, at in stamps if kind == "mask" and at >= active_from)
    assert nanoseconds(announced.header.stamp) == first
    assert stamps.index(("classes", first)) < stamps.index(("mask", first))


@contextmanager
def streaming(graph):
    """An image each 100 ms, by the clock and by their stamps."""
    stop = threading.Event()

    def stream():
        for number in count():
            header = header_at(1)
            header.stamp.sec, header.stamp.nanosec = 100 + number // 10, number % 10 * 10**8
            graph.publish(image_message(RCLPY_TYPES, header, picture(), "rgb8"), "/image")
            if stop.wait(PERIOD_S):
                return

    thread = threading.Thread(target=stream)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def published_order(monkeypatch):
    """Masks and ClassMaps that the node publishes from now on, in its own order."""
    order, publish = [], Publisher.publish
    kinds = {"/tips/semantic/classes": "classes", "/tips/semantic/image": "mask"}

    def spy(publisher, message):
        if (kind := kinds.get(publisher.topic_name)) is not None:
            # An image's memory is used again for the next one.
            kept = message if kind == "classes" else Image(header=message.header)
            order.append((kind, kept))
        publish(publisher, message)

    monkeypatch.setattr(Publisher, "publish", spy)
    return order


def test_a_slow_text_encoder_holds_up_no_frame(graph):
    encoder = graph.encoder
    entered, release = threading.Event(), threading.Event()
    embeddings = encoder.embeddings

    def slow(words):
        entered.set()
        assert release.wait(PATIENCE_S)
        return embeddings(words)

    encoder.embeddings = slow
    graph.listen("semantic/image")
    calling = threading.Thread(
        target=graph.set_prompts, args=("door", "cup"), kwargs={"background": ["@none"]}
    )
    calling.start()
    try:
        until(entered.is_set, "the encoder to be at work")
        for sec in (1, 2, 3):
            graph.publish_image(sec=sec)
            until(lambda s=sec: len(graph.received["semantic/image"]) == s, f"mask {sec}")
    finally:
        release.set()
        calling.join()
    graph.publish_image(sec=4)
    until(lambda: len(graph.received["semantic/image"]) == 4, "mask 4")
    door_and_cup = set(graph.vocabulary.classes)
    assert set(np.unique(mask_of(graph.received["semantic/image"][3]))) <= door_and_cup
