# SPDX-License-Identifier: Apache-2.0
"""The classes the node tells and the service that changes them."""

import numpy as np
from tips_ros.msg import ClassMap
from tips_ros.srv import SetPrompts

from tips_ros.ros import qos

from .conftest import until

CLASSES = "/tips/semantic/classes"


def set_prompts(graph, *prompts, **fields):
    request = SetPrompts.Request(prompts=list(prompts), **fields)
    return graph.call(SetPrompts, "/tips/set_prompts", request)


def test_a_late_subscriber_gets_the_class_map(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert (len(maps[0].names), maps[0].names[0], maps[0].source) == (150, "wall", ClassMap.MODEL)
    assert list(maps[0].ids) == list(range(150))
    assert len(maps[0].colors) == 150


def test_the_class_map_of_the_demo_model_says_that_it_is_untrained(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert maps[0].model == "demo"
    assert maps[0].trained is False


def test_chosen_classes_are_announced_with_the_first_frame_that_uses_them(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    until(lambda: graph.received["semantic/image"], "the first mask")
    before = np.frombuffer(graph.received["semantic/image"][0].data, np.uint8)
    names = graph.node.predictor.description.classes.names
    most = int(np.bincount(before).argmax())

    answer = set_prompts(graph, "something else: zebra".replace("zebra", names[0]), names[most])
    assert answer.success, answer.message
    assert list(answer.names) == ["something else", names[most]]
    assert list(answer.ids) == [0, 1]
    header = graph.publish_image(sec=2)
    until(lambda: len(graph.received["semantic/image"]) == 2, "the second mask")

    after = np.frombuffer(graph.received["semantic/image"][1].data, np.uint8)
    expected = np.full(256, 255, np.uint8)
    expected[0], expected[most] = 0, 1
    np.testing.assert_array_equal(after, expected[before])
    assert maps[-1].header == header
    assert maps[-1].source == ClassMap.PROMPTS
    active = answer.active_from.sec + answer.active_from.nanosec / 1e9
    assert 1.25 < active <= 2.25


def test_a_refused_prompt_leaves_everything_as_it_was_and_says_why(graph):
    for prompts, reason in (
        (["unicorn"], "unicorn"),
        (["wall", ""], "empty"),
        (["wall", "Wall"], "Wall"),
        (["wall"] * 300, "300"),
    ):
        answer = set_prompts(graph, *prompts)
        assert not answer.success
        assert reason in answer.message
        assert len(answer.names) == 150


def test_a_threshold_outside_its_range_is_refused(graph):
    answer = set_prompts(graph, "wall", threshold=1.5)
    assert not answer.success
    assert "1.5" in answer.message


def test_an_empty_list_returns_to_the_models_own_classes(graph):
    assert set_prompts(graph, "wall", "floor").success
    answer = set_prompts(graph)
    assert answer.success
    assert len(answer.names) == 150
