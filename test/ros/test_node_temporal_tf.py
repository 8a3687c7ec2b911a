# SPDX-License-Identifier: Apache-2.0
"""A node that holds depth still by the poses that /tf tells, and goes on where it tells none."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from .depth_bench import SMALL
from .example_messages import FRAME_ID, picture
from .live_graph import until
from .test_node_cameras import status_of
from .test_node_temporal import Watch, brighter
from .tf_bench import Robot, edge, heard, put_in_place

BY_TF = {
    **SMALL,
    "temporal.mode": "full",
    "temporal.frame": "map",
    "depth.scale_source": "model",
}
SPEED = 0.03  # m/s: a frame later 3 mm aside, and nothing in the picture far from where it was
ANOTHER = 255 - picture()


@pytest.fixture(params=("own", "real"))
def kind(request, monkeypatch) -> str:
    put_in_place(request.param, monkeypatch)
    return request.param


class Drive(Watch):
    """A robot whose camera moves aside, and what its node says of how it holds frames still."""

    def __init__(self, graph, kind: str, camera: str = "", static: bool = True) -> None:
        super().__init__(graph, camera)
        self.calibrate()
        self.reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
        self.robot = Robot(graph, kind) if static else None
        self._told = 0

    def tell(self, at_ms: int) -> None:
        """Has the node know where the robot was at that time."""
        if not self._told:
            until(lambda: self.graph.frames.listens, "the node to listen to /tf")
        self.robot.is_at(at_ms / 1000, SPEED * at_ms / 1000)
        self._told += 1
        heard(self.graph, self._told)

    def drive(self, at_ms: int, rgb: np.ndarray | None = None) -> np.ndarray:
        self.tell(at_ms)
        return self.see(at_ms, rgb)

    def says(self) -> dict[str, str]:
        """What diagnostics say of its past, once they count every frame that it answered."""
        of, count = f": camera {self.name}" if self.name else "", str(len(self.depths))
        _, values = status_of(self.reports, of, lambda v: v.get("frames published") == count)
        begin = "temporal "
        return {k.removeprefix(begin): v for k, v in values.items() if k.startswith(begin)}


@pytest.fixture
def drive(graph_with, kind) -> Drive:
    """The node has seen one frame, and knows where it was taken."""
    made = Drive(graph_with(**BY_TF), kind)
    assert made.is_own(made.drive(5000)), "the first frame is as it is"
    return made


def test_frames_are_laid_over_each_other_by_tf(drive: Drive):
    rgb = brighter(9)
    assert not drive.is_own(drive.drive(5100, rgb), rgb)
    said = drive.says()
    assert said["laid over by"] == "pose"
    assert said["pose"] == "known in map"
    assert said["resets"] == "0"


def test_tf_that_stops_is_told_and_flow_serves_until_it_comes_again(drive: Drive):
    drive.drive(5100)
    rgb = brighter(9)
    for at_ms in (5200, 5300):
        assert not drive.is_own(drive.see(at_ms, rgb), rgb), "by flow, which needs no tf"
        rgb = brighter(0)
    said = drive.says()
    assert all(word in said["pose"] for word in ("no transform from", "future", FRAME_ID))
    assert said["laid over by"] in ("flow", "standing")
    assert said["resets"] == "0"
    drive.drive(5400)
    drive.drive(5500)
    said = drive.says()
    assert (said["laid over by"], said["pose"]) == ("pose", "known in map")


def test_a_camera_that_tf_does_not_know_is_held_by_flow(graph_with, kind):
    drive = Drive(graph_with(**{**BY_TF, "temporal.frame": "attic"}), kind)
    drive.drive(5000)
    rgb = brighter(9)
    assert not drive.is_own(drive.drive(5100, rgb), rgb)
    assert "no transform" in (pose := drive.says()["pose"]) and "attic" in pose


def test_what_is_fixed_may_have_been_said_long_before_the_node_listens(graph_with, kind):
    graph = graph_with(**{**BY_TF, "temporal.mode": "off"})
    drive = Drive(graph, kind)  # says on /tf_static where the camera sits, once
    drive.see(4000)
    assert not graph.frames.listens, "what is off listens to nothing"
    assert graph.set_parameter("temporal.mode", "full").successful
    drive.see(4100)
    until(lambda: graph.frames.listens, "the node to listen")
    drive.drive(5000)
    drive.drive(5100)
    assert drive.says()["laid over by"] == "pose"


def test_a_mount_that_is_said_late_counts_from_then_on(graph_with, kind):
    drive = Drive(graph_with(**BY_TF), kind, static=False)
    drive.see(4900)
    until(lambda: drive.graph.frames.listens, "the node to listen")
    assert "no transform from" in drive.says()["pose"]
    drive.robot = Robot(drive.graph, kind)
    # In the order of their stamps, but on two topics: only what was heard is sure.
    until(lambda: _knows_mount(drive), "the mount")
    drive.drive(5000)
    drive.drive(5100)
    assert drive.says()["laid over by"] == "pose"


def _knows_mount(drive: Drive) -> bool:
    try:
        drive.graph.frames.transform("base", FRAME_ID, edge("", "", 1.0).header.stamp)
    except ValueError:
        return False
    return True


def test_a_bag_that_begins_anew_has_its_poses_again_at_once(drive: Drive):
    drive.drive(5100)
    for loop in range(1, 4):
        assert drive.is_own(drive.drive(3000)), "the first frame of a loop is as it is"
        for at_ms in (3100, 3200, 3900, 4600, 5100):
            drive.drive(at_ms)
        said = drive.says()
        assert (said["resets"], said["last reset"]) == (str(loop), "time went back")
        assert said["pose"] == "known in map"
        assert said["laid over by"] == "pose"


def test_a_pause_begins_anew_though_tf_knows_the_way(drive: Drive):
    for at_ms in range(5100, 9000, 500):
        drive.tell(at_ms)
    rgb = brighter(9)
    assert drive.is_own(drive.drive(9000, rgb), rgb)
    said = drive.says()
    assert (said["last reset"], said["resets"]) == ("pause", "1")


def test_over_dropped_frames_tf_leads_on(drive: Drive):
    rgb = brighter(9)
    assert not drive.is_own(drive.drive(5600, rgb), rgb)
    said = drive.says()
    assert (said["laid over by"], said["resets"]) == ("pose", "0")


def test_after_a_cut_a_frame_is_as_without_a_past_and_the_next_goes_on_from_it(drive: Drive):
    drive.drive(5100)
    assert drive.is_own(drive.drive(5200, ANOTHER), ANOTHER)
    said = drive.says()
    assert (said["last reset"], said["resets"]) == ("cut", "1")
    there = np.clip(ANOTHER.astype(int) - 9, 0, 255).astype(np.uint8)
    assert not drive.is_own(drive.drive(5300, there), there)


def test_a_jump_of_the_odometry_is_no_motion(drive: Drive):
    """Nothing of the frame before is in view from so far away."""
    drive.drive(5100)
    drive.robot.is_at(5.2, 500.0)
    drive._told += 1
    heard(drive.graph, drive._told)
    rgb = brighter(9)
    assert drive.is_own(drive.see(5200, rgb), rgb)
    assert drive.says()["resets"] == "1"


def test_deactivating_forgets_the_frames_and_what_moves_and_hears_what_is_fixed_again(
    drive: Drive,
):
    drive.drive(5100)
    for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert drive.graph.call(ChangeState, "/tips/change_state", request).success
    drive.graph.active()
    drive.calibrate()
    drive._told = 0
    rgb = brighter(9)
    assert drive.is_own(drive.drive(5200, rgb), rgb)
    drive.drive(5300)
    said = drive.says()
    assert (said["laid over by"], said["resets"]) == ("pose", "0")


def test_two_cameras_at_different_rates_have_their_own_poses_and_pasts(graph_with, kind):
    graph = graph_with(**BY_TF, cameras=["front", "rear"])
    front, rear = Drive(graph, kind, "front"), Drive(graph, kind, "rear", static=False)
    robot = front.robot
    robot.says(edge("base", "front_optical_frame", 0.0))  # on /tf, and not static
    for step in range(8):
        at_ms = 5000 + 100 * step
        robot.says(edge("base", "front_optical_frame", at_ms / 1000))
        robot.is_at(at_ms / 1000, SPEED * at_ms / 1000)
        heard(graph, 2 * (step + 1))
        front.see(at_ms, brighter(9 * (step % 2)))
        if step % 4 == 0:
            rear.see(at_ms + 30, ANOTHER)
    said = front.says()
    assert (said["laid over by"], said["pose"], said["resets"]) == ("pose", "known in map", "0")
    said = rear.says()
    assert "rear_optical_frame" in said["pose"]
    assert said["laid over by"] in ("flow", "standing")
    assert said["resets"] == "0"
