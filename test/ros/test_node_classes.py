# SPDX-License-Identifier: Apache-2.0
"""The classes the node tells and the service that changes them."""

import numpy as np
from tips_ros.msg import ClassMap
from tips_ros.srv import SetPrompts

from tips_ros.perception.point_cloud import CLOUD_DTYPE
from tips_ros.ros import qos

from .conftest import picture, until

CLASSES = "/tips/semantic/classes"


def set_prompts(graph, *prompts, **fields):
    request = SetPrompts.Request(prompts=list(prompts), **fields)
    return graph.call(SetPrompts, "/tips/set_prompts", request)


def test_a_late_subscriber_gets_the_class_map(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert (len(maps[0].names), maps[0].names[0], maps[0].source) == (23, "wall", ClassMap.MODEL)
    assert tuple(maps[0].ids) == graph.node.predictor.description.classes.ids
    assert len(maps[0].colors) == 23
    assert maps[0].model == "demo"
    assert maps[0].trained is True


def test_the_class_map_of_a_model_with_random_weights_says_so(graph_with, untrained):
    graph = graph_with(model=str(untrained)).active()
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert maps[0].trained is False


def test_masks_and_points_hold_the_ids_that_the_class_map_names(graph_with, sparse_ids):
    graph = graph_with(model=str(sparse_ids)).active()
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    graph.listen("semantic/image", "semantic/color", "points")
    graph.publish_camera_info()
    graph.publish_image()
    until(lambda: maps and all(graph.received[n] for n in ("semantic/color", "points")), "outputs")
    assert (list(maps[0].ids), list(maps[0].names)) == ([0, 3, 7], ["wall", "floor", "bed"])
    mask = np.frombuffer(graph.received["semantic/image"][0].data, np.uint8).reshape(48, 64)
    found = np.unique(mask).tolist()
    assert set(found) <= {0, 3, 7} and len(found) > 1
    cloud = np.frombuffer(graph.received["points"][0].data, CLOUD_DTYPE).reshape(48, 64)
    np.testing.assert_array_equal(cloud["label"], mask)
    palette = np.zeros((256, 3))
    for class_id, color in zip(maps[0].ids, maps[0].colors, strict=True):
        palette[class_id] = 255 * color.r, 255 * color.g, 255 * color.b
    shown = np.frombuffer(graph.received["semantic/color"][0].data, np.uint8).reshape(48, 64, 3)
    np.testing.assert_allclose(shown, picture() / 2 + palette[mask] / 2, atol=1.0)


def test_classes_are_chosen_by_name_whatever_their_ids(graph_with, sparse_ids):
    graph = graph_with(model=str(sparse_ids)).active()
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    until(lambda: graph.received["semantic/image"], "the first mask")
    answer = set_prompts(graph, "furniture: bed", "floor")
    assert (list(answer.names), list(answer.ids)) == (["furniture", "floor"], [0, 1])
    graph.publish_image(sec=2)
    until(lambda: len(graph.received["semantic/image"]) == 2, "the second mask")
    before, after = (np.frombuffer(m.data, np.uint8) for m in graph.received["semantic/image"])
    expected = np.full(256, 255, np.uint8)
    expected[7], expected[3] = 0, 1
    np.testing.assert_array_equal(after, expected[before])
    own = set_prompts(graph)
    assert (list(own.names), list(own.ids)) == (["wall", "floor", "bed"], [0, 3, 7])


def test_chosen_classes_are_announced_with_the_first_frame_that_uses_them(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    until(lambda: graph.received["semantic/image"], "the first mask")
    before = np.frombuffer(graph.received["semantic/image"][0].data, np.uint8)
    classes = graph.node.predictor.description.classes
    most = int(np.bincount(before).argmax())
    other = next(class_id for class_id in classes.ids if class_id != most)

    prompts = f"something else: {classes.name_of(other)}", classes.name_of(most)
    answer = set_prompts(graph, *prompts)
    assert answer.success, answer.message
    assert list(answer.names) == ["something else", classes.name_of(most)]
    assert list(answer.ids) == [0, 1]
    header = graph.publish_image(sec=2)
    until(lambda: len(graph.received["semantic/image"]) == 2, "the second mask")

    after = np.frombuffer(graph.received["semantic/image"][1].data, np.uint8)
    expected = np.full(256, 255, np.uint8)
    expected[other], expected[most] = 0, 1
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
        assert len(answer.names) == 23


def test_a_threshold_outside_its_range_is_refused(graph):
    answer = set_prompts(graph, "wall", threshold=1.5)
    assert not answer.success
    assert "1.5" in answer.message


def test_an_empty_list_returns_to_the_models_own_classes(graph):
    assert set_prompts(graph, "wall", "floor").success
    answer = set_prompts(graph)
    assert answer.success
    assert len(answer.names) == 23
