# SPDX-License-Identifier: Apache-2.0
"""The memory over real DDS: things are asked for after the camera has turned away."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rclpy.time import Time
from tips_ros.msg import ObjectArray
from tips_ros.srv import ClearMemory, Find, MemoryFile
from visualization_msgs.msg import Marker, MarkerArray

from tips_ros.ros.pipeline.memory_keeper import MemoryKeeper
from tips_ros.ros.topics import qos

from ..perception.ground.floor_scene import LAMP, Box, FloorScene
from .analytic_scene import Stage, calibration
from .example_messages import FRAME_ID, picture
from .live_graph import until
from .test_node_geometry import QUIET, tell
from .tf_bench import Robot, edge, put_in_place

SIZE = (240, 320)
PARAMETERS = {
    **QUIET, "objects.birth_hits": 2, "temporal.frame": "odom", "memory.enabled": True,
    "unsubscribe_after_s": 0.0,
}  # fmt: skip
LEFT = Box((1.8, 0.3, 0), (2.0, 0.6, 0.4))
LAMP_AT = Box((1.8, -0.6, 0), (2.0, -0.3, 0.5), LAMP)
MOVED = Box((2.2, -1.2, 0), (2.4, -0.9, 0.4))


def scene(*boxes: Box) -> FloorScene:
    return FloorScene(0.5, -10, size=SIZE, wall_m=4.0, boxes=boxes)


class Robots:
    """A node whose camera looks along its own z axis; tf says where that is."""

    def __init__(self, graph, monkeypatch) -> None:
        put_in_place("stand-in", monkeypatch)
        self.graph, self.sec = graph.active(), 0
        self.stage, self.robot = Stage(graph), Robot(graph, "stand-in")
        k = scene().lens.intrinsics
        tell(graph, calibration(SIZE[1], SIZE[0], focal=(k.fx, k.fy), centre=(k.cx, k.cy)))

    def shows(self, *boxes: Box, frames: int = 4, x: float = 0.0, world: str = "map") -> None:
        """Frames of a camera that is at x of the world."""
        for _ in range(frames):
            self.sec += 1
            at = self.sec + 0.25
            self.graph.frames.listen()
            self.robot.says(edge(world, "base", at, x))
            until(lambda at=at: self._knows(world, at), "tf")
            seen = scene(*boxes).frame()
            self.stage.show(seen.depth_m, seen.normals)
            self.stage.show_labels(seen.labels)
            before = self.done
            self.graph.publish_image(picture(*SIZE), sec=self.sec)
            until(lambda before=before: self.done > before, f"frame {self.sec}")

    @property
    def done(self) -> int:
        counted = self.graph.node.statistics[""].snapshot()
        return counted.published + sum(counted.drops.values())

    def _knows(self, world: str, seconds: float) -> bool:
        at = Time(nanoseconds=round(seconds * 1e9)).to_msg()
        try:
            self.graph.frames.transform(world, FRAME_ID, at)
        except ValueError:
            return False
        return True

    def find(self, text: str, **fields) -> Find.Response:
        return self.graph.call(Find, "/tips/find", Find.Request(text=text, **fields))

    def file(self, what: str, name: str = "") -> MemoryFile.Response:
        return self.graph.call(MemoryFile, f"/tips/memory/{what}", MemoryFile.Request(name=name))

    def clear(self) -> ClearMemory.Response:
        return self.graph.call(ClearMemory, "/tips/memory/clear", ClearMemory.Request())


@pytest.fixture
def robots(graph_with, monkeypatch, tmp_path):
    def start(**parameters) -> Robots:
        given = {**PARAMETERS, "memory.folder": str(tmp_path / "memories"), **parameters}
        return Robots(graph_with(**given), monkeypatch)

    return start


def place(one) -> np.ndarray:
    at = one.region.box.position
    return np.array([at.x, at.y, at.z])


def test_a_thing_is_found_where_it_was_after_the_camera_has_turned_away_and_where_it_is_now(robots):
    it = robots()
    it.shows(LEFT, LAMP_AT)
    it.shows(x=50.0, frames=3)  # somewhere else
    found = it.find("box")
    assert found.success and found.message == "1 of 2 things are box", found.message
    (box,) = found.objects
    assert (found.header.frame_id, found.header.stamp.sec) == ("map", 7)
    # The optical frame is where the robot is, 0.25 m ahead of it in x: 1.8 m deep, to the left.
    assert place(box)[0] == pytest.approx(0.25 - 0.45, abs=0.1)
    assert place(box)[2] == pytest.approx(1.85, abs=0.15)
    assert (box.class_name, box.hits, box.first_seen.sec, box.last_seen.sec) == ("box", 3, 2, 4)
    assert box.region.score > 0.5 and box.region.size.x == pytest.approx(0.3, abs=0.15)
    assert np.linalg.eigvalsh(np.array(box.covariance).reshape(3, 3)).min() > 0

    it.shows(MOVED, LAMP_AT, frames=9)
    (box,) = it.find("box").objects
    assert place(box)[0] == pytest.approx(0.25 + 1.05, abs=0.12), "the answer follows"
    assert place(box)[2] == pytest.approx(2.25, abs=0.2)
    assert len(it.find("lamp").objects) == 1

    asked = {"near": _point(1.3, 0.2, 2.2), "radius_m": 0.5}
    assert len(it.find("box", **asked).objects) == 1
    assert it.find("box", **{**asked, "near": _point(-0.5, 0.2, 2.2)}).objects == []
    asked["near"] = _point(1.05, 0.2, 2.2, FRAME_ID)  # of the camera, as tf has it now
    assert len(it.find("box", **asked).objects) == 1
    assert "does not exist" in it.find("box", near=_point(0, 0, 0, "moon"), radius_m=1.0).message


def _point(x: float, y: float, z: float, frame_id: str = ""):
    request = Find.Request()
    request.near.header.frame_id = frame_id
    point = request.near.point
    point.x, point.y, point.z = float(x), float(y), float(z)
    return request.near


def test_what_is_remembered_is_told_and_kept_in_a_file(robots, tmp_path):
    it = robots()
    told = it.graph.keep(ObjectArray, "/tips/memory/objects", qos.latched())
    drawn = it.graph.keep(MarkerArray, "/tips/memory/markers", qos.latched())
    it.shows(LEFT, LAMP_AT)
    until(lambda: told and len(told[-1].objects) == 2, "the things of the memory")
    until(lambda: drawn and len(drawn[-1].markers) == 5, "two boxes with names")
    assert told[-1].header.frame_id == "map"
    numbers = {one.class_name: one.id for one in told[-1].objects}

    saved = it.file("save", "room")
    assert (saved.success, saved.objects) == (True, 2), saved.message
    assert [file.name for file in (tmp_path / "memories").iterdir()] == ["room.npz"]
    assert it.clear().message == "2 things are forgotten"
    assert it.find("box").objects == [] and it.find("box").success
    until(lambda: told[-1].objects == [], "an empty memory")
    until(lambda: len(drawn[-1].markers) == 1, "nothing is drawn any more")
    loaded = it.file("load", "room.npz")
    assert (loaded.success, loaded.objects) == (True, 2), loaded.message
    assert it.find("box").objects[0].id == numbers["box"]
    until(lambda: len(told[-1].objects) == 2, "the things of the file")
    it.shows(LEFT, LAMP_AT, frames=2)
    assert it.find("box").message == "1 of 2 things are box", "it goes on where it was"


def test_a_new_listener_is_shown_what_is_remembered_where_it_was_and_for_how_long(robots):
    it = robots()
    it.shows(LEFT, LAMP_AT)
    it.shows(x=50.0, frames=3)
    drawn = it.graph.keep(MarkerArray, "/tips/memory/markers", qos.latched())
    until(lambda: drawn, "the memory, drawn")
    first, *others = drawn[-1].markers
    assert first.action == Marker.DELETEALL
    assert {one.header.frame_id for one in others} == {"map"}
    assert {one.lifetime.sec for one in others} == {0}, "until the next one"
    (box,) = it.find("box").objects
    (cube,) = [m for m in others if (m.ns, m.id) == ("boxes", box.id)]
    (name,) = [m for m in others if (m.ns, m.id) == ("names", box.id)]
    assert (cube.type, name.type) == (Marker.CUBE, Marker.TEXT_VIEW_FACING)
    assert name.text == f"box {box.id}, 3 s ago" and cube.color.a > 0.2
    assert name.pose.position.z > cube.pose.position.z
    assert [getattr(cube.pose.position, axis) for axis in "xyz"] == pytest.approx(
        [getattr(box.region.box.position, axis) for axis in "xyz"]
    )


def test_files_are_in_their_folder_and_nowhere_else(robots, tmp_path):
    it = robots(**{"memory.enabled": False})
    for name in ("../room", "/etc/passwd", "a/b", ".hidden", "~", "x" * 200, "a\nb", "é"):
        for what in ("save", "load"):
            answer = it.file(what, name)
            assert not answer.success and "no name for a memory" in answer.message, name
    assert list(tmp_path.rglob("*.npz")) == []


def test_requests_that_can_t_be_cost_one_line_and_the_node_goes_on(robots, tmp_path):
    it = robots()
    for text in ("", " ", "x" * 20_000, "@indoor_robot", "/etc/passwd"):
        answer = it.find(text)
        assert not answer.success and answer.message and "\n" not in answer.message
    for fields in (
        {"min_score": math.nan},
        {"min_score": -1.0},
        {"radius_m": math.nan},
        {"radius_m": -1.0},
        {"radius_m": 1.0, "near": _point(math.nan, 0, 0)},
    ):
        assert not it.find("box", **fields).success, fields
    assert it.find("box", max_results=2**32 - 1).success
    (tmp_path / "memories").mkdir(exist_ok=True)
    (tmp_path / "memories" / "no.npz").write_bytes(b"PK no memory")
    assert "no.npz is no memory of tips_ros" in it.file("load", "no").message
    assert "saved are no" in it.file("load", "other").message
    it.shows(LEFT)
    assert it.find("box").objects


def test_without_a_map_odometry_serves_until_there_is_one(robots):
    it = robots()
    it.shows(LEFT, world="odom")
    assert it.find("box").header.frame_id == "odom"
    it.sec += 1
    it.robot.is_built(edge("map", "odom", 0.0, 10.0))
    until(lambda: it._knows("map", it.sec - 1 + 0.25), "the map")
    it.sec -= 1
    it.shows(LEFT, world="odom", frames=3)
    found = it.find("box")
    (box,) = found.objects
    assert found.header.frame_id == "map" and box.hits >= 5
    assert place(box)[0] == pytest.approx(10.25 - 0.45, abs=0.15)


def test_nothing_is_remembered_and_nothing_runs_where_it_is_off(robots, monkeypatch):
    looked = []
    real = MemoryKeeper.see
    monkeypatch.setattr(
        MemoryKeeper, "see", lambda self, *given: looked.append(given) or real(self, *given)
    )
    it = robots(**{"memory.enabled": False})
    it.shows(LEFT, frames=3)
    counted = it.graph.node.statistics[""].snapshot()
    assert counted.drops == {"unwatched": 3} and not looked
    answer = it.find("box")
    assert answer.success and answer.objects == [] and "memory.enabled is false" in answer.message
    assert it.graph.set_parameter("memory.enabled", True).successful
    it.shows(LEFT, frames=4)
    assert len(looked) == 4 and it.find("box").objects


def test_frames_without_a_pose_are_not_remembered_and_counted(robots):
    it = robots(**{"temporal.frame": "", "memory.frame": "nowhere"})
    it.shows(LEFT, frames=3)
    assert it.find("box").objects == []
    drops = it.graph.node.statistics[""].snapshot().drops
    assert drops == {"incomplete": 3}
