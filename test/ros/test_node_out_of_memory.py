# SPDX-License-Identifier: Apache-2.0
"""A device that has no room while the node streams: fewer frames at once, then one, never none."""

from __future__ import annotations

import logging
import threading

import pytest
import torch
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState

from tips_ros.ros import loaded_model

from .example_messages import picture
from .live_graph import until

CAMERAS = ("a", "b", "c", "d")


def out_of_memory(words="CUDA out of memory. Tried to allocate 2.00 GiB"):
    return torch.cuda.OutOfMemoryError(words)


@pytest.fixture
def four(graph_with):
    graph = graph_with(
        input_height=112, input_width=112, cameras=list(CAMERAS), cameras_window_s=1.0
    ).active()
    for camera in CAMERAS:
        graph.listen("depth/image", camera=camera)
    return graph


class Device:
    """Takes so many pictures at once, and may be held while more come.

    Attributes:
        given: how many pictures each pass was given.
    """

    def __init__(self, graph, monkeypatch, most):
        self.most, self.given, self.free = most, [], threading.Event()
        self.free.set()
        self._forward = graph.node.predictor.model.forward_batch
        monkeypatch.setattr(graph.node.predictor.model, "forward_batch", self)

    def __call__(self, pictures, *rest, **named):
        self.given.append(len(pictures))
        assert self.free.wait(90.0)
        if len(pictures) > self.most:
            raise out_of_memory()
        return self._forward(pictures, *rest, **named)


def show(graph, sec):
    for camera in CAMERAS:
        graph.publish_image(sec=sec, camera=camera)


def answered(graph, sec):
    return all(
        any(m.header.stamp.sec == sec for m in graph.received[f"{camera}/depth/image"])
        for camera in CAMERAS
    )


@pytest.mark.parametrize("most", [1, 2])
def test_all_cameras_go_on_with_fewer_at_once(four, monkeypatch, caplog, most):
    device = Device(four, monkeypatch, most)
    device.free.clear()
    four.publish_image(sec=1, camera="a")
    until(lambda: device.given, "a pass, which keeps the next images together")
    show(four, 2)
    received = [statistics.snapshot for statistics in four.node.statistics.values()]
    until(lambda: sum(one().received for one in received) == 5, "one image of each camera")
    with caplog.at_level(logging.WARNING):
        device.free.set()
        until(lambda: answered(four, 2), "depth of all four")
    assert device.given == ([1, 4, 2, 2] if most == 2 else [1, 4, 2, 1, 1, 1, 1])
    assert not any(one().drops.get("failed") for one in received)
    said = [r.getMessage() for r in caplog.records if "has no room" in r.getMessage()]
    assert len(said) == 3 - most and "lower input_height" in said[0]


def test_a_frame_that_is_too_much_by_itself_is_told_and_the_next_is_answered(graph, monkeypatch):
    graph.listen("depth/image")
    device = Device(graph, monkeypatch, most=0)
    graph.publish_image(sec=1)
    until(lambda: graph.camera.statistics.snapshot().drops.get("failed"), "the failure")
    told = graph.camera.statistics.snapshot().last_error
    assert "has no room for this picture" in told and "lower input_height" in told, told
    device.most = 1
    graph.publish_image(sec=2)
    until(lambda: any(m.header.stamp.sec == 2 for m in graph.received["depth/image"]), "the next")


@pytest.mark.parametrize("error", [out_of_memory(), MemoryError()], ids=["device", "machine"])
def test_arrays_without_room_cost_their_frame_alone(graph, monkeypatch, error):
    graph.listen("depth/image")
    failing = [True]
    predictor = graph.node.predictor
    to_host = predictor._transfer.to_host

    def fail(*given):
        if failing[0]:
            raise error
        return to_host(*given)

    monkeypatch.setattr(predictor._transfer, "to_host", fail)
    graph.publish_image(picture(480, 640), sec=1)
    until(lambda: graph.camera.statistics.snapshot().drops.get("failed"), "the failure")
    assert "lower output_scale" in graph.camera.statistics.snapshot().last_error
    failing[0] = False
    graph.publish_image(sec=2)
    until(lambda: any(m.header.stamp.sec == 2 for m in graph.received["depth/image"]), "the next")


def test_a_load_without_room_leaves_the_node_unconfigured_with_the_reason(graph_with, monkeypatch):
    load = loaded_model.load_predictor

    def change(graph, number):
        request = ChangeState.Request(transition=Transition(id=number))
        return graph.call(ChangeState, "/tips/change_state", request).success

    def fail(*_, **__):
        raise out_of_memory("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(loaded_model, "load_predictor", fail)
    graph = graph_with(autostart=False, input_height=112, input_width=112)
    assert not change(graph, Transition.TRANSITION_CONFIGURE)
    assert "out of memory" in graph.failure
    state = graph.call(GetState, "/tips/get_state", GetState.Request()).current_state
    assert state.id == State.PRIMARY_STATE_UNCONFIGURED
    monkeypatch.setattr(loaded_model, "load_predictor", load)
    assert change(graph, Transition.TRANSITION_CONFIGURE)
