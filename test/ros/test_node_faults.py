# SPDX-License-Identifier: Apache-2.0
"""Faults around a running node: floods, crowds, and files that go while they are in use."""

from __future__ import annotations

import shutil
import threading
import time

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.ros.topics import qos

from .example_messages import header_at, picture
from .live_graph import PATIENCE_S, until

CROWD = 300


def change(graph, name):
    wanted = Transition(id=getattr(Transition, f"TRANSITION_{name}"))
    request = ChangeState.Request(transition=wanted)
    return graph.call(ChangeState, "/tips/change_state", request).success


def answered(graph, sec):
    return any(m.header.stamp.sec == sec for m in graph.received["depth/image"])


def test_of_a_flood_each_image_has_one_fate_and_the_newest_is_answered(graph):
    graph.listen("depth/image")
    graph.publish_image(sec=1)
    publisher = graph.probe.create_publisher(Image, "/image", qos.output())
    until(publisher.get_subscription_count, "a subscriber")
    for sec in range(2, 202):  # 200 Hz
        publisher.publish(image_message(RCLPY_TYPES, header_at(sec), picture(), "rgb8"))
        time.sleep(0.005)
    until(lambda: answered(graph, 201), "depth of the newest")
    counted = graph.camera.statistics.snapshot()
    assert set(counted.drops) <= {"superseded", "unwatched"}, counted


def test_a_storm_of_parameters_is_answered_while_frames_flow(graph):
    graph.listen("depth/image")
    values = (("points.stride", 2), ("points.stride", -1), ("output_scale", 7.0), ("no", 1))
    wanted = [Parameter(name, value=value).to_parameter_msg() for name, value in values]
    service = "/tips/set_parameters"
    clients = [graph.probe.create_client(SetParameters, service) for _ in range(4)]
    for client in clients:
        assert client.wait_for_service(90.0)
    for sec in range(1, 51):
        request = SetParameters.Request(parameters=wanted)
        answers = [client.call_async(request) for client in clients]
        graph.publish_image(sec=sec)
        until(lambda a=answers: all(one.done() for one in a), "answers")
        for answer in answers:
            taken = [result.successful for result in answer.result().results]
            assert taken == [True, False, False, False]
    until(lambda: answered(graph, 50), "depth of the newest")
    assert graph.parameter("points.stride") == 2
    assert set(graph.camera.statistics.snapshot().drops) <= {"superseded", "unwatched"}


def test_a_crowd_that_comes_and_goes_leaves_nothing_behind(graph):
    graph.listen("depth/image")
    names = ("normals/image", "semantic/image", "semantic/color", "depth/image")
    crowd = [
        graph.probe.create_subscription(
            Image, f"/tips/{names[i % len(names)]}", lambda _: None, qos.output()
        )
        for i in range(CROWD)
    ]
    topics = graph.outputs().subscribed_topics
    until(lambda: {t.name for t in topics()} >= set(names), "the crowd to be seen")
    graph.publish_image(sec=1)
    for subscription in crowd:
        graph.probe.destroy_subscription(subscription)
    until(lambda: [t.name for t in topics()] == ["depth/image"], "the crowd to be gone")
    graph.publish_image(sec=2)
    until(lambda: answered(graph, 2), "depth")


def test_model_files_that_vanish_are_missed_only_when_they_are_to_be_read(
    graph_with, tiny_directory, tmp_path
):
    graph = graph_with(model=str(tiny_directory)).active()
    graph.listen("depth/image")
    shutil.move(tiny_directory, tmp_path / "away")
    answer = graph.set_prompts("a", "b")  # words are encoded when they are first wanted
    assert not answer.success and str(tiny_directory) in answer.message
    assert change(graph, "DEACTIVATE") and change(graph, "ACTIVATE")
    graph.publish_image(sec=1)
    until(lambda: answered(graph, 1), "depth without its files")
    assert change(graph, "DEACTIVATE") and change(graph, "CLEANUP")
    assert not change(graph, "CONFIGURE")
    assert str(tiny_directory) in graph.failure
    shutil.move(tmp_path / "away", tiny_directory)
    assert change(graph, "CONFIGURE") and change(graph, "ACTIVATE")
    graph.publish_image(sec=2)
    until(lambda: answered(graph, 2), "depth with its files again")


@pytest.mark.parametrize("part", ["scaling", "ground"])
def test_a_camera_that_can_not_be_put_to_rest_costs_no_later_frame(
    graph_with, monkeypatch, part
):
    graph = graph_with(input_height=56, input_width=56)
    tried, stage = threading.Event(), getattr(graph.active().camera, part)
    rest = stage.rest

    def fail():
        monkeypatch.setattr(stage, "rest", rest)
        tried.set()
        raise RuntimeError("the sensor does not let go")

    monkeypatch.setattr(stage, "rest", fail)
    assert graph.set_parameter("unsubscribe_after_s", 0.2).successful
    assert tried.wait(PATIENCE_S), "it rests"
    until(lambda: not graph.probe.count_subscribers("/image"), "the node to rest")
    graph.listen("depth/image")
    until(lambda: graph.probe.count_subscribers("/image"), "the node to listen again")
    for sec in (1, 2):
        graph.publish_image(sec=sec)
        until(lambda sec=sec: answered(graph, sec), "depth")


def test_a_frame_that_no_thread_can_finish_is_lost_alone(graph, monkeypatch):
    graph.listen("depth/image")
    finishing = graph.node.work._finishing
    hand_over = finishing.hand_over

    def fail(work):
        monkeypatch.setattr(finishing, "hand_over", hand_over)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(finishing, "hand_over", fail)
    graph.publish_image(sec=1)
    until(lambda: graph.camera.statistics.snapshot().drops.get("failed"), "the failure")
    assert "can't start new thread" in graph.camera.statistics.snapshot().last_error
    graph.publish_image(sec=2)
    until(lambda: answered(graph, 2), "the next")
