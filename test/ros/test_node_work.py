# SPDX-License-Identifier: Apache-2.0
"""Times at which the node works, and does not: laziness, newest frame first, services meanwhile."""

import threading
from collections import Counter

import pytest
from rcl_interfaces.srv import GetParameters, SetParameters
from tips_ros.srv import SetPrompts

from tips_ros.model.tips import HEAD_NAMES

from .live_graph import PATIENCE_S, until


@pytest.fixture
def runs(graph):
    """Counts the passes of the backbone and of each head."""
    counter: Counter[str] = Counter()
    model = graph.node.predictor.model
    for name in ("backbone", *HEAD_NAMES):
        getattr(model, name).register_forward_hook(lambda *_, n=name: counter.update([n]))
    return counter


@pytest.fixture
def gate(graph):
    """Holds the model inside its pass until `gate.release` is set; `gate.entered` says it is."""

    class Gate:
        entered = threading.Event()
        release = threading.Event()

    def wait(*_):
        Gate.entered.set()
        assert Gate.release.wait(PATIENCE_S)

    graph.node.predictor.model.backbone.register_forward_pre_hook(wait)
    yield Gate
    Gate.release.set()


def test_with_only_depth_subscribed_the_other_heads_are_not_run(graph, runs):
    graph.listen("depth/image")
    for sec in (1, 2, 3):
        graph.publish_image(sec=sec)
        until(lambda s=sec: len(graph.received["depth/image"]) == s, f"depth of frame {sec}")
    assert runs == {"backbone": 3, "depth": 3}


def test_with_only_the_normals_picture_subscribed_only_the_normals_head_runs(graph, runs):
    graph.listen("normals/color")
    graph.publish_image()
    until(lambda: graph.received["normals/color"], "the picture")
    assert runs == {"backbone": 1, "normals": 1}


def test_without_a_subscriber_nothing_is_run(graph, runs):
    graph.publish_image()
    until(lambda: graph.camera.statistics.snapshot().drops.get("unwatched"), "the frame to be seen")
    assert not runs


def test_points_that_wait_for_a_camera_info_cost_nothing(graph, runs):
    graph.listen("points")
    graph.publish_image()
    until(lambda: graph.camera.statistics.snapshot().drops, "the frame to be seen")
    snapshot = graph.camera.statistics.snapshot()
    assert (snapshot.drops, snapshot.published) == ({"incomplete": 1}, 0)
    assert snapshot.last_error == "no points: no camera_info"
    assert not runs


def test_the_newest_frame_wins_and_what_is_dropped_is_counted(graph, gate):
    graph.listen("depth/image")
    graph.publish_image(sec=1)
    until(gate.entered.is_set, "the model to be at work")
    for sec in (2, 3, 4, 5):
        graph.publish_image(sec=sec)
        until(
            lambda s=sec: graph.camera.statistics.snapshot().received == s,
            f"frame {sec} to arrive",
        )
    gate.release.set()
    until(lambda: len(graph.received["depth/image"]) == 2, "the first and the newest")
    assert [m.header.stamp.sec for m in graph.received["depth/image"]] == [1, 5]
    assert graph.camera.statistics.snapshot().drops == {"superseded": 3}


def test_services_and_parameters_answer_while_the_model_runs(graph, gate):
    graph.listen("depth/image")
    graph.publish_image()
    until(gate.entered.is_set, "the model to be at work")
    prompts = graph.call(SetPrompts, "/tips/set_prompts", SetPrompts.Request(prompts=["wall"]))
    assert prompts.success
    answer = graph.call(
        GetParameters, "/tips/get_parameters", GetParameters.Request(names=["output_scale"])
    )
    assert answer.values[0].double_value == 1.0
    assert not graph.received["depth/image"], "the frame was not to be finished yet"
    gate.release.set()
    until(lambda: graph.received["depth/image"], "the frame")


def test_a_frame_older_than_max_age_is_dropped(graph):
    from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue

    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=1.0)
    request = SetParameters.Request(parameters=[Parameter(name="max_age_s", value=value)])
    assert graph.call(SetParameters, "/tips/set_parameters", request).results[0].successful
    graph.listen("depth/image")
    graph.publish_image(sec=1)  # 1970
    until(lambda: graph.camera.statistics.snapshot().drops == {"stale": 1}, "the drop")
    assert not graph.received["depth/image"]


def test_an_error_of_the_model_loses_one_frame_and_no_more(graph):
    graph.listen("depth/image")
    failing = True

    def fail(*_):
        if failing:
            raise RuntimeError("shapes differ")

    graph.node.predictor.model.depth.register_forward_pre_hook(fail)
    graph.publish_image(sec=1)
    until(lambda: graph.camera.statistics.snapshot().drops.get("failed"), "the failure")
    failing = False
    graph.publish_image(sec=2)
    until(lambda: graph.received["depth/image"], "the next frame")
    assert graph.camera.statistics.snapshot().last_error == "RuntimeError: shapes differ"
