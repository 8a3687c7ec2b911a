# SPDX-License-Identifier: Apache-2.0
"""Heat maps: a topic for each prompt in force, and pixels for whoever listens."""

import threading

import numpy as np
import pytest
import torch
from sensor_msgs.msg import Image

from tips_ros.perception.semantic.segmenter import Segmenter
from tips_ros.perception.semantic.similarity import similarity_map

from .example_messages import picture
from .live_graph import PATIENCE_S, until

PREFIX = "/tips/similarity/"


def topics(graph):
    return {
        p.topic_name.removeprefix(PREFIX)
        for p in graph.node.publishers
        if p.topic_name.startswith(PREFIX)
    }


def heat_map(message):
    assert message.encoding == "32FC1"
    return np.frombuffer(message.data, np.float32).reshape(message.height, message.width)


def test_a_heat_map_holds_the_cosines_of_its_prompt_at_the_outputs_size(graph):
    assert graph.set_prompts("coffee table", "door", background=["wall"]).success
    assert topics(graph) == {"coffee_table", "door"}
    received = graph.hear(Image, f"{PREFIX}door")
    header = graph.publish_image(sec=5)
    until(lambda: received, "the heat map")
    assert received[0].header == header
    predictor = graph.node.predictor
    label_space = graph.vocabulary.board.in_force.label_space
    cosines = predictor.similarities(
        predictor.encode(picture(), label_spaces=[label_space]), label_space
    )
    expected = similarity_map(torch.from_numpy(cosines[1]), (48, 64))
    np.testing.assert_allclose(heat_map(received[0]), expected, atol=1e-5)
    assert np.ptp(expected) > 0.0


def test_the_topics_come_and_go_with_the_prompts_and_one_that_stays_goes_on(graph):
    assert topics(graph) == set()
    assert graph.set_prompts("door", "cup").success
    received = graph.hear(Image, f"{PREFIX}door")
    assert graph.set_prompts("book", "door").success
    assert topics(graph) == {"book", "door"}
    graph.publish_image(sec=1)
    until(lambda: received, "a heat map after the change")
    assert graph.set_prompts().success
    assert topics(graph) == set()
    graph.publish_image(sec=2)
    until(
        lambda: sum(graph.camera.statistics.snapshot().drops.values()) == 1,
        "the frame that nobody wants",
    )
    assert len(received) == 1


def counted(calls, name, call):
    def spy(*args, **kwargs):
        calls.append(name)
        return call(*args, **kwargs)

    return spy


@pytest.fixture
def looks(graph, monkeypatch):
    """The purpose of each call of the predictor."""
    calls = []
    predictor = graph.node.predictor
    for name in ("encode_batch", "decode", "similarities"):
        monkeypatch.setattr(predictor, name, counted(calls, name, getattr(predictor, name)))
    return calls


def test_frames_go_on_while_topics_are_made(graph, monkeypatch):
    graph.listen("depth/image")
    entered, gate, create = threading.Event(), threading.Event(), graph.node.create_publisher

    def slowly(message_type, topic, *args, **kwargs):
        if topic.startswith("~/similarity/"):
            entered.set()
            assert gate.wait(PATIENCE_S)
        return create(message_type, topic, *args, **kwargs)

    monkeypatch.setattr(graph.node, "create_publisher", slowly)
    swap = threading.Thread(target=graph.set_prompts, args=("door", "wall"))
    swap.start()
    assert entered.wait(PATIENCE_S)
    graph.publish_image()
    try:
        until(lambda: graph.received["depth/image"], "depth")
    finally:
        gate.set()
        swap.join()
    assert topics(graph) == {"door", "wall"}


def test_without_a_subscriber_no_heat_map_is_made(graph, looks):
    assert graph.set_prompts("door", "cup").success
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
    assert looks == ["encode_batch", "decode"]


def test_a_heat_map_alone_takes_one_pass_and_no_mask(graph, looks, monkeypatch):
    assert graph.set_prompts("door", "cup").success
    received = graph.hear(Image, f"{PREFIX}cup")

    def no_mask(*_):
        raise AssertionError("nobody wants a mask")

    monkeypatch.setattr(Segmenter, "label_map", no_mask)
    graph.publish_image()
    until(lambda: received, "the heat map")
    assert looks.count("encode_batch") == 1


def test_a_model_without_text_encoder_has_none(graph_with, by_head):
    graph = graph_with(model=str(by_head)).active()
    assert graph.set_prompts("wall", "bed").success
    assert topics(graph) == set()
