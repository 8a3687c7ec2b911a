# SPDX-License-Identifier: Apache-2.0
"""Installs the part that needs no ROS with pip: the library and the `tips_ros` command.

The node and its interfaces are built by colcon from CMakeLists.txt.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
EXTRAS = ("open3d", "openvino", "onnxruntime", "test")
SHARED_FOLDERS = ("config", "launch", "models", "msg", "samples", "srv")


def requirements(name: str) -> list[str]:
    """Returns the requirements listed in bootstrap/requirements-<name>.txt."""
    lines = (ROOT / "bootstrap" / f"requirements-{name}.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


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


version = re.search(r'__version__ = "(.+)"', (ROOT / "tips_ros" / "__init__.py").read_text())
assert version is not None, "tips_ros/__init__.py has no __version__"

setup(
    name="tips_ros",
    version=version[1],
    description="Metric depth, normals, a semantic mask and a labelled cloud from one pass of TIPS",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["tips_ros", "tips_ros.*"]),
    data_files=shared_files(),
    install_requires=requirements("core"),
    extras_require={name: requirements(name) for name in EXTRAS},
    entry_points={"console_scripts": ["tips_ros = tips_ros.cli:main"]},
    zip_safe=False,
)
