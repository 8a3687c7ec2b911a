# SPDX-License-Identifier: Apache-2.0
"""Every command line of README, CONTRIBUTING and docs names what there is."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from ..launch.launch_file import ARGUMENTS
from .checks import DECLARED, INPUTS, check, parameter
from .pages import PAGES, assignments, blocks, commands, name

COMMANDS = sorted(set(commands()))


def test_commands_are_found():
    found = {command.line.split()[0] for command in COMMANDS}
    assert {"./run", "ros2", "tips_ros", "pip", "python3"} <= found
    assert len(COMMANDS) > 100


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c.page}: {c.line}")
def test_a_command_line_is_understood(command):
    check(command.line)


@pytest.mark.parametrize(
    "line",
    [
        "./run exce tips_ros doctor",
        "tips_ros infre photo.jpg",
        "tips_ros infer photo.jpg --hfov 63 --no-such",
        "tips_ros bag IN",
        "./run exec tips_ros infer photo.jpg --precision fp8",
        "ros2 launch tips_ros tips.launch.py imgae:=/x",
        "ros2 launch tips_ros tips.launch.py image_transport:=theora",
        "ros2 launch tips_ros tips.launch.py rviz:=maybe",
        "ros2 run tips_ros tips",
        "ros2 param set /tips points.strid 2",
        "ros2 param set /tips points.stride much",
        "ros2 topic echo /tips/semantic/mask",
        "ros2 service call /tips/locate tips_ros/srv/Locate '{promt: cup}'",
        "tips_node --ros-args -r camera:=/x",
        "tips_node --ros-args -p modle:=demo",
        "pip install '.[openvin]'",
        "python benchmarks/transport.py --frame 40",
        "pytest test/no_such",
        "frobnicate --now",
    ],
)
def test_a_wrong_one_is_noticed(line):
    with pytest.raises((AssertionError, TypeError)):
        check(line)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_for_a_shell_are_in_its_language(page):
    for block in blocks(page, "bash"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_of_python_and_yaml_can_be_read(page):
    for block in blocks(page, "python"):
        compile(block, name(page), "exec")
    for block in blocks(page, "yaml"):
        yaml.safe_load(block)


@pytest.mark.parametrize("found", sorted(set(assignments())), ids=lambda c: f"{c.page}: {c.line}")
def test_an_assignment_in_running_text_is_one_of_the_launch_or_of_the_node(found):
    text = found.line.removeprefix("-r ").removeprefix("-p ").split(" ")[0]
    left, _, right = text.partition(":=")
    if found.line.startswith("-p "):
        parameter(left, right)
    else:
        known = {*ARGUMENTS, *INPUTS, "__ns", "__node", *DECLARED}
        assert left in known or left.startswith("qos_overrides."), text
