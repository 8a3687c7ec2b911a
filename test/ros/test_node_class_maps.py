# SPDX-License-Identifier: Apache-2.0
"""Whoever reads masks by the rule in ClassMap.msg reads them right, whatever time does."""

import random

import pytest
from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rosgraph_msgs.msg import Clock
from tips_ros.msg import ClassMap, DepthInfo

from tips_ros.messages.conversions import stamp_ns
from tips_ros.ros.topics import qos

from .example_messages import mask_of
from .live_graph import until

CLASSES = "/tips/semantic/classes"
SMALL = {"input_height": 56, "input_width": 56}


class Reader:
    """A subscriber that goes by the rule: the latest stamp not later; of two, what came last."""

    def __init__(self, graph, type_=ClassMap, topic=CLASSES):
        self.messages = graph.keep(type_, topic, qos.latched())

    def of(self, header):
        at = stamp_ns(header)
        early = [m for m in self.messages if stamp_ns(m.header) <= at]
        return max(reversed(early), key=lambda m: stamp_ns(m.header), default=None)


class Bench:
    """Frames at any time, and what two readers make of their masks."""

    def __init__(self, graph):
        self.graph = graph
        self.reader = Reader(graph)
        graph.listen("semantic/image")
        until(lambda: self.reader.messages, "the first ClassMap")

    def frame(self, sec):
        masks = self.graph.received["semantic/image"]
        count = len(masks)
        self.graph.publish_image(sec=sec)
        mask = until(lambda: masks[count:], f"the mask of {sec} s")[0]
        names = list(self.graph.vocabulary.classes.values())
        until(lambda: self.reads(self.reader, mask, names), f"its ClassMap, of {names}")
        late = Reader(self.graph)
        until(lambda: self.reads(late, mask, names), f"a late subscriber's ClassMap, of {names}")

    def reads(self, reader, mask, names):
        found = reader.of(mask.header)
        return (
            found is not None
            and list(found.names) == names
            and {*mask_of(mask).ravel().tolist()} <= {*found.ids, ClassMap.UNLABELLED}
        )

    def change(self, name):
        transition = Transition(id=getattr(Transition, f"TRANSITION_{name}"))
        request = ChangeState.Request(transition=transition)
        assert self.graph.call(ChangeState, "/tips/change_state", request).success


@pytest.fixture
def bench(graph_with):
    return Bench(graph_with(**SMALL).active())


def test_classes_that_were_set_while_inactive(bench):
    bench.frame(10)
    assert bench.graph.set_prompts("wall", "floor").success
    bench.frame(50)
    bench.change("DEACTIVATE")
    assert bench.graph.set_prompts("door", "cup", "chair").success
    bench.change("ACTIVATE")
    bench.graph.active()
    bench.frame(60)


def test_classes_after_a_cleanup_and_an_earlier_time(bench):
    assert bench.graph.set_prompts("wall", "floor").success
    bench.frame(50)
    assert bench.graph.set_prompts().success
    for name in ("DEACTIVATE", "CLEANUP", "CONFIGURE", "ACTIVATE"):
        bench.change(name)
    bench.frame(30)
    bench.frame(55)


def test_a_bag_that_loops_with_other_prompts_each_time(bench):
    for prompts in (["wall"], ["door", "cup"], [], ["wall"]):
        bench.frame(10)
        assert bench.graph.set_prompts(*prompts).success
        for sec in (11, 12, 20):
            bench.frame(sec)


def test_any_order_of_times_and_prompts(bench):
    chance = random.Random(5)
    choices = [["wall"], ["door", "cup"], ["cup", "door"], []]
    for _ in range(30):
        if chance.random() < 0.4:
            assert bench.graph.set_prompts(*chance.choice(choices)).success
        bench.frame(chance.randint(1, 12))


def test_active_from_after_simulated_time_went_back(graph_with):
    graph = graph_with(use_sim_time=True, **SMALL).active()
    bench = Bench(graph)

    def clock(sec):
        graph.publish(Clock(clock=Time(sec=sec)), "/clock")
        until(lambda: graph.node.get_clock().now().nanoseconds == sec * 10**9, "the clock")

    clock(51)
    bench.frame(50)
    assert graph.set_prompts("wall").active_from == Time(sec=50, nanosec=250_000_001)
    clock(1)
    answer = graph.set_prompts("cup", "door")
    clock(3)
    assert answer.active_from == Time()
    bench.frame(2)


def test_of_several_cameras_active_from_holds_for_all(graph_with):
    graph = graph_with(cameras=["front", "rear"], **SMALL).active()
    for camera in ("front", "rear"):
        graph.listen("semantic/image", camera=camera)

    def frame(camera, sec):
        masks = graph.received[f"{camera}/semantic/image"]
        count = len(masks)
        graph.publish_image(sec=sec, camera=camera)
        return until(lambda: masks[count:], "the mask")[0]

    frame("rear", 10)  # and then it dies
    old = [frame("front", sec) for sec in (50, 99)]
    answer = graph.set_prompts("a red cup", "a green box")
    active_ns = answer.active_from.sec * 10**9 + answer.active_from.nanosec
    assert all(stamp_ns(mask.header) < active_ns for mask in old)
    assert {*mask_of(frame("front", 100)).ravel().tolist()} <= {*answer.ids, 255}


def test_depth_info_is_read_by_the_same_rule(graph_with):
    graph = graph_with(**SMALL).active()
    graph.listen("depth/image")
    reader = Reader(graph, DepthInfo, "/tips/depth/info")
    first = until(lambda: reader.messages, "the first message, before any depth")[0]
    assert (stamp_ns(first.header), first.metric) == (0, False)
    assert "no depth" in first.note
    for scale, sec in ((2.0, 50), (3.0, 10), (3.0, 60), (4.0, 20), (4.0, 55), (4.0, 65)):
        assert graph.set_parameter("depth.fixed_scale", scale).successful
        assert graph.set_parameter("depth.scale_source", "fixed").successful
        images = graph.received["depth/image"]
        count = len(images)
        graph.publish_image(sec=sec)
        image = until(lambda i=images, c=count: i[c:], "depth")[0]
        late = Reader(graph, DepthInfo, "/tips/depth/info")
        for one in (reader, late):
            until(
                lambda r=one, i=image, s=scale: (m := r.of(i.header)) and m.scale == s,
                f"the scale {scale} at {sec} s",
            )
