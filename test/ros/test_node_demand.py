# SPDX-License-Identifier: Apache-2.0
"""Outputs that nobody wants cost nothing: not even the images are received."""

import pytest
from tips_ros.srv import Locate

from .example_messages import Image
from .live_graph import PATIENCE_S, until

SMALL = {"input_height": 56, "input_width": 56}


@pytest.fixture
def graph(graph_with):
    return graph_with(unsubscribe_after_s=0.3, **SMALL).active()


def rests(graph, topic="/image"):
    until(lambda: not graph.probe.count_subscribers(topic), f"the node to leave {topic}")


def listens(graph, topic="/image"):
    until(lambda: graph.probe.count_subscribers(topic), f"the node to subscribe to {topic}")


def test_without_a_subscriber_the_node_leaves_the_images_and_their_camera_info(graph):
    rests(graph)
    rests(graph, "/camera_info")
    assert graph.node.work is not None


def test_a_subscriber_of_any_output_brings_it_back_and_the_last_camera_info_is_kept(graph):
    # It rests from the start on: for the CameraInfo to come it must not have left by then.
    assert graph.set_parameter("unsubscribe_after_s", 0.0).successful
    graph.publish_camera_info()
    assert graph.set_parameter("unsubscribe_after_s", 0.3).successful
    rests(graph)
    graph.listen("points")
    listens(graph)
    graph.publish_image()
    until(lambda: graph.received["points"], "points")


def test_a_call_of_locate_brings_it_back(graph):
    rests(graph)
    client = graph.probe.create_client(Locate, "/tips/locate")
    assert client.wait_for_service(PATIENCE_S)
    future = client.call_async(Locate.Request(prompt="door", timeout_s=PATIENCE_S))
    listens(graph)
    graph.publish_image()
    until(future.done, "the answer")
    assert future.result().success, future.result().message


def test_subscribers_that_come_and_go_are_followed_each_time(graph):
    for sec in (1, 2, 3):
        subscription = graph.probe.create_subscription(
            Image, "/tips/depth/image", graph.received["depth"].append, 5
        )
        listens(graph)
        graph.publish_image(sec=sec)
        until(lambda s=sec: len(graph.received["depth"]) == s, "depth")
        graph.probe.destroy_subscription(subscription)
        rests(graph)


def test_each_camera_rests_by_itself(graph_with):
    graph = graph_with(cameras=["front", "rear"], unsubscribe_after_s=0.3, **SMALL).active()
    graph.listen("depth/image", camera="front")
    rests(graph, "/rear/image")
    listens(graph, "/front/image")
    graph.publish_image(camera="front")
    until(lambda: graph.received["front/depth/image"], "depth")


def test_zero_is_never(graph_with):
    graph = graph_with(unsubscribe_after_s=0.0, **SMALL).active()
    graph.publish_image()
    until(lambda: graph.camera.statistics.snapshot().drops.get("unwatched"), "the frame")
    assert graph.probe.count_subscribers("/image") == 1
