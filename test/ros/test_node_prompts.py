# SPDX-License-Identifier: Apache-2.0
"""Classes named in words, by the service and by the parameters."""

import threading

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.parameter import Parameter
from tips_ros.msg import ClassMap

from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.topics import qos

from .example_messages import mask_of, picture
from .live_graph import PATIENCE_S, until
from .masks import masks

CLASSES = "/tips/semantic/classes"
BAD = [
    (["wall", ""], "empty"),
    (["wall", "Wall"], "Wall"),
    ([f"thing {n}" for n in range(300)], "300"),
    (["x" * 10_001], "10"),
    (["wall\x07"], "U+0007"),
    (["@no such list"], "no such list"),
    (["杯"], "杯"),
]


def test_prompts_are_announced_with_the_first_frame_that_uses_them(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    masks(graph, 1)

    answer = graph.set_prompts("door", "seat: chair | sofa", background=["wall", "floor"])
    assert answer.success, answer.message
    assert (list(answer.names), list(answer.ids)) == (["door", "seat"], [14, 1])
    header = graph.publish_image(sec=2)

    found = set(np.unique(masks(graph, 2)[1]).tolist())
    assert found <= {0, 1, 255}
    until(lambda: maps[-1].header == header, "the ClassMap of the second frame")
    assert (maps[-1].source, list(maps[-1].names)) == (ClassMap.PROMPTS, ["door", "seat"])
    active_s = answer.active_from.sec + answer.active_from.nanosec / 1e9
    assert 1.25 < active_s <= 2.25


def test_masks_by_words_are_those_of_the_predictor(graph):
    graph.listen("semantic/image", "semantic/confidence")
    assert graph.set_prompts("chair", "wall", background=["floor"], thresholds=[0.1, 0.0]).success
    graph.publish_image()
    (mask,) = masks(graph, 1)
    label_space = graph.vocabulary.board.in_force.label_space
    expected = graph.node.predictor.predict(picture(), ["semantic"], label_space=label_space)
    np.testing.assert_array_equal(mask, expected.labels)
    until(lambda: graph.received["semantic/confidence"], "the confidence")
    confidence = mask_of(graph.received["semantic/confidence"][0])
    np.testing.assert_array_equal(confidence, expected.confidence)


def test_a_higher_threshold_leaves_more_pixels_unlabelled(graph):
    graph.listen("semantic/image")
    unlabelled = []
    for sec, threshold in enumerate((0.0, 0.5, 1.0), start=1):
        prompts, nothing = ("chair", "wall", "floor"), ["@none"]
        assert graph.set_prompts(*prompts, background=nothing, thresholds=[threshold]).success
        graph.publish_image(sec=sec)
        unlabelled.append(int((masks(graph, sec)[-1] == 255).sum()))
    assert unlabelled[0] == 0
    assert unlabelled == sorted(unlabelled)
    assert unlabelled[-1] > 0


def test_two_prompts_without_a_background_are_told_apart_from_the_models_own_classes(graph):
    graph.listen("semantic/image")
    answer = graph.set_prompts("cup", "spoon")
    assert answer.success and "told apart from the 23 other classes" in answer.message
    graph.publish_image(sec=1)
    among_others = masks(graph, 1)[-1]
    answer = graph.set_prompts("cup", "spoon", background=["@none"])
    assert answer.success and "every pixel becomes one of these" in answer.message
    graph.publish_image(sec=2)
    assert (among_others == 255).any() and not (masks(graph, 2)[-1] == 255).any()


@pytest.mark.parametrize(
    ("prompts", "reason"),
    [
        (["things.txt"], "looks like a file"),
        (["@/nowhere/things.txt"], "is no list that may be read here"),
        (["door; cup"], "has a separator in it"),
    ],
)
def test_what_is_no_class_is_refused_by_service_and_parameter(graph, prompts, reason):
    answer, result = graph.set_prompts(*prompts), graph.set_parameter("prompts", prompts)
    assert not answer.success and reason in answer.message
    assert not result.successful and reason in result.reason


def test_one_prompt_alone_is_told_apart_from_the_models_own_classes_and_that_is_said(graph):
    graph.listen("semantic/image")
    answer = graph.set_prompts("chair")
    assert answer.success
    assert "22 other classes" in answer.message
    graph.publish_image()
    assert 255 in masks(graph, 1)[0]


def test_an_empty_list_returns_to_the_models_own_classes(graph):
    assert graph.set_prompts("wall", "floor").success
    answer = graph.set_prompts()
    assert answer.success
    assert len(answer.names) == 23
    assert tuple(answer.ids) == graph.node.predictor.description.classes.ids


@pytest.mark.parametrize(("prompts", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_refused_request_leaves_everything_as_it_was_and_says_why(graph, prompts, reason):
    assert graph.set_prompts("door", "cup", thresholds=[0.25]).success
    before = graph.vocabulary.board.in_force
    by_service = graph.set_prompts(*prompts)
    by_parameter = graph.set_parameter("prompts", prompts)
    for success, said in (
        (by_service.success, by_service.message),
        (by_parameter.successful, by_parameter.reason),
    ):
        assert not success
        assert reason in said
    assert (list(by_service.names), list(by_service.ids)) == (["door", "cup"], [14, 1])
    assert graph.vocabulary.board.in_force is before
    assert graph.parameter("prompts") == ["door", "cup"]
    assert graph.parameter("prompt_thresholds") == [0.25]


def test_one_empty_prompt_is_refused_by_the_service(graph):
    answer = graph.set_prompts("")
    assert not answer.success
    assert "empty" in answer.message


@pytest.mark.parametrize("thresholds", [[1.5], [-0.1], [0.1, 0.2, 0.3], [float("nan")]])
def test_thresholds_that_are_none_are_refused(graph, thresholds):
    answer = graph.set_prompts("door", "cup", thresholds=thresholds)
    assert not answer.success
    assert "threshold" in answer.message
    assert len(answer.names) == 23


def test_the_parameters_tell_the_prompts_in_force_and_change_them(graph):
    assert graph.set_prompts("door", "cup", background=["wall"], thresholds=[0.3]).success
    assert graph.parameter("prompts") == ["door", "cup"]
    assert graph.parameter("prompt_background") == ["wall"]
    assert graph.parameter("prompt_thresholds") == [0.3]
    assert graph.set_parameter("prompts", ["lamp", "book"]).successful
    assert list(graph.vocabulary.classes.values()) == ["lamp", "book"]


@pytest.mark.parametrize(
    ("value", "type_"),
    [([], Parameter.Type.BOOL_ARRAY), ([], Parameter.Type.STRING_ARRAY), ([""], None)],
    ids=["as ros2 param set sends it", "typed", "as some YAML files write it"],
)
def test_an_empty_parameter_returns_to_the_models_own_classes(graph, value, type_):
    assert graph.set_prompts("door", "cup").success
    assert graph.set_parameter("prompts", value, type_).successful
    assert len(graph.vocabulary.classes) == 23


@pytest.mark.parametrize("value", ["door", 3, [1, 2], [True], None])
def test_a_parameter_that_is_no_list_of_texts_is_refused(graph, value):
    result = graph.set_parameter("prompts", value)
    assert not result.successful
    assert "list of texts" in result.reason
    assert len(graph.vocabulary.classes) == 23


def test_prompts_given_at_the_start_are_in_force_from_the_first_frame(graph_with):
    graph = graph_with(
        input_height=112, input_width=112, prompts=["door", "cup"], prompt_background=["@model"]
    ).active()
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert list(maps[0].names) == ["door", "cup"]


def test_without_a_model_the_service_says_so_and_changes_nothing(graph_with):
    graph = graph_with(autostart=False)
    answer = graph.set_prompts("door")
    assert not answer.success and "configure" in answer.message
    assert graph.parameter("prompts") == []


def test_a_call_during_which_the_model_is_freed_is_answered(graph, monkeypatch):
    encoding, gate, prepare = threading.Event(), threading.Event(), ClassManager.prepare

    def slowly(vocabulary, asked):
        encoding.set()
        gate.wait(PATIENCE_S)
        prepare(vocabulary, asked)

    monkeypatch.setattr(ClassManager, "prepare", slowly)
    answers = []
    calling = threading.Thread(target=lambda: answers.append(graph.set_prompts("door")))
    calling.start()
    assert encoding.wait(PATIENCE_S)
    for number in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP):
        request = ChangeState.Request(transition=Transition(id=number))
        assert graph.call(ChangeState, "/tips/change_state", request).success
    gate.set()
    calling.join()
    assert not answers[0].success and "configure" in answers[0].message
    assert graph.parameter("prompts") == []


def test_prompts_set_while_the_node_is_configured_are_in_force_afterwards(graph_with, monkeypatch):
    graph = graph_with(input_height=112, input_width=112, autostart=False)
    setting, apply = [], ClassManager.apply

    def meanwhile(vocabulary, asked):
        apply(vocabulary, asked)
        if not setting:
            setting.append(threading.Thread(target=graph.set_parameter, args=("prompts", ["door"])))
            setting[0].start()
            setting[0].join(1.0)  # it has set them, or waits until they can be put in force

    monkeypatch.setattr(ClassManager, "apply", meanwhile)
    configure = Transition(id=Transition.TRANSITION_CONFIGURE)
    request = ChangeState.Request(transition=configure)
    assert graph.call(ChangeState, "/tips/change_state", request).success
    setting[0].join(PATIENCE_S)
    assert graph.parameter("prompts") == ["door"]
    assert list(graph.vocabulary.classes.values()) == ["door"]


def test_bad_prompts_at_the_start_leave_the_node_unconfigured_and_say_why(graph_with):
    graph = graph_with(prompts=["wall", "wall"])
    until(lambda: graph.failure, "the failure")
    assert "'wall'" in graph.failure
    assert graph.node.predictor is None
