# SPDX-License-Identifier: Apache-2.0
"""`./run exec` of a command that is not there: one line with what to use in its place."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        (["ros2", "run", "tips_ros", "tips_node"], "exec tips_node --ros-args -r image:=TOPIC"),
        (["ros2", "launch", "tips_ros", "tips.launch.py"], "exec tips_node --ros-args"),
        (["ros2", "bag", "play", "x"], "exec tips_ros bag IN OUT"),
        (["ros2", "bag"], "demo --bag IN"),
        (["ros2", "doctor"], "exec tips_ros doctor"),
        (["ros2", "topic", "list"], "docs/viewing.md#without-ros2"),
        (["ros2"], "exec tips_ros --help"),
        (["rviz2"], "docs/viewing.md#without-ros2"),
    ],
    ids=" ".join,
)
def test_a_tool_of_ros_is_refused_before_the_set_up_with_what_to_type(typed, named, run, copy):
    done = run("exec", *typed)
    assert done.returncode == 1 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith(f"tips_ros: no {typed[0]} here")
    assert named in line and "a sourced ROS 2 is used where there is one" in line
    assert str(copy).replace(" ", "\\ ") + "/run" in line  # as it was called, for the shell
    assert not (copy / ".venv").exists()


def test_a_tool_of_ros_that_is_there_is_used(run, program):
    program("ros2", "exit 0")
    assert run(script="CALLED=./run\ncheck_command ros2 topic list; echo on").stdout == "on\n"


def test_one_that_the_environment_has_is_used(run, copy):
    (copy / ".venv" / "bin").mkdir(parents=True)
    tool = copy / ".venv" / "bin" / "ros2"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert run(script="CALLED=./run\ncheck_command ros2; echo on").stdout == "on\n"


def test_another_command_is_looked_for_after_the_set_up(run):
    done = run(script="CALLED=./run\ncheck_command nonesuch; found_command nonesuch")
    assert done.returncode == 1
    assert "no such command: nonesuch; there are tips_ros, tips_node" in done.stderr
