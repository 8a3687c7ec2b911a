# SPDX-License-Identifier: Apache-2.0
"""A GPU's recordings are made before a frame of its kind, and never makes one come late.

The model is a stand-in for one on a GPU: it says what it has recorded so far, and counts.
"""

import logging
import threading

import numpy as np
import pytest

from .live_graph import PATIENCE_S, until

pytestmark = pytest.mark.live


class Recorder:
    """Records each size with each set of outputs; its recordings wait until they may end."""

    def __init__(self, predictor, monkeypatch):
        self.known, self.recorded, self.passes = set(), [], []
        self.entered, self.gate = threading.Event(), threading.Event()
        encode = predictor.encode_batch

        def counted(views):
            self.passes.append(kind_of(views))
            assert self.passes[-1] in self.known, "a frame waits for nothing that is recorded"
            return encode(views)

        monkeypatch.setattr(predictor, "records", True)
        monkeypatch.setattr(predictor, "is_prepared", lambda v: kind_of(v) in self.known)
        monkeypatch.setattr(predictor, "prepare", self.prepare)
        monkeypatch.setattr(predictor, "encode_batch", counted)

    def prepare(self, views):
        self.recorded.append(kind_of(views))
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        self.known.add(self.recorded[-1])


def kind_of(views):
    return tuple((view.rgb.shape[:2], tuple(sorted(view.outputs))) for view in views)


@pytest.fixture
def recorder(graph, monkeypatch):
    recorder = Recorder(graph.node.predictor, monkeypatch)
    yield recorder
    recorder.gate.set()


def stamps(graph):
    return [message.header.stamp.sec for message in graph.received["depth/image"]]


def drops(graph):
    return graph.camera.statistics.snapshot().drops


def received(graph):
    return graph.camera.statistics.snapshot().received


def test_the_first_frame_that_is_answered_is_the_newest_one_then(graph, recorder, caplog):
    graph.listen("depth/image")
    with caplog.at_level(logging.INFO):
        graph.publish_image(sec=1)
        until(recorder.entered.is_set, "a recording")
        for sec in (2, 3):
            graph.publish_image(sec=sec)
        until(lambda: received(graph) == 3, "frames that come meanwhile")
        recorder.gate.set()
        until(lambda: stamps(graph), "a frame")
    assert stamps(graph) == [3]
    assert drops(graph) == {"superseded": 2}
    assert recorder.recorded == recorder.passes == [(((48, 64), ("depth",)),)]
    told = [line for line in caplog.messages if "prepar" in line]
    assert "64x48 with depth" in told[0] and "prepared in" in told[1]


def test_a_frame_that_none_comes_after_is_answered(graph, recorder):
    recorder.gate.set()
    graph.listen("depth/image")
    graph.publish_image(sec=1)
    until(lambda: stamps(graph) == [1], "the only frame")
    assert not drops(graph)


def test_each_kind_of_frame_is_prepared_for_once(graph, recorder, caplog):
    recorder.gate.set()
    graph.listen("depth/image")
    with caplog.at_level(logging.INFO):
        sizes = [(48, 64), (48, 64), (30, 40), (48, 64), (30, 40)]
        for sec, size in enumerate(sizes, 1):
            graph.publish_image(np.zeros((*size, 3), np.uint8), sec=sec)
            until(lambda s=sec: s in stamps(graph), "the frame")
        graph.listen("normals/image")
        graph.publish_image(sec=9)
        until(lambda: 9 in stamps(graph), "the frame with more of it")
    assert [kind for (kind,) in recorder.recorded] == [
        ((48, 64), ("depth",)),
        ((30, 40), ("depth",)),
        ((48, 64), ("depth", "normals")),
    ]
    assert len(recorder.passes) == 6
    assert sum("preparing" in line for line in caplog.messages) == 3


def test_a_recording_that_fails_costs_no_frame(graph, recorder, monkeypatch):
    def fail(views):
        recorder.known.add(kind_of(views))
        raise RuntimeError("no room for a recording")

    monkeypatch.setattr(graph.node.predictor, "prepare", fail)
    graph.listen("depth/image")
    graph.publish_image(sec=1)
    until(lambda: stamps(graph) == [1], "the frame")
    assert not drops(graph)
