# SPDX-License-Identifier: Apache-2.0
"""A folder for ROS 2's log files where its own choice is none, as for a service without HOME."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def ensure_log_folder() -> None:
    """Sets ROS_LOG_DIR to a temporary folder where `rclpy.init` would end for want of one."""
    chosen = _choose()
    if chosen is not None and _is_usable(chosen):
        return
    folder = Path(tempfile.gettempdir(), f"ros_log_{os.getuid()}")
    if not _is_usable(folder):  # somebody else's
        folder = Path(tempfile.mkdtemp(prefix="ros_log_"))
    reason = "HOME is not set" if chosen is None else f"{chosen} can't be written to"
    print(f"tips_ros: {reason}: logs go to {folder}; set ROS_LOG_DIR", file=sys.stderr)
    os.environ["ROS_LOG_DIR"] = str(folder)


def _choose() -> Path | None:
    """Chooses the folder as rcl_logging does; it knows no home but HOME's."""
    if folder := os.environ.get("ROS_LOG_DIR"):
        return Path(folder).expanduser()
    if home := os.environ.get("ROS_HOME"):
        return Path(home).expanduser() / "log"
    if home := os.environ.get("HOME"):
        return Path(home, ".ros", "log")
    return None


def _is_usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
