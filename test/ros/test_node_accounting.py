# SPDX-License-Identifier: Apache-2.0
"""received = published + dropped + in flight, for the frame and for each of its outputs.

That it holds at the end of every other test as well is checked by `Graph.close`.
"""

import threading

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from .example_messages import Header, header_at
from .live_graph import PATIENCE_S, until


def counted(graph):
    return graph.camera.statistics.snapshot()


@pytest.fixture
def gate(graph):
    """Holds the model inside its pass until `release` is set."""

    class Gate:
        entered, release = threading.Event(), threading.Event()

    def wait(*_):
        Gate.entered.set()
        assert Gate.release.wait(PATIENCE_S)

    graph.node.predictor.model.backbone.register_forward_pre_hook(wait)
    yield Gate
    Gate.release.set()


def test_a_cloud_that_cannot_be_made_is_not_published(graph):
    graph.listen("points")
    for sec in (1, 2, 3):
        graph.publish_image(sec=sec)
        until(lambda s=sec: sum(counted(graph).drops.values()) == s, "the frame's end")
    assert counted(graph).drops == {"incomplete": 3}
    assert counted(graph).published == 0


def test_beside_an_output_that_can_be_made_the_missing_one_is_counted_with_its_cause(graph):
    graph.listen("points", "depth/image")
    graph.publish_image()
    until(lambda: counted(graph).published, "the frame")
    assert counted(graph).outputs == {"depth/image": 1}
    withheld = counted(graph).withheld
    assert withheld["points"] == {"no camera_info": 1}
    assert withheld["normals/image"] == {"unwatched": 1}


def test_frames_at_hand_when_the_node_is_deactivated_are_counted(graph, gate):
    graph.listen("depth/image")
    statistics = graph.camera.statistics
    graph.publish_image(sec=1)
    until(gate.entered.is_set, "the model to be at work")
    graph.publish_image(sec=2)
    until(lambda: statistics.snapshot().received == 2, "the second frame")
    assert statistics.snapshot().in_flight == 2
    client = graph.probe.create_client(ChangeState, "/tips/change_state")
    assert client.wait_for_service(PATIENCE_S)
    deactivate = Transition(id=Transition.TRANSITION_DEACTIVATE)
    future = client.call_async(ChangeState.Request(transition=deactivate))
    until(lambda: statistics.snapshot().drops, "the waiting frame's end")
    gate.release.set()
    until(future.done, "the transition")
    snapshot = statistics.snapshot()
    assert (snapshot.published, snapshot.drops) == (1, {"deactivated": 1})
    assert snapshot.in_flight == 0


@pytest.mark.parametrize(("sec", "nanosec"), [(-5, 0), (0, 0), (-(2**31), 0), (2**31 - 1, 999)])
def test_a_stamp_of_any_value_is_published_and_counted_once(graph, sec, nanosec):
    from tips_ros.messages.conversions import image_message
    from tips_ros.messages.types import RCLPY_TYPES

    from .example_messages import picture

    graph.listen("depth/image", "semantic/image")
    header = Header(frame_id="camera")
    header.stamp.sec, header.stamp.nanosec = sec, nanosec
    graph.publish(image_message(RCLPY_TYPES, header, picture(), "rgb8"), "/image")
    until(lambda: graph.received["depth/image"], "depth")
    assert graph.received["depth/image"][0].header == header
    until(lambda: counted(graph).published == 1, "the account")
    assert counted(graph).drops == {}
    if sec <= 0:
        assert counted(graph).age_s is None, "nobody can tell"


def test_an_output_that_fails_costs_itself_alone(graph, monkeypatch):
    graph.listen("depth/image", "semantic/image")
    publish = graph.camera.publishers.publish_one

    def fail(topic, frame):
        if topic.name == "semantic/image":
            raise MemoryError("no")
        return publish(topic, frame)

    monkeypatch.setattr(graph.camera.publishers, "publish_one", fail)
    graph.publish_image()
    until(lambda: counted(graph).published == 1, "the account")
    assert counted(graph).outputs == {"depth/image": 1}
    assert counted(graph).withheld["semantic/image"] == {"failed": 1}
    assert header_at(1) == until(lambda: graph.received["depth/image"], "depth")[0].header
