# SPDX-License-Identifier: Apache-2.0
"""Things over real DDS: ids that stay, the same in all messages of a frame."""

from __future__ import annotations

import math

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from visualization_msgs.msg import Marker

from tips_ros.ros.pipeline.stages.object_watch import ObjectWatch

from ..perception.ground.floor_scene import BOX, LAMP, Box, FloorScene
from .analytic_scene import Stage, calibration
from .example_messages import FRAME_ID, header_at, picture
from .live_graph import until
from .test_node_geometry import QUIET, tell
from .tf_bench import Robot, put_in_place

SIZE = (240, 320)
PARAMETERS = {**QUIET, "objects.birth_hits": 2, "temporal.frame": "map"}
TOPICS = ("objects/tracked", "objects/ids", "objects/markers")
LEFT = Box((1.8, 0.3, 0), (2.0, 0.6, 0.4))
RIGHT = Box((1.8, -0.6, 0), (2.0, -0.3, 0.5), LAMP)


def scene(*boxes: Box) -> FloorScene:
    return FloorScene(0.5, -10, size=SIZE, wall_m=4.0, boxes=boxes)


def stamp_of(message):
    markers = getattr(message, "markers", None)
    return (markers[0] if markers else message).header.stamp


class Watch:
    """A node that things are shown to."""

    def __init__(self, graph, names) -> None:
        self.graph, self.names, self.sec = graph.active(), names, 0
        self.stage = Stage(graph)
        graph.listen(*names)
        k = scene().lens.intrinsics
        tell(graph, calibration(SIZE[1], SIZE[0], focal=(k.fx, k.fy), centre=(k.cx, k.cy)))

    def __call__(self, *boxes: Box, frames: int = 1) -> dict:
        """The messages of the last of some frames, by topic."""
        for _ in range(frames):
            self.sec += 1
            seen = scene(*boxes).frame()
            self.stage.show(seen.depth_m, seen.normals)
            self.stage.show_labels(seen.labels)
            self.graph.publish_image(picture(*SIZE), sec=self.sec)
            until(lambda: all(self.of_now(n) for n in self.names), f"frame {self.sec}")
        return {name: self.of_now(name) for name in self.names}

    def of_now(self, name: str):
        stamp = header_at(self.sec).stamp
        found = [m for m in list(self.graph.received[name]) if stamp_of(m) == stamp]
        return found[0] if found else None

    def ids(self, *boxes: Box, frames: int = 1) -> list[int]:
        return [one.id for one in self(*boxes, frames=frames)["objects/tracked"].objects]


@pytest.fixture
def watch(graph_with):
    def start(*names, **parameters) -> Watch:
        return Watch(graph_with(**{**PARAMETERS, **parameters}), names or TOPICS)

    return start


def test_all_messages_of_a_frame_tell_the_same_things(watch):
    got = watch()(LEFT, RIGHT, frames=2)
    header = header_at(2)
    things = {one.class_name: one for one in got["objects/tracked"].objects}
    assert set(things) == {"box", "lamp"} and {one.id for one in things.values()} == {1, 2}
    assert got["objects/tracked"].header == got["objects/ids"].header == header
    box = things["box"]
    assert (box.class_id, box.hits, box.first_seen) == (BOX, 2, header_at(1).stamp)
    assert box.region.centroid.x == pytest.approx(-0.45, abs=0.03)
    assert box.region.median_depth_m == pytest.approx(1.8, abs=0.1)
    assert np.all(np.linalg.eigvalsh(np.array(box.covariance).reshape(3, 3)) > 0)

    ids = got["objects/ids"]
    assert (ids.encoding, ids.height, ids.width, ids.step) == ("16UC1", *SIZE, 2 * SIZE[1])
    shown = np.frombuffer(ids.data, np.uint16).reshape(SIZE)
    labels = scene(LEFT, RIGHT).frame().labels
    for one in things.values():
        assert np.mean((shown == one.id) == (labels == one.class_id)) > 0.99

    markers = got["objects/markers"].markers
    assert markers[0].action == Marker.DELETEALL
    assert all(m.header == header and m.header.frame_id == FRAME_ID for m in markers)
    texts = {m.text for m in markers if m.type == Marker.TEXT_VIEW_FACING}
    assert texts == {f"{one.class_name} {one.id}" for one in things.values()}
    (cube,) = (m for m in markers if m.type == Marker.CUBE and m.id == box.id and m.ns)
    assert cube.pose == box.region.box and cube.color.a > 0


def test_ids_stay_while_things_come_and_go(watch):
    see = watch("objects/tracked")
    assert see.ids(LEFT) == [] and see.ids(LEFT) == [1]
    assert see.ids(LEFT, RIGHT, frames=2) == [2, 1] or see.ids(LEFT, RIGHT) == [1, 2]
    assert see.ids(RIGHT, frames=4) == [2], "the box was taken away"
    assert sorted(see.ids(LEFT, RIGHT, frames=3)) == [2, 3], "it is another one, as far as we know"


def test_a_camera_that_tf_knows_may_look_away(watch, monkeypatch):
    put_in_place("stand-in", monkeypatch)
    see = watch("objects/tracked")
    robot = Robot(see.graph, "stand-in")

    def at(x: float, *boxes: Box) -> list[int]:
        robot.is_at(see.sec + 1.25, x)
        before = see.sec + 1.25
        until(lambda: not see.graph.frames.listens or _known(see.graph, before), "tf")
        return see.ids(*boxes)

    see.ids()  # from now on it listens
    for _ in range(3):
        ids = at(0.0, LEFT)
    assert ids == [1]
    for _ in range(6):
        assert at(5.0) == []
    assert at(0.0, LEFT) == [1]


def _known(graph, seconds: float) -> bool:
    from rclpy.time import Time

    try:
        graph.frames.transform("map", FRAME_ID, Time(nanoseconds=round(seconds * 1e9)).to_msg())
    except ValueError:
        return False
    return True


def test_nobody_looks_for_things_until_somebody_listens(watch, monkeypatch):
    looked = []
    real = ObjectWatch.look
    monkeypatch.setattr(
        ObjectWatch, "look", lambda self, *given: looked.append(given) or real(self, *given)
    )
    see = watch("semantic/image", "depth/image")
    see(LEFT, frames=2)
    assert not looked
    see.graph.listen("objects/ids")
    see(LEFT)
    until(lambda: see.graph.received["objects/ids"], "ids")
    assert len(looked) == 1
    (_, features, world) = looked[0]
    assert features.ndim == 3 and world == "map"


def test_deactivating_forgets_the_things_and_no_id_is_given_again(watch):
    see = watch("objects/tracked")
    assert see.ids(LEFT, frames=2) == [1]
    for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert see.graph.call(ChangeState, "/tips/change_state", request).success
    see.graph.active()
    assert see.ids(LEFT) == [], "it is new"
    assert see.ids(LEFT) == [2]


def test_parameters_decide_what_a_thing_is_at_once(watch):
    see = watch("objects/tracked")
    assert len(see.ids(LEFT, RIGHT, frames=2)) == 2
    assert see.graph.set_parameter("objects.stuff", ["Lamp"]).successful
    (one,) = see(LEFT, RIGHT)["objects/tracked"].objects
    assert one.class_name == "box"
    assert see.graph.set_parameter("objects.min_size", 0.9).successful
    assert see.ids(LEFT, RIGHT) == []
    for name, wrong in (("min_size", -0.1), ("birth_hits", 0), ("max_unseen_s", math.nan)):
        assert not see.graph.set_parameter(f"objects.{name}", wrong).successful, name


def test_without_a_calibration_things_have_no_place_and_keep_their_ids(graph_with):
    graph = graph_with(**PARAMETERS).active()
    stage, seen = Stage(graph), scene(LEFT).frame()
    graph.listen(*TOPICS)
    stage.show(seen.depth_m, seen.normals)
    stage.show_labels(seen.labels)
    received = graph.received["objects/tracked"]
    for sec in (1, 2, 3):
        graph.publish_image(picture(*SIZE), sec=sec)
        until(lambda n=sec: len(received) >= n, f"things of frame {sec}")
    (one,) = received[-1].objects
    assert one.id == 1 and one.hits == 3
    assert math.isnan(one.region.centroid.x) and math.isnan(one.covariance[0])
    assert one.region.roi.width > 20
    until(lambda: graph.received["objects/markers"], "markers")
    assert {m.action for m in graph.received["objects/markers"][-1].markers} == {Marker.DELETEALL}


def test_detections_go_out_where_vision_msgs_is_installed(vision_msgs, watch):
    names = ("objects", "objects_2d", "objects/tracked")
    got = watch(*names)(LEFT, RIGHT, frames=2)
    things = {str(one.id): one for one in got["objects/tracked"].objects}
    assert len(things) == 2
    for name in ("objects", "objects_2d"):
        message = got[name]
        assert message.header == header_at(2)
        assert {d.id for d in message.detections} == set(things)
        for one in message.detections:
            assert one.header == message.header
            (result,) = one.results
            assert result.hypothesis.class_id == things[one.id].class_name
            assert 0 < result.hypothesis.score <= 1
            assert result.pose.pose.position == things[one.id].region.centroid
            assert result.pose.covariance[0] == things[one.id].covariance[0]
    for one in got["objects"].detections:
        assert one.bbox.center == things[one.id].region.box
        assert one.bbox.size == things[one.id].region.size
    for one in got["objects_2d"].detections:
        roi = things[one.id].region.roi
        assert (one.bbox.size_x, one.bbox.size_y) == (roi.width, roi.height)
        assert one.bbox.center.position.x == roi.x_offset + (roi.width - 1) / 2
