# SPDX-License-Identifier: Apache-2.0
"""~/points_filtered, ~/locate and a LiDAR through tf that is late, loops, stops, or never comes."""

import logging
import time
from itertools import count

import numpy as np
import pytest
from builtin_interfaces.msg import Time as Stamp
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Header
from tips_ros.srv import Locate

from .analytic_scene import Scene, Stage, calibration, rays_of
from .depth_bench import Bench, is_sensor
from .example_messages import FRAME_ID, picture
from .live_graph import PATIENCE_S, until
from .sensor_scene import cloud_message
from .test_node_geometry import QUIET, cloud_of, tell
from .tf_bench import KINDS, Robot, edge, heard, put_in_place

SIZE = (120, 160)
CAMERA = calibration()
PLACED = {
    **QUIET,
    "points_filtered.target_frame": "map",
    "points_filtered.voxel_m": 0.0,
    "points_filtered.transform_timeout_s": 20.0,
}


@pytest.fixture(params=KINDS)
def kind(request, monkeypatch):
    put_in_place(request.param, monkeypatch)
    return request.param


@pytest.fixture
def said(caplog):
    """The node's log from warnings upwards."""
    logger = logging.getLogger("tips_ros")
    logger.addHandler(caplog.handler)
    yield lambda: list(
        {id(r): r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING}.values()
    )
    logger.removeHandler(caplog.handler)


@pytest.fixture
def live(graph_with, kind):
    """A node whose filtered cloud is wanted in map, its robot, and a function that shows a frame.

    Frame n was taken at n and a quarter seconds.
    """

    def start(*names, **parameters):
        graph = graph_with(**{**PLACED, **parameters}).active()
        Stage(graph).show(*Scene().seen_along(rays_of(CAMERA, SIZE))[:2])
        graph.listen("points_filtered", "depth/image", *names)
        tell(graph, CAMERA)
        return graph, Robot(graph, kind), lambda sec: show(graph, sec)

    return start


def show(graph, sec, rgb=None):
    """Publishes an image and waits until its depth has come."""
    before = len(graph.received["depth/image"])
    graph.publish_image(picture(*SIZE) if rgb is None else rgb, sec=sec)
    until(lambda: len(graph.received["depth/image"]) > before, f"depth of {sec}")


def clouds(graph):
    return [message.header.stamp.sec for message in graph.received["points_filtered"]]


def withheld(graph):
    return graph.node.statistics[""].snapshot().withheld.get("points_filtered", {})


def test_clouds_wait_for_late_tf_and_come_in_order_while_nothing_else_waits(live, said):
    graph, robot, show_frame = live()
    robot.is_at(0.0)
    heard(graph)
    for sec in (1, 2, 3):
        show_frame(sec)  # its depth comes
    assert not clouds(graph)
    assert graph.node.statistics[""].snapshot().in_flight == 3
    robot.is_at(2.5, 25.0)
    until(lambda: clouds(graph) == [1, 2], "the clouds up to then")
    robot.is_at(4.5, 45.0)
    until(lambda: clouds(graph) == [1, 2, 3], "the rest")
    until(lambda: graph.node.statistics[""].snapshot().published == 3, "their accounts")
    assert not withheld(graph) and not said()
    assert {m.header.frame_id for m in graph.received["points_filtered"]} == {"map"}


def test_a_held_cloud_is_that_of_its_own_frame_whatever_is_published_meanwhile(live):
    """~/points of each frame is made in the same memory."""
    graph, robot, show_frame = live("points")
    whole = []
    for sec in (1, 2, 3):
        scene = Scene(wall_point=np.array([0.0, 0.0, 2.2 + sec]))
        Stage(graph).show(*scene.seen_along(rays_of(CAMERA, SIZE))[:2])
        show_frame(sec)
        until(lambda n=sec: len(graph.received["points"]) == n, "its points")
        whole.append(cloud_of(graph.received["points"][-1]))
    robot.is_at(0.0)
    robot.is_at(4.0, 40.0)
    until(lambda: len(clouds(graph)) == 3, "the clouds")
    for sec, message, points in zip(
        (1, 2, 3), graph.received["points_filtered"], whole, strict=True
    ):
        valid = points[np.isfinite(points["z"])]
        placed = cloud_of(message)[0]
        np.testing.assert_array_equal(placed["z"], valid["z"])
        moved_m = 10.0 * (sec + 0.25) + 0.25
        np.testing.assert_allclose(placed["x"], valid["x"] + moved_m, atol=1e-4)


def test_tf_that_never_comes_costs_this_topic_and_one_message(live, said):
    graph, _, show_frame = live(**{"points_filtered.transform_timeout_s": 0.2})
    for sec in (1, 2, 3):
        show_frame(sec)
    until(lambda: withheld(graph) == {"no transform": 3}, "them to be given up")
    assert not clouds(graph)
    assert len(said()) == 1 and "Publish that transform" in said()[0]
    assert graph.node.statistics[""].snapshot().published == 3


def test_without_a_time_to_wait_late_tf_is_no_tf(live):
    graph, robot, show_frame = live(**{"points_filtered.transform_timeout_s": 0.0})
    robot.is_at(0.0)
    heard(graph)
    show_frame(1)
    until(lambda: withheld(graph) == {"no transform": 1}, "it to be given up")
    robot.is_at(3.0)
    heard(graph, 2)
    show_frame(2)
    until(lambda: clouds(graph) == [2], "the next")


def test_images_from_before_all_tf_are_passed_over_without_a_word(live, said):
    """So each start is: some images come first."""
    graph, robot, show_frame = live()
    robot.is_at(1.5)
    robot.is_at(1.9)
    heard(graph, 2)
    show_frame(1)
    until(lambda: withheld(graph) == {"no transform": 1}, "it to be given up at once")
    robot.is_at(3.0)
    show_frame(2)
    until(lambda: clouds(graph) == [2], "the first that can be placed")
    assert not said()


@pytest.mark.parametrize("loop_s", [5, 40])  # within what tf2 keeps, and beyond
def test_a_bag_that_begins_anew_has_its_clouds_again_at_once(live, said, capfd, loop_s):
    graph, robot, show_frame = live()
    at = (100, 100 + loop_s)
    count = 0
    for _ in range(3):
        for sec in at:
            show_frame(sec)  # then its tf
            robot.is_at(sec + 0.0, sec)
            robot.is_at(sec + 1.0, sec + 1.0)
            count += 1
            until(lambda n=count: len(clouds(graph)) == n, f"cloud {count}")
    assert clouds(graph) == [*at] * 3
    assert not withheld(graph) and not said()
    assert "TF_OLD_DATA" not in capfd.readouterr().err


def test_a_clock_that_begins_anew_leaves_neither_old_places_nor_old_clouds(live, said):
    graph, robot, show_frame = live(use_sim_time=True)

    def clock(seconds):
        graph.publish(Clock(clock=Stamp(sec=seconds)), "/clock")
        until(lambda: graph.node.get_clock().now().nanoseconds == seconds * 10**9, "the clock")

    clock(101)
    robot.is_at(100.0)
    robot.is_at(102.0)
    heard(graph, 2)
    show_frame(100)
    until(lambda: clouds(graph) == [100], "a cloud")
    show_frame(120)  # its tf does not come any more
    robot.is_at(10.0, 1.0)
    heard(graph, 3)
    clock(10)
    until(lambda: withheld(graph) == {"rewound": 1}, "the old one to be given up")
    show_frame(10)
    robot.is_at(11.0, 2.0)
    until(lambda: clouds(graph) == [100, 10], "a cloud of the new time, by tf from before /clock")
    assert not said()


def test_time_that_stands_still_holds_up_nothing(live):
    graph, robot, show_frame = live(
        use_sim_time=True, **{"points_filtered.transform_timeout_s": 0.3}
    )
    graph.publish(Clock(clock=Stamp(sec=2)), "/clock")
    robot.is_at(1.0)
    heard(graph)
    show_frame(1)
    until(lambda: withheld(graph) == {"no transform": 1}, "it to be given up in real time")
    assert graph.set_parameter("points_filtered.transform_timeout_s", 20.0).successful
    show_frame(2)
    robot.is_at(3.0)
    until(lambda: clouds(graph) == [2], "the next")


def test_deactivation_gives_up_what_waits_and_the_next_activation_starts_afresh(live):
    graph, robot, show_frame = live()
    for cycle in range(3):
        heard(graph, 0)
        show_frame(1)
        assert not withheld(graph).get("no transform"), "it waits"
        graph.node.trigger_deactivate()
        assert withheld(graph) == {"deactivated": cycle + 1}
        assert not graph.frames.listens
        graph.node.trigger_activate()
        Stage(graph).show(*Scene().seen_along(rays_of(CAMERA, SIZE))[:2])
        tell(graph, CAMERA)
    until(lambda: graph.frames.listens, "it to listen")
    robot.is_at(0.0)
    robot.is_at(3.0)
    show_frame(2)
    until(lambda: clouds(graph) == [2], "a cloud")


def test_one_cameras_late_tf_does_not_hold_up_anothers(graph_with, kind):
    graph = graph_with(
        cameras=["front", "rear"], **{**PLACED, "front.points_filtered.target_frame": "attic"}
    ).active()
    robot = Robot(graph, kind)
    for camera in ("front", "rear"):
        graph.listen("points_filtered", camera=camera)
        graph.publish(CAMERA, f"/{camera}/camera_info")
    until(lambda: all(camera.input.camera_info for camera in graph.node.work.cameras), "CameraInfo")
    for parent, child in (("map", "rear_optical_frame"), ("attic", "stairs")):
        for seconds in (0.0, 9.0):
            robot.says(edge(parent, child, seconds))
    for camera in ("front", "rear"):
        graph.publish_image(picture(*SIZE), camera=camera)
    until(lambda: graph.received["rear/points_filtered"], "the rear camera's cloud")
    assert not graph.received["front/points_filtered"]


def locate(graph, **fields):
    return Locate.Request(prompt="wall", timeout_s=PATIENCE_S, **fields)


@pytest.mark.parametrize("late_s", [0, 3], ids=["soon", "frames of 3 s ago"])
def test_the_first_question_for_a_place_in_another_frame_is_answered(graph_with, kind, late_s):
    """Nothing listens to tf until then: what a slow machine shows is of a time before."""
    graph = graph_with(**QUIET).active()
    robot = Robot(graph, kind)
    client = graph.probe.create_client(Locate, "/tips/locate")
    assert client.wait_for_service(PATIENCE_S)
    answer = client.call_async(locate(graph, target_frame="map"))
    seconds = count(1)

    def answered() -> bool:
        sec = next(seconds)
        graph.publish_image(sec=sec)
        robot.is_at(sec + late_s, sec)
        time.sleep(0.1)
        return answer.done()

    until(answered, "an answer")
    assert answer.result().success, answer.result().message
    assert answer.result().header.frame_id == "map"


def test_points_whose_transform_is_late_are_compared_when_it_has_come(graph_with, kind):
    bench = Bench(graph_with(**{**QUIET, "depth.scale_source": "sensor"}))
    bench.calibrate()
    bench.frame()  # it listens to the sensor from the first on
    robot = Robot(bench.graph, kind)

    def lidar(header: Header):
        # Turned 1 m to the side of the camera; its transform lags a frame and a half behind.
        robot.says(edge(FRAME_ID, "lidar", header.stamp.sec - 1.0, 1.0))
        there = np.eye(4)
        there[0, 3] = -1.0
        return cloud_message(header, 0.5 * bench.raw, "lidar", there)

    bench.frames_until(is_sensor, "the sensor's scale", lidar, "sensor/points")
    assert bench.info.scale == pytest.approx(0.5, rel=0.02)
