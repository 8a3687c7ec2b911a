# SPDX-License-Identifier: Apache-2.0
"""The node started with config/tips.yaml, as the launch file starts it."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import ReliabilityPolicy

from tips_ros.replay.node_monitor import NodeMonitor
from tips_ros.resources import share_dir
from tips_ros.ros.parameters.table import PARAMETERS

from .forked_node import ForkedNode
from .live_graph import PATIENCE_S, until

pytestmark = pytest.mark.live

FILE = share_dir() / "config" / "tips.yaml"
EXECUTABLE = str(share_dir().parents[1] / "lib" / "tips_ros" / "tips_node")
CAMERA = ["-r", "image:=/camera/color/image_raw", "-r", "camera_info:=/camera/color/camera_info"]


def with_file(path: Path, *more: str) -> list[str]:
    return ["--ros-args", "--params-file", str(path), *CAMERA, *more]


def parameters_of(graph, node: str) -> dict:
    names = [p.name for p in PARAMETERS]
    request = GetParameters.Request(names=names)
    values = graph.ask(GetParameters, f"{node}/get_parameters", request).values
    return dict(zip(names, map(parameter_value_to_python, values), strict=True))


def test_the_node_takes_every_value_of_the_file_and_listens_to_the_remapped_camera(graph_with):
    graph = graph_with(with_file(FILE)).active()
    assert parameters_of(graph, "/tips") == {p.name: p.default for p in PARAMETERS}
    assert graph.camera.input.topic == "/camera/color/image_raw"
    assert graph.camera.input.info_topic == "/camera/color/camera_info"


@pytest.mark.parametrize("key", ["/**", "/tips", "tips", "/*"])
def test_a_file_s_integers_are_taken_where_doubles_are_meant_and_the_other_way(
    graph_with, tmp_path, key
):
    file = tmp_path / "mine.yaml"
    file.write_text(
        f"""{key}:
  ros__parameters:
    autostart: false
    cameras: [front, rear]
    max_age_s: 1
    rotation_deg: 90.0
    points: {{min_range_m: 6, max_range_m: 10, exclude: []}}
    points_filtered.voxel_m: 1
    front: {{extrinsics: {{xyz: [0, 0, 1]}}, rotation_deg: 180}}
""",
        encoding="utf-8",
    )
    graph = graph_with(with_file(file))
    assert [graph.parameter(n) for n in ("max_age_s", "rotation_deg")] == [1.0, 90]
    assert graph.parameter("points.exclude") == []
    assert [graph.parameter(f"points.{n}_range_m") for n in ("min", "max")] == [6.0, 10.0]
    assert graph.parameter("points_filtered.voxel_m") == 1.0
    assert graph.parameter("front.extrinsics.xyz") == [0.0, 0.0, 1.0]
    assert [graph.parameter(f"{c}.rotation_deg") for c in ("front", "rear")] == [180, 90]
    # What the file gave to one camera is its own.
    assert graph.set_parameter("rotation_deg", 270).successful
    assert [graph.parameter(f"{c}.rotation_deg") for c in ("front", "rear")] == [180, 270]


def test_misspelt_and_foreign_names_of_a_file_are_told_with_the_right_one(
    graph_with, tmp_path, capfd
):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "/**: {ros__parameters: {autostart: false, max_age: 1, left: {rectified: true}}}",
        encoding="utf-8",
    )
    graph_with(with_file(file))
    said = capfd.readouterr().err
    assert "there is no parameter max_age; max_age_s perhaps; it is ignored" in said
    assert "there is no parameter left.rectified" in said


def test_a_file_for_another_node_is_told(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("/depth_node:\n  ros__parameters:\n    model: demo\n", encoding="utf-8")
    node = subprocess.Popen(
        # A parameter besides, as the launch file gives some, is no reason to be silent.
        [EXECUTABLE, "--ros-args", "--params-file", str(file), "-p", "device:=cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = next(line for line in node.stdout if "nothing for" in line or "listening" in line)
    finally:
        node.send_signal(signal.SIGINT)
        node.communicate(timeout=PATIENCE_S)
    assert f"nothing for /tips or /** in {file}" in said


def test_a_node_that_a_value_keeps_from_being_is_gone_and_can_be_destroyed_again(graph_with):
    graph = graph_with(autostart=False)
    made = []

    class Kept(type(graph.node)):
        def __init__(self, **kwargs):
            made.append(self)
            super().__init__(**kwargs)

    bad = [Parameter("max_age_s", value=-1.0)]
    with pytest.raises(ValueError, match="max_age_s"):
        Kept(context=graph.context, parameter_overrides=bad)
    assert not list(made[0].publishers)
    assert not list(made[0].services)
    before = logging.getLogger("tips_ros").handlers
    made[0].destroy_node()  # as the context of later releases does it for every node
    assert logging.getLogger("tips_ros").handlers == before
    assert len(before) == 1


def test_what_the_launch_passes_after_the_file_wins(graph_with):
    graph = graph_with(with_file(FILE, "-p", "autostart:=false", "-p", "device:=cpu"))
    values = parameters_of(graph, "/tips")
    assert (values["autostart"], values["device"]) == (False, "cpu")


def test_the_quality_of_service_example_works_once_its_comments_are_taken_away(
    graph_with, tmp_path
):
    example = FILE.read_text(encoding="utf-8").partition("    # qos_overrides:")
    uncommented = re.sub(r"^    # ", "    ", "".join(example[1:]), flags=re.MULTILINE)
    file = tmp_path / "tips.yaml"
    file.write_text(example[0] + uncommented, encoding="utf-8")

    graph = graph_with(with_file(file)).active()

    def reliability(found) -> list:
        return [end.qos_profile.reliability for end in found]

    inputs = until(
        lambda: graph.probe.get_subscriptions_info_by_topic("/camera/color/image_raw"), "the input"
    )
    points = until(lambda: graph.probe.get_publishers_info_by_topic("/tips/points"), "the output")
    assert reliability(inputs) == [ReliabilityPolicy.RELIABLE]
    assert reliability(points) == [ReliabilityPolicy.BEST_EFFORT]


@pytest.mark.parametrize(
    "line", ["output_scale: 0.0", "image_transport: foo", "points: {stride: 0}", "max_age_s: -1"]
)
def test_a_bad_value_in_a_file_is_refused_at_the_start_and_named(line, tmp_path):
    file = tmp_path / "tips.yaml"
    file.write_text(f"/**:\n  ros__parameters:\n    {line}\n", encoding="utf-8")
    out, error = tmp_path / "out", tmp_path / "error"
    assert ForkedNode(with_file(file), out, error).wait(PATIENCE_S) == 1
    assert "Traceback" not in error.read_text()
    assert re.match(r"\w+", line)[0] in error.read_text()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("output_scale", 0.0, "0.01"),
        ("image_transport", "foo", "choose one of raw, compressed"),
        ("points.stride", 0, "must be 1 to 64"),
        ("autostart", False, "read-only"),
    ],
)
def test_a_bad_value_at_run_time_is_refused_with_the_reason(graph_with, name, value, reason):
    graph = graph_with(autostart=False)
    before = parameters_of(graph, "/tips")
    wanted = Parameter(name, value=value).to_parameter_msg()
    request = SetParameters.Request(parameters=[wanted])
    (result,) = graph.call(SetParameters, "/tips/set_parameters", request).results
    if name == "autostart":
        before["autostart"] = False  # as this test started it
    assert not result.successful
    assert reason in result.reason
    assert parameters_of(graph, "/tips") == before


def test_the_executable_runs_in_a_namespace_and_ends_cleanly_on_ctrl_c(graph_with):
    """As the launch file starts it, in a process of its own."""
    graph = graph_with(autostart=False)
    domain = graph.context.get_domain_id()
    arguments = with_file(FILE, "-r", "__node:=tips", "-r", "__ns:=/robot1")
    node = subprocess.Popen(
        [EXECUTABLE, *arguments],
        env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        watch = NodeMonitor(graph.probe, "robot1/tips")
        until(lambda: watch.state() == "active", "the node to become active")
        assert parameters_of(graph, "/robot1/tips") == {p.name: p.default for p in PARAMETERS}
    finally:
        node.send_signal(signal.SIGINT)
        output, _ = node.communicate(timeout=PATIENCE_S)
    assert node.returncode == 0, output
    assert "Traceback" not in output
    assert "listening to /camera/color/image_raw" in output
