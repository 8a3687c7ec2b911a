# SPDX-License-Identifier: Apache-2.0
"""The command line works where there is no ROS, and what can't says so in one line."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagReader
from tips_ros.cli import COMMANDS
from tips_ros.resources import sample_bag

from .conftest import only_line

pytestmark = pytest.mark.slow

GPU = "TestOnAGpu"
DEPTH = ("--depth-topic", "/tips/depth/image")


def test_there_is_no_ros_in_this_environment(without_ros):
    done = without_ros.python("import rclpy")
    assert "No module named 'rclpy'" in done.stderr


def test_each_command_has_its_help(without_ros):
    done = without_ros.python(
        """
        from tips_ros import cli
        for command in cli.COMMANDS:
            try:
                cli.main([command, "--help"])
            except SystemExit as end:
                assert end.code == 0
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"usage: tips_ros {command} " in done.stdout for command in COMMANDS)


def test_the_whole_has_its_help_and_its_version(without_ros):
    done = without_ros.tips_ros("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(re.search(f"\n    {command}\\s", done.stdout) for command in COMMANDS)
    assert "this needs ROS" not in done.stdout
    assert without_ros.tips_ros("--version").stdout.startswith("tips_ros ")


def test_a_mistyped_command_is_told_with_the_known_ones(without_ros):
    done = without_ros.tips_ros("infre", "photo.jpg")
    assert done.returncode == 2
    assert "infre" in done.stderr and re.search(r"\binfer\b", done.stderr)
    assert "Traceback" not in done.stderr


def test_infer_writes_everything_of_a_picture(without_ros, photo, tmp_path):
    arguments = ("--hfov-deg", "63", "--input-size", "56x84", "--output", tmp_path)
    done = without_ros.tips_ros("infer", photo, *arguments)
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "depth.npy").shape == (56, 84)
    assert (tmp_path / "points.ply").stat().st_size > 0


def test_a_bag_is_annotated_and_evaluated(without_ros, small_bag, tmp_path):
    out = tmp_path / "out"
    done = without_ros.tips_ros("bag", small_bag, out)
    assert done.returncode == 0, done.stderr
    with BagReader(out) as reader:
        topics = {message.topic for message in reader.messages()}
    assert {"/tips/depth/image", "/tips/points", "/tips/semantic/classes"} <= topics
    done = without_ros.tips_ros("eval", out, "--image-topic", "/camera/image_raw", *DEPTH)
    assert done.returncode == 0, done.stderr
    assert "AbsRel" in done.stdout


def test_what_needs_ros_says_so_and_what_to_do(without_ros):
    done = without_ros.tips_ros("demo", "--bag", sample_bag())
    assert done.returncode == 2
    assert "needs ROS 2" in only_line(done) and "setup.bash" in done.stderr


@pytest.mark.parametrize("script", ["tips_node", "tips_view"])
def test_the_executables_of_the_node_say_so_too(without_ros, script):
    path = Path(__file__).parents[2] / "scripts" / script
    done = without_ros.run(sys.executable, path)
    assert done.returncode == 1
    assert "needs ROS 2" in only_line(done)


def test_a_node_without_transforms3d_says_what_to_type(without):
    path = Path(__file__).parents[2] / "scripts" / "tips_node"
    done = without("transforms3d").run(sys.executable, path)
    assert done.returncode == 1
    assert "pip install transforms3d" in only_line(done)


def test_another_python_than_that_of_the_sourced_ros_is_named(without_ros):
    done = without_ros.run(
        "env", "ROS_DISTRO=jazzy", sys.executable, "-m", "tips_ros", "demo"
    )  # fmt: skip
    assert "jazzy, which is sourced, has no rclpy for this Python" in only_line(done)


def test_doctor_ends_well(without_ros):
    done = without_ros.tips_ros("doctor")
    assert "ROS 2" in done.stdout and "no node and no live topics" in " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout


def test_the_tests_of_model_and_perception_run_there(without_ros):
    """On a rented GPU, say: Python with torch and pytest, and no more."""
    root = Path(__file__).parents[2]
    start = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", root)
    done = without_ros.run(*start, root / "test" / "model", root / "test" / "perception", "-k", GPU)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " deselected" in done.stdout and "error" not in done.stdout
