# SPDX-License-Identifier: Apache-2.0
"""A program without a home, as a service has none, has a place for its logs all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tips_ros.ros.process.log_folder import ensure_log_folder

START = (
    "import rclpy; from tips_ros.ros.process.log_folder import ensure_log_folder; "
    "ensure_log_folder(); rclpy.init(args=[]); rclpy.shutdown()"
)
NAMES = ("HOME", "ROS_HOME", "ROS_LOG_DIR")


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if name not in NAMES}
    return {**others, "TMPDIR": str(tmp_path), **variables}


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "HOME is not set"),
        ({"HOME": ""}, "HOME is not set"),
        ({"HOME": "/proc/nobody"}, "/proc/nobody/.ros/log can't be written to"),
        ({"HOME": "/dev/null"}, "/dev/null/.ros/log can't be written to"),
        ({"ROS_HOME": "/proc/nobody", "HOME": "/tmp"}, "/proc/nobody/log can't be written to"),
        ({"ROS_LOG_DIR": "/proc/nobody"}, "/proc/nobody can't be written to"),
    ],
    ids=["no home", "empty", "not there", "a file", "ROS_HOME", "ROS_LOG_DIR"],
)
def test_without_a_folder_for_logs_ros_starts_with_one_line(
    variables: dict[str, str], reason: str, tmp_path: Path
):
    done = subprocess.run(
        [sys.executable, "-c", START],
        env=environment(tmp_path, **variables), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    folder = tmp_path / f"ros_log_{os.getuid()}"
    assert line == f"tips_ros: {reason}: logs go to {folder}; set ROS_LOG_DIR"


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_can_be_written_to_stays(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    for other in NAMES:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(tmp_path / "mine"))
    ensure_log_folder()
    assert capsys.readouterr().err == ""
    assert os.environ.get("ROS_LOG_DIR") == (str(tmp_path / "mine") if name == NAMES[2] else None)
