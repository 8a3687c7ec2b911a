# SPDX-License-Identifier: Apache-2.0
"""Diagnostics say what is so now: fixed keys, one number each, nothing older than they say."""

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from tips_ros.ros.health.diagnostics import CameraState, NodeState, statuses
from tips_ros.ros.health.statistics import Failure, Statistics
from tips_ros.ros.pipeline import camera as camera_module

from ..live_graph import until
from .test_diagnostics_docs import documented

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


def running(**fields):
    """A camera with an image just now."""
    statistics = Statistics()
    statistics.count_arrival().publish({}, None, 0.1)
    fields.setdefault("listening_s", 100.0)
    return CameraState("front", statistics.snapshot(), [], {}, topic="/image", **fields)


def silent_from_the_start():
    return CameraState("front", Statistics().snapshot(), [], {}, topic="/image")


def summary(camera):
    _, status = statuses(NodeState("tips", None, "", {}, [camera], 5.0))
    return status.level, status.message


def failed(cause, seconds_ago):
    camera = running()
    failure = Failure(cause, "why", seconds_ago)
    return camera._replace(snapshot=camera.snapshot._replace(failure=failure))


@pytest.mark.parametrize(
    ("camera", "level", "words"),
    [
        (failed("failed", 1.0), ERROR, "why"),
        (failed("unreadable", 1.0), WARN, "why"),
        (failed("incomplete", 1.0), WARN, "why"),
        (failed("failed", 3600.0), OK, ""),
        (running(doubt="old"), WARN, "old"),
        (running(clock_missing=True), WARN, "/clock"),
        (running(paused=True), OK, "stands still"),
        (running(listening_s=None), OK, "resting"),
        (running(active=False), OK, "inactive"),
        (silent_from_the_start(), WARN, "no images on"),
    ],
)
def test_the_level_is_that_of_the_last_seconds(camera, level, words):
    found = summary(camera)
    assert found[0] == level
    assert words in found[1]


def test_silence_is_counted_from_the_last_image_the_subscription_and_the_end_of_a_pause():
    camera = running()
    quiet = camera._replace(snapshot=camera.snapshot._replace(seconds_since_image=60.0))
    assert quiet.silent_s == 60.0
    assert quiet._replace(listening_s=2.0).silent_s == 2.0
    assert quiet._replace(clock_running_s=1.0).silent_s == 1.0
    assert quiet._replace(paused=True).silent_s is None
    assert quiet._replace(listening_s=None).silent_s is None
    assert summary(quiet)[0] == WARN
    assert summary(quiet._replace(clock_running_s=1.0))[0] == OK


def test_keys_and_their_order_are_the_same_from_the_first_report_to_the_last(graph_with):
    graph = graph_with(autostart=False, input_height=56, input_width=56)
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)

    def report():
        count = len(reports)
        return until(lambda: reports[count + 1 :], "a report")[0].status[0]

    def change(name):
        transition = Transition(id=getattr(Transition, f"TRANSITION_{name}"))
        request = ChangeState.Request(transition=transition)
        assert graph.call(ChangeState, "/tips/change_state", request).success

    found = [report()]
    for name in ("CONFIGURE", "ACTIVATE"):
        change(name)
        found.append(report())
    graph.active().listen("depth/image", "points")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
    found.append(report())
    change("DEACTIVATE")
    found.append(report())
    keys = [[value.key for value in status.values] for status in found]
    assert all(each == keys[0] for each in keys)
    assert {value.key: value.value for value in found[-1].values}["frames published"] == "1"
    for status in found:
        for value in status.values:
            if value.key.endswith(("(ms)", "(Hz)", "(MiB)", "(s)", "(m)", "(%)")) and value.value:
                float(value.value)


@pytest.mark.parametrize(
    "parameters",
    [{"depth.scale_source": "sensor"}, {"memory.enabled": True, "temporal.mode": "full"}],
)
def test_what_is_switched_on_adds_no_key_and_moves_none(graph_with, parameters):
    graph = graph_with(input_height=56, input_width=56, **parameters)
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    graph.active().listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
    count = len(reports)
    (status,) = until(lambda: reports[count + 1 :], "a report")[0].status
    keys = [value.key for value in status.values]
    assert keys == documented("The node's") + documented("A camera's")


def test_cameras_are_there_while_the_node_is_inactive(graph_with):
    graph = graph_with(cameras=["front", "rear"], autostart=False)
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    status = until(lambda: reports, "a report")[0].status
    cameras = ["tips: camera front", "tips: camera rear"]
    assert [s.name for s in status] == ["tips: perception", *cameras]
    assert [s.hardware_id for s in status][1:] == ["/front/image", "/rear/image"]
    assert all(s.hardware_id for s in status)


def test_two_robots_have_two_names(graph_with):
    graph = graph_with(cli_args=["--ros-args", "-r", "__ns:=/robot1"], autostart=False)
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    assert until(lambda: reports, "a report")[0].status[0].name == "robot1/tips: perception"


def test_simulated_time_that_never_began_is_told_and_no_age_is_made_up(graph_with):
    graph = graph_with(use_sim_time=True, input_height=56, input_width=56).active()
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
    until(
        lambda: any("/clock" in r.status[0].message and r.status[0].level == WARN for r in reports),
        "the warning",
    )
    assert graph.camera.statistics.snapshot().age_s is None


def test_a_failed_activation_leaves_nothing_behind(graph_with, monkeypatch):
    graph = graph_with(cameras=["front", "rear"], autostart=False)
    make = camera_module.CameraSubscription

    def refuse(node, name, *given):
        if name == "rear":
            raise RuntimeError("no more readers")
        return make(node, name, *given)

    monkeypatch.setattr(camera_module, "CameraSubscription", refuse)

    def change(name):
        transition = Transition(id=getattr(Transition, f"TRANSITION_{name}"))
        request = ChangeState.Request(transition=transition)
        return graph.call(ChangeState, "/tips/change_state", request).success

    def held():
        node = graph.node
        kinds = (node.publishers, node.subscriptions, node.services, node.timers)
        return [len(list(kind)) for kind in kinds]

    assert change("CONFIGURE")
    before = held()
    for _ in range(3):
        assert not change("ACTIVATE")
        assert held() == before
    assert graph.failure == "no more readers"
