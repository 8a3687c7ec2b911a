# SPDX-License-Identifier: Apache-2.0
"""Simulated time: bags that loop, jump back, pause and go on."""

import threading

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rosgraph_msgs.msg import Clock

from .live_graph import PATIENCE_S, until


class Timeline:
    """A bag player's part in time: /clock."""

    def __init__(self, graph):
        self.graph = graph

    def set(self, seconds):
        sec, nanosec = divmod(round(seconds * 10**9), 10**9)
        self.graph.publish(Clock(clock=Time(sec=sec, nanosec=nanosec)), "/clock")
        until(
            lambda: self.graph.node.get_clock().now().nanoseconds == round(seconds * 10**9),
            f"the node's clock to show {seconds} s",
        )


@pytest.fixture
def graph(graph_with):
    return graph_with(use_sim_time=True, input_height=56, input_width=56).active()


@pytest.fixture
def timeline(graph):
    return Timeline(graph)


def stamps(graph):
    return [message.header.stamp.sec for message in graph.received["depth/image"]]


def drops(graph):
    return graph.camera.statistics.snapshot().drops


def test_ages_are_told_in_simulated_time(graph, timeline):
    graph.listen("depth/image")
    timeline.set(103.75)
    graph.publish_image(sec=100)  # and a quarter
    until(lambda: stamps(graph) == [100], "depth")
    age_s = until(lambda: graph.camera.statistics.snapshot().age_s, "its age")
    assert age_s.p50 == pytest.approx(3.5)


def test_max_age_is_measured_in_simulated_time(graph, timeline):
    assert graph.set_parameter("max_age_s", 1.0).successful
    graph.listen("depth/image")
    timeline.set(100.0)
    graph.publish_image(sec=97)
    until(lambda: drops(graph) == {"stale": 1}, "the old frame's drop")
    graph.publish_image(sec=99)
    until(lambda: stamps(graph) == [99], "the new one's depth")


def test_a_bag_that_begins_anew_is_served_as_the_first_time(graph, timeline):
    graph.listen("depth/image", "semantic/image")
    for sec in (10, 11, 12, 10, 11, 12):
        timeline.set(sec + 0.3)
        graph.publish_image(sec=sec)
        until(lambda s=sec: stamps(graph)[-1:] == [s], f"depth of {sec}")
    assert stamps(graph) == [10, 11, 12, 10, 11, 12]
    assert not drops(graph)


def test_frames_are_answered_across_a_jump_of_an_hour_forward(graph, timeline):
    graph.listen("depth/image")
    for sec in (10, 11, 3611, 3612):
        timeline.set(sec + 0.3)
        graph.publish_image(sec=sec)
        until(lambda s=sec: stamps(graph)[-1:] == [s], f"depth of {sec}")
    assert stamps(graph) == [10, 11, 3611, 3612]
    assert not drops(graph)


def test_a_frame_that_waits_while_time_jumps_back_is_not_shown_after(graph, timeline):
    gate, at_work = threading.Event(), threading.Event()

    def wait(*_):
        at_work.set()
        assert gate.wait(PATIENCE_S)

    graph.node.predictor.model.backbone.register_forward_pre_hook(wait)
    graph.listen("depth/image")
    timeline.set(50.0)
    graph.publish_image(sec=49)
    until(at_work.is_set, "the model to be at work")
    graph.publish_image(sec=50)
    until(lambda: graph.camera.statistics.snapshot().received == 2, "the frame that waits")
    timeline.set(10.0)
    until(lambda: drops(graph) == {"rewound": 1}, "the old frame's drop")
    graph.publish_image(sec=10)
    until(lambda: graph.camera.statistics.snapshot().received == 3, "the new frame")
    gate.set()
    until(lambda: 10 in stamps(graph), "depth of the new time")
    assert stamps(graph) == [49, 10], "of the old time only what was at work"


def test_what_was_learnt_of_earlier_frames_is_forgotten_when_time_jumps_back(
    graph, timeline, monkeypatch
):
    forgotten = []
    monkeypatch.setattr(graph.camera.scaling, "reset", lambda: forgotten.append(1))
    timeline.set(50.0)
    timeline.set(51.0)
    assert not forgotten
    timeline.set(2.0)
    until(lambda: forgotten, "the reset")


def test_while_time_stands_still_silence_is_no_fault_and_it_goes_on_after(graph, timeline):
    assert graph.set_parameter("silence_warning_s", 0.5).successful
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    graph.listen("depth/image")
    timeline.set(20.5)
    graph.publish_image(sec=20)
    until(lambda: stamps(graph) == [20], "depth")
    until(lambda: any("stands still" in r.status[0].message for r in reports), "it to notice")
    still = next(r.status[0] for r in reports if "stands still" in r.status[0].message)
    assert still.level == DiagnosticStatus.OK
    timeline.set(21.5)
    graph.publish_image(sec=21)
    until(lambda: stamps(graph) == [20, 21], "depth after the pause")
