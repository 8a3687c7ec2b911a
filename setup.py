# SPDX-License-Identifier: Apache-2.0
"""Installs the part that needs no ROS with pip: the library and the `tips_ros` command.

pyproject.toml says everything but the files below <prefix>/share. The node and its interfaces are
built by colcon from CMakeLists.txt.
"""

from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
SHARED_FOLDERS = ("config", "launch", "models", "msg", "samples", "srv")


def shared_files() -> list[tuple[str, list[str]]]:
    """Returns what goes to <prefix>/share/tips_ros, per folder, as colcon installs it."""
    share = Path("share", "tips_ros")
    files = {share: ["package.xml"]}
    for folder in SHARED_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(ROOT)
                files.setdefault(share / relative.parent, []).append(str(relative))
    return [(str(folder), names) for folder, names in files.items()]


setup(data_files=shared_files())
