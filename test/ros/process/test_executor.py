# SPDX-License-Identifier: Apache-2.0
"""The executor goes on whatever its callbacks raise, and whoever is destroyed meanwhile."""

import threading
import time

import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from tips_ros.replay.domain import claim_domain
from tips_ros.ros.process.executor import NodeExecutor
from tips_ros.ros.topics import qos

from ..live_graph import PATIENCE_S, until

pytestmark = pytest.mark.live


@pytest.fixture
def spun():
    """A node and the executor that spins it; both end with the test."""
    context = Context()
    rclpy.init(context=context, domain_id=claim_domain())
    node, executor = Node("spun", context=context), NodeExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, name="spinning")
    thread.start()
    yield node, executor
    executor.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


def still_serves(node):
    """Whether a timer's callback still comes."""
    rung = threading.Event()
    timer = node.create_timer(0.01, rung.set)
    came = rung.wait(PATIENCE_S)
    node.destroy_timer(timer)
    return came


def test_publishers_and_subscriptions_that_come_and_go_do_not_end_it(spun):
    node, _ = spun
    stop = threading.Event()

    def churn(kind):
        while not stop.is_set():
            made = [
                node.create_publisher(String, f"topic_{kind}_{i}", 1)
                if kind % 2
                else node.create_subscription(String, f"topic_{kind + 1}_{i}", print, 1)
                for i in range(5)
            ]
            for one in made:
                (node.destroy_publisher if kind % 2 else node.destroy_subscription)(one)

    threads = [threading.Thread(target=churn, args=(kind,)) for kind in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        assert still_serves(node)
    stop.set()
    for thread in threads:
        thread.join()
    assert still_serves(node)


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyError("x"), OverflowError()])
def test_an_error_of_a_callback_is_logged_and_costs_nothing_else(spun, caplog, error):
    node, _ = spun
    group = MutuallyExclusiveCallbackGroup()
    calls = []

    def fail():
        calls.append(1)
        raise error

    failing = node.create_timer(0.02, fail, callback_group=group)
    until(lambda: len(calls) > 3, "the callback to be called again after it failed")
    node.destroy_timer(failing)
    assert still_serves(node)
    until(lambda: type(error).__name__ in caplog.text, "the error in the log")
    assert "in fail" in caplog.text, "with its traceback"


def test_what_cannot_be_taken_leaves_its_group_free(spun):
    node, executor = spun
    group = MutuallyExclusiveCallbackGroup()
    received = []
    subscription = node.create_subscription(
        String, "topic", received.append, 1, callback_group=group
    )
    failures, taken = [], executor._take_subscription.__wrapped__

    def broken(entity):
        if entity is subscription and len(failures) < 2:
            failures.append(entity.handle.take_message(entity.msg_type, entity.raw))
            raise RuntimeError("failed to take a message")
        return taken(entity)

    executor._take_subscription = executor._survive(broken)
    publisher = node.create_publisher(String, "topic", 1)
    until(publisher.get_subscription_count, "the match")

    def arrives():
        publisher.publish(String(data="again"))
        time.sleep(0.05)
        return received

    until(arrives, "a message after those that could not be taken")
    assert len(failures) == 2


def test_services_that_wait_do_not_keep_others_from_being_served(spun):
    node, _ = spun
    gate = threading.Event()

    def wait(request, response):
        gate.wait(PATIENCE_S)
        return response

    group, many = ReentrantCallbackGroup(), qos.requests()
    node.create_service(Trigger, "wait", wait, qos_profile=many, callback_group=group)
    client = node.create_client(Trigger, "wait", qos_profile=many, callback_group=group)
    assert client.wait_for_service(PATIENCE_S)
    futures = [client.call_async(Trigger.Request()) for _ in range(20)]
    assert still_serves(node)
    assert not any(future.done() for future in futures)
    gate.set()
    until(lambda: all(future.done() for future in futures), "their answers")


def test_it_stops_at_once_and_not_when_its_wait_is_over(monkeypatch):
    monkeypatch.setattr("tips_ros.ros.process.executor._LOOK_UP_S", 2 * PATIENCE_S)
    context = Context()
    rclpy.init(context=context, domain_id=claim_domain())
    executor = NodeExecutor(context=context)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    rung = threading.Event()
    executor.create_task(rung.set)
    assert rung.wait(PATIENCE_S)  # it spins
    time.sleep(0.1)  # and waits, most likely
    executor.stop()
    thread.join(PATIENCE_S)
    stopped = not thread.is_alive()
    rclpy.shutdown(context=context)
    thread.join(PATIENCE_S)
    executor.shutdown()
    assert stopped


def test_finishing_waits_no_longer_than_it_is_given(spun):
    node, executor = spun
    (spinning,) = (t for t in threading.enumerate() if t.name == "spinning")
    entered, gate = threading.Event(), threading.Event()

    def block():
        entered.set()
        gate.wait(PATIENCE_S)

    node.create_timer(0.01, block)
    assert entered.wait(PATIENCE_S)
    executor.stop()
    spinning.join(PATIENCE_S)
    assert not executor.finish(0.05)
    gate.set()
    assert executor.finish(PATIENCE_S)
