# SPDX-License-Identifier: Apache-2.0
"""Faults on the command line of `tips_node`, or in a file on it: one line with the fix."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tips_ros.resources import share_dir
from tips_ros.ros.process import command_line
from tips_ros.ros.process.parameter_files import for_others
from tips_ros.ros.process.remappings import find_misspelt
from tips_ros.ros.topics.names import INPUTS, input_topic

from ..forked_node import ForkedNode
from ..live_graph import PATIENCE_S

pytestmark = pytest.mark.slow

EXECUTABLE = str(share_dir().parents[1] / "lib" / "tips_ros" / "tips_node")
HEAD = "/**:\n  ros__parameters:\n    "


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EXECUTABLE, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture
def forked(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """As `run`, sooner."""

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        out, error = tmp_path / "out", tmp_path / "error"
        status = ForkedNode(arguments, out, error).wait(PATIENCE_S)
        return subprocess.CompletedProcess(arguments, status, out.read_text(), error.read_text())

    return start


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The node's one line; beside it there are ROS's own log lines at the most."""
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("[")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("tips_node: ")
    return lines[0]


def test_help_is_shown_and_nothing_is_started():
    assert command_line.asks_for_help(["-h"])
    done = run("--help")
    assert done.returncode == 0
    assert done.stdout == command_line.help_text()
    assert not done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--params", "x.yaml"], "unknown argument --params"),
        (["--ros-args", "-p", "model:=demo", "--", "image"], "unknown argument image"),
        (["-p", "model"], "unknown argument -p"),
        (["--ros-args", "-p", "model"], "write NAME:=VALUE"),
        (["--ros-args", "-p", "model:="], "write NAME:=VALUE"),
        (["--ros-args", "--params-file", "/no/such.yaml"], "there is no file /no/such.yaml"),
        (["--ros-args", "--params-file", "/"], "/ can't be read: Is a directory"),
        (["--ros-args", "-p", "points.roi:=[0, 0.5"], "not YAML"),
        (["--ros-args", "-r", "image=/cam"], "-r image=/cam: write FROM:=TO"),
        (["--ros-args", "--remap", "image:="], "write FROM:=TO"),
        (["--ros-args", "-r", "image:=/cam-1/image"], "'/cam-1/image' is no name of a topic"),
        (["--ros-args", "-r", "image:=/cam//image"], "'/cam//image' is no name of a topic"),
        (["--ros-args", "-r", "image:=/1cam/image"], "begin with a letter"),
        (["--ros-args", "-r", "image:=/cam/image/"], "'/cam/image/' is no name of a topic"),
        (["--ros-args", "-r", "__ns:=front"], "write __ns:=/front"),
        (["--ros-args", "-r", "__ns:=/a/front/"], "write __ns:=/a/front"),
        (["--ros-args", "-r", "tips:__ns:=/fr ont"], "a namespace begins with /"),
        (["--ros-args", "-r", "__ns:=/9front"], "as in __ns:=/robot1"),
        (["--ros-args", "-r", "__ns:=/fr__ont"], "as in __ns:=/robot1"),
        (["--ros-args", "-r", "__node:=9tips"], "a node's name has letters"),
        (["--ros-args", "-p", "points.roi:=[0, 0.5, 1, 1]"], "write [0.0, 0.5, 1.0, 1.0]"),
    ],
)
def test_an_argument_that_can_t_be_is_told_with_the_fix(arguments, said):
    with pytest.raises(ValueError) as refused:
        command_line.check(arguments)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--ros-args"],
        ["--ros-args", "-r", "image:=/a", "-p", "max_age_s:=5", "--log-level", "debug"],
        ["--ros-args", "-r", "image:=/a", "--"],
        ["--ros-args", "-r", "__ns:=/", "-r", "tips:__node:=front_eye", "-r", "~/points:=cloud"],
        ["--ros-args", "-r", "/tf:=tf", "-r", "image:=~/in", "-r", "image:={node}/_in/x2"],
        ["image:=/a"],  # as it was written before --ros-args, which ROS still takes
        ["--ros-args", "-p", "prompts:=['door; cup', \"a: b\"]"],
        ["--ros-args", "-p", "points_filtered.target_frame:=''"],
    ],
)
def test_what_ros_takes_is_let_through(arguments):
    command_line.check(arguments)
    assert not command_line.asks_for_help(arguments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}extrinsics:\n      xyz: [0.15, 0, 0.42]\n", "line 4: extrinsics.xyz has whole"),
        (f"{HEAD}front: {{extrinsics: {{rpy: [1, 2.0, 3]}}}}\n", "[1.0, 2.0, 3.0]"),
        (f"{HEAD}prompt_thresholds:\n    - 0.5\n    - 1\n", "prompt_thresholds"),
        (f"{HEAD}prompts: [door,\n    model: demo\n", "not YAML"),
        (f"{HEAD}\tmodel: demo\n", "line 3: not YAML"),
        (f'{HEAD}model: "demo\n', "not YAML"),
        (f"{HEAD}model:\n    device: cpu\n", "line 3: model has no value"),
        (f"{HEAD}points:\n      stride: # 2\n", "line 4: points.stride has no value"),
        ("model: demo\n", "line 1: parameters stand outside of `ros__parameters:`"),
        ("tips:\n  points:\n    stride: 2\n", "line 3: parameters stand outside of"),
        ("tips:\n  ros__parameter:\n    stride: 2\n", "write `/**:`, below it `ros__parameters:`"),
        ("- model: demo\n", "line 1: parameters stand outside of"),
        ("/**:\n  ros__parameters: [1, 2]\n", "must have NAME: VALUE below it"),
        ("all: &all {stride: 2}\n/**:\n  ros__parameters: *all\n", "does not follow YAML's *all"),
    ],
)
def test_a_file_that_ros_can_t_read_is_named_with_the_line(tmp_path: Path, text: str, said: str):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=str(file)) as refused:
        command_line.check(["--ros-args", "--params-file", str(file)])
    assert said in str(refused.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"\xff\xfe\x00model")
    with pytest.raises(ValueError, match="not a text in UTF-8"):
        command_line.check(["--ros-args", "--params-file", str(file)])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ros-args", "--bogus"], "'--bogus'"),
        (["--ros-args", "-r", "__ns:=a//b"], "__ns:=a//b"),
        (["--ros-args", "-p", "use_sim_time:=3"], "use_sim_time"),
        (["--ros-args", "-p", "points.min_range_m:=6", "-p", "points.max_range_m:=5"], "above"),
        (["--bogus"], "unknown argument --bogus"),
    ],
)
def test_the_process_ends_with_one_line_and_no_traceback(forked, arguments, said):
    assert said in refusal(forked(*arguments))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("max_age_s:", "line 3"),  # no value
        ("extrinsics: {xyz: [0.15, 0, 0.42]}", "write [0.15, 0.0, 0.42]"),
        ("autostart: 'true'", "autostart must be true or false"),
    ],
)
def test_a_file_as_people_write_it_ends_the_process_with_one_line(
    forked, tmp_path: Path, line, said
):
    file = tmp_path / "mine.yaml"
    file.write_text(f"{HEAD}{line}\n", encoding="utf-8")
    assert said in refusal(forked("--ros-args", "--params-file", str(file)))


def test_what_ros_says_is_told_without_the_places_in_its_sources():
    error = RuntimeError(
        "failed to initialize rcl: Couldn't parse x.\n Error: No value at line 3, at "
        "/project/src/parse.c:258, at /project/src/rcl/arguments.c:415"
    )
    assert command_line.shorten_complaint(error) == "Couldn't parse x. Error: No value at line 3"


@pytest.mark.parametrize(
    ("text", "of_it"),
    [
        ("/**:\n  ros__parameters: {model: demo}\n", True),
        ("tips:\n  ros__parameters: {model: demo}\n", False),  # /tips, not /robot1/tips
        ("robot1:\n  tips:\n    ros__parameters: {model: demo}\n", True),
        ("/*/tips:\n  ros__parameters: {model: demo}\n", True),
        ("/**/tips:\n  ros__parameters: {model: demo}\n", True),
        ("/robot2/tips:\n  ros__parameters: {model: demo}\n", False),
        ("/**:\n  ros__parameters: {}\n", False),
        ("/**:\n  ros__parameters:\n#    model: demo\n", False),
        ("# nothing\n", False),
    ],
)
def test_a_file_in_which_nothing_is_for_the_node_is_found(tmp_path: Path, text: str, of_it: bool):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    command_line.check(["--ros-args", "--params-file", str(file)])
    assert for_others([str(file)], "/robot1/tips") == ([] if of_it else [str(file)])


def test_a_remapping_of_what_is_no_topic_is_told_with_the_one_it_may_be():
    def said(*sources: str, cameras: tuple[str, ...] = ("",)) -> list[str]:
        remaps = [word for source in sources for word in ("-r", f"{source}:=/x")]
        return find_misspelt(
            ["--ros-args", *remaps], [input_topic(c, name) for c in cameras for name in INPUTS]
        )

    assert said("image", "/camera_info", "tips:imu", "~/points", "/tf", "__ns") == []
    assert said("imgae") == ["-r imgae:=/x: there is no topic imgae; image perhaps"]
    assert "camera_info perhaps" in said("camerainfo")[0]
    assert "sensor/depth perhaps" in said("sensor_depth")[0]
    two = said("image", "front/image", cameras=("front", "rear"))
    assert two == ["-r image:=/x: there is no topic image; front/image or rear/image perhaps"]
