# SPDX-License-Identifier: Apache-2.0
"""Transforms from tf, or a plain sentence where it is not installed."""

import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from tips_ros.messages.transform_error import TransformError
from tips_ros.replay.domain import claim_domain
from tips_ros.ros.transforms import tf as frames_module
from tips_ros.ros.transforms.tf import TransformLookup

from ..live_graph import PATIENCE_S, until
from ..tf_bench import KINDS, edge, put_in_place

STAMP = Time(sec=3, nanosec=500_000_000)


@pytest.fixture
def node():
    context = Context()
    rclpy.init(context=context, domain_id=claim_domain())
    made = Node("asks", namespace="/robot", context=context)
    yield made
    made.destroy_node()
    rclpy.shutdown(context=context)


@pytest.fixture(params=KINDS)
def frames(request, node, monkeypatch):
    put_in_place(request.param, monkeypatch)
    made = TransformLookup(node)
    yield made
    made.close()


def say(frames, *times):
    """The camera moves along x with time."""
    for seconds in times:
        frames._tree.set_transform(edge("map", "camera", seconds, 2 * seconds), "somebody")


def test_a_transform_is_looked_up_at_the_frames_stamp(frames):
    assert frames.listen()
    say(frames, 3.0, 4.0)
    matrix = frames.transform("map", "camera", STAMP)
    np.testing.assert_allclose(matrix @ [1, 0, 0, 1], [8, 0, 0, 1], atol=1e-12)


def test_a_transform_that_comes_later_is_waited_for(frames):
    frames.listen()
    say(frames, 3.0)
    threading.Timer(0.15, lambda: say(frames, 4.0)).start()
    assert frames.transform("map", "camera", STAMP, 30.0)[0, 3] == pytest.approx(7.0)


def test_without_a_time_to_wait_the_answer_comes_at_once(frames):
    frames.listen()
    begin = time.monotonic()
    with pytest.raises(TransformError) as caught:
        frames.transform("map", "camera", STAMP)
    assert caught.value.may_come
    assert time.monotonic() - begin < 5.0


def test_what_can_not_come_any_more_is_not_waited_for(frames):
    frames.listen()
    say(frames, 3.9, 4.0)
    with pytest.raises(TransformError, match="past"):
        frames.transform("map", "camera", STAMP, 30.0)


def test_a_frame_that_the_tree_does_not_know_is_named_with_the_trees_reason(frames):
    frames.listen()
    say(frames, 3.0, 4.0)
    with pytest.raises(TransformError, match='camera to attic: "attic" .*does not exist'):
        frames.transform("attic", "camera", STAMP, 0.05)


def test_many_who_ask_at_once_have_one_listener(frames, node, monkeypatch):
    made = []
    listener = frames_module.TransformListener

    def slow(*given):
        made.append(given)
        time.sleep(0.1)
        return listener(*given)

    monkeypatch.setattr(frames_module, "TransformListener", slow)
    gate = threading.Barrier(30)

    def ask(_):
        gate.wait()
        return frames.listen()

    with ThreadPoolExecutor(30) as pool:
        assert all(pool.map(ask, range(30)))
    assert len(made) == 1
    until(lambda: node.count_subscribers("/tf") == 1, "the one subscription")


def test_its_listener_is_a_node_of_its_own_that_goes_when_it_is_closed(frames, node):
    names = node.get_node_names_and_namespaces
    for _ in range(3):
        frames.listen()
        until(lambda: len(names()) == 2, "the listener")
        (other,) = (found for found in names() if found[0] != "asks")
        assert other[0].startswith("transform_listener_impl_") and other[1] == "/robot"
        frames.close()
        until(lambda: len(names()) == 1, "it to be gone")
    assert "tips tf" not in [thread.name for thread in threading.enumerate()]
    until(lambda: node.count_subscribers("/tf") == 0, "nobody to listen")


@pytest.mark.parametrize("end", ["close", "end_waiting"])
def test_who_waits_is_told_when_it_ends(frames, end):
    frames.listen()
    said = []

    def ask():
        try:
            frames.transform("map", "camera", STAMP, 60.0)
        except TransformError as error:
            said.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: frames._waiting._value < frames_module._MOST_WAITING, "it to wait")
    frames.close() if end == "close" else frames.end_waiting("the node is shutting down")
    asking.join(PATIENCE_S)
    assert said == ["the node was deactivated" if end == "close" else "the node is shutting down"]


def test_only_so_many_may_wait_at_once(frames, monkeypatch):
    """Each holds a thread of the executor; what they wait for must not wait for them."""
    frames.listen()
    found = []

    def ask():
        found.append(frames.transform("map", "camera", STAMP, 60.0)[0, 3])

    waiting = [threading.Thread(target=ask) for _ in range(frames_module._MOST_WAITING)]
    for thread in waiting:
        thread.start()
    until(lambda: not frames._waiting._value, "all to wait")
    with pytest.raises(TransformError, match="calls wait for a transform already"):
        frames.transform("map", "camera", STAMP, 60.0)
    say(frames, 3.0, 4.0)
    for thread in waiting:
        thread.join(PATIENCE_S)
    assert len(found) == len(waiting)
    frames.transform("map", "camera", STAMP, 60.0)


def test_a_stamp_before_1970_is_no_time(frames):
    with pytest.raises(TransformError, match="from camera to map") as caught:
        frames.transform("map", "camera", Time(sec=-5), 30.0)
    assert not caught.value.may_come


def test_the_cameras_own_frame_takes_no_tree():
    np.testing.assert_array_equal(
        TransformLookup("node").transform("a", "a", STAMP, 1.0), np.eye(4)
    )


def test_without_tf_the_package_is_named_and_nothing_is_waited_for(monkeypatch):
    for name in ("tf2_ros", "tf2_msgs.msg", "tf2_msgs"):
        monkeypatch.setitem(sys.modules, name, None)
    frames = TransformLookup("node")
    assert not frames.listen(30.0)
    with pytest.raises(TransformError, match="tf2-ros-py") as caught:
        frames.transform("map", "camera", STAMP, 30.0)
    assert not caught.value.may_come
    frames.rewind(0)
    frames.close()


@pytest.fixture
def own(node, monkeypatch):
    """Listens without tf2; and a function that publishes transforms on a topic, in one message."""
    put_in_place("own", monkeypatch)
    from tf2_msgs.msg import TFMessage

    made = TransformLookup(node)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

    def publish(topic, *transforms):
        publisher = node.create_publisher(
            TFMessage, topic, latched if topic == "/tf_static" else 10
        )
        if made.listens:
            until(publisher.get_subscription_count, f"somebody to hear {topic}")
        publisher.publish(TFMessage(transforms=list(transforms)))

    yield made, publish
    made.close()


def found(frames, target, source, at=STAMP):
    try:
        return frames.transform(target, source, at)
    except TransformError:
        return None


def test_what_is_static_is_heard_of_each_who_said_it_long_before(own):
    frames, publish = own
    publish("/tf_static", edge("base", "camera", 0.0, 1.0))
    publish("/tf_static", edge("base", "lidar", 0.0, 2.0), edge("base", "imu", 0.0, 3.0))
    frames.listen()
    for child in ("camera", "lidar"):
        until(lambda c=child: found(frames, "base", c) is not None, child)
    np.testing.assert_allclose(frames.transform("camera", "imu", STAMP)[0, 3], 2.0)


def test_one_bad_transform_costs_itself_and_one_message(own, caplog):
    frames, publish = own
    frames.listen()
    bad = edge("map", "broken", 3.0)
    bad.transform.rotation.w = 0.0
    itself = edge("map", "map", 3.0)
    good = [edge("map", "camera", seconds, 2 * seconds) for seconds in (3.0, 4.0)]
    logger = logging.getLogger("tips_ros")
    logger.addHandler(caplog.handler)
    try:
        publish("/tf", good[0], bad, itself, bad, good[1])
        until(lambda: found(frames, "map", "camera") is not None, "the sound ones")
    finally:
        logger.removeHandler(caplog.handler)
    said = {record.getMessage() for record in caplog.records}
    assert any("frame broken" in message and "no rotation" in message for message in said)
    assert any('no frame "map" can be in "map"' in message for message in said)
    assert len({id(record) for record in caplog.records}) == 2
    assert found(frames, "map", "broken") is None
