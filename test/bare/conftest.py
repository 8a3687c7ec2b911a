# SPDX-License-Identifier: Apache-2.0
"""Environments in which packages are not installed, as Python sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.bags import BagWriter
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.camera.camera_info import Intrinsics
from training.scenes.camera.camera_messages import CameraMessages

# What a ROS installation adds to Python, and what building this package in it does.
ROS = (
    *("ament_index_python", "builtin_interfaces", "diagnostic_msgs", "geometry_msgs", "launch"),
    *("launch_ros", "lifecycle_msgs", "rcl_interfaces", "rclpy", "rosgraph_msgs", "rosidl_parser"),
    *("rpyutils", "sensor_msgs", "std_msgs", "tf2_msgs", "tf2_ros", "vision_msgs"),
    *("tips_ros.msg", "tips_ros.srv"),
)
# Python imports it at its start.
_BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == root or name.startswith(root + ".") for root in ABSENT):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


class Bare:
    """The environment variables of one, and commands run in it."""

    def __init__(self, folder: Path, absent: tuple[str, ...]) -> None:
        folder.mkdir()
        code = f"ABSENT = {absent!r}\n{_BLOCKER}"
        (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
        paths = [str(folder), os.environ.get("PYTHONPATH", "")]
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        if "rclpy" in absent:
            for name in ("AMENT_PREFIX_PATH", "ROS_DISTRO"):
                self.environment.pop(name, None)
        self.folder = folder

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; its folder is an empty one."""
        return subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
            timeout=180,
        )

    def tips_ros(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs the command line."""
        return self.run(sys.executable, "-m", "tips_ros", *arguments)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Runs a program."""
        return self.run(sys.executable, "-c", textwrap.dedent(code))


@pytest.fixture(scope="session")
def without(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bare]:
    """Gives an environment in which these modules are absent."""

    def make(*absent: str) -> Bare:
        return Bare(tmp_path_factory.mktemp("bare") / "environment", absent)

    return make


@pytest.fixture(scope="session")
def without_ros(without: Callable[..., Bare]) -> Bare:
    """A virtual environment beside no ROS."""
    return without(*ROS)


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small picture file."""
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 255, (56, 84, 3), np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture(scope="session")
def small_bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag with two images of a camera and its CameraInfo."""
    path = tmp_path_factory.mktemp("bag") / "in"
    camera = Intrinsics(50.0, 50.0, 31.5, 23.5, 64, 48)
    with BagWriter(path) as writer:
        messages = CameraMessages(writer.typestore.types, "camera")
        writer.add_topic("/camera/image_raw", "sensor_msgs/msg/Image")
        writer.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
        for number in (1, 2):
            info = messages.camera_info(number * 10**9, camera)
            pixels = np.full((48, 64, 3), 60 * number, np.uint8)
            writer.write("/camera/camera_info", number * 10**9, info)
            image = image_message(bag_types(writer), info.header, pixels, "rgb8")
            writer.write("/camera/image_raw", number * 10**9, image)
    return path


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]
