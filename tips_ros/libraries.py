# SPDX-License-Identifier: Apache-2.0
"""The libraries that this package uses: what goes without each, and what to type to have it.

Nothing is imported here but Python's own, so that it can be told on a machine that has nothing.
docs/dependencies.md, package.xml and bootstrap/requirements-*.txt are held against these tables.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple


class Library(NamedTuple):
    """A library that is imported by `module`.

    Attributes:
        module: its name in `import`.
        distributions: names that its version may be found under.
        without: what goes without it.
        requirement: what pip takes, where that is not the first of those names.
    """

    module: str
    distributions: tuple[str, ...]
    without: str
    requirement: str = ""

    @property
    def fix(self) -> str:
        """The command that installs it."""
        return pip_install(self.requirement or self.distributions[0])


_IS_X86_LINUX = sys.platform == "linux" and platform.machine() == "x86_64"

OPEN3D = Library(
    "open3d",
    # The CPU build does all that is asked of it, in a third of the space.
    ("open3d-cpu", "open3d") if _IS_X86_LINUX else ("open3d",),
    "no outlier filter for clouds (--outlier-neighbors, points_filtered.outlier_neighbors)",
)

# Each minor version has other names for what is asked of it.
_RERUN = f"rerun-sdk{'>=0.41,<0.42' if sys.version_info >= (3, 11) else '>=0.39,<0.40'}"

NEEDED = (
    Library("torch", ("torch",), "nothing runs", "torch>=2.4"),
    Library("numpy", ("numpy",), "nothing runs"),
    Library(
        "cv2",
        ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
        "nothing runs",
    ),
    Library("PIL", ("pillow",), "nothing runs"),
    Library("yaml", ("PyYAML",), "nothing runs"),
)

_NO_BAGS = "no `tips_ros bag`, `bags`, `view`, `eval`, `calibrate`, `finetune` or `demo`"

OPTIONAL = (
    Library(
        "safetensors",
        ("safetensors",),
        "no Hugging Face models, and no demo model, which is in their format",
    ),
    Library("sentencepiece", ("sentencepiece",), "no prompts and no tags in words"),
    OPEN3D,
    Library("rosbags", ("rosbags",), _NO_BAGS),
    Library("mcap", ("mcap",), _NO_BAGS),
    Library("tqdm", ("tqdm",), "no bars; lines tell how far a long work is"),
    Library("transforms3d", ("transforms3d",), f"no node, {_NO_BAGS}"),
    Library(
        "scipy",
        ("scipy",),
        "no node, no `tips_ros bag`, `bags`, `find`, `view`, `calibrate`, `finetune`, `bench` or "
        "`demo`",
    ),
    Library("psutil", ("psutil",), "no node, no `demo`, no `bench`"),
    Library("requests", ("requests",), "no `tips_ros download`"),
    Library(
        "matplotlib",
        ("matplotlib",),
        "no overview.png of `infer` and `demo`, no `eval --worst`, no `bench --plot`",
    ),
    Library("rerun", ("rerun-sdk",), "no `tips_ros view` and no `demo --view`", _RERUN),
    Library("ray", ("ray",), "no `tips_ros bags --ray`", "ray>=2.50"),
)
# Comes with requests, which has no file without it.
_WITH = {"urllib3": "requests"}

ENGINES = (
    Library("openvino", ("openvino",), "no `backend: openvino`"),
    Library("onnxruntime", ("onnxruntime", "onnxruntime-gpu"), "no `backend: onnxruntime`"),
    Library("onnxscript", ("onnxscript",), "no `backend: onnxruntime`, no `tips_ros export`"),
)

ROS_OPTIONAL = (
    Library(
        "vision_msgs",
        ("vision-msgs",),
        "no ~/objects and ~/objects_2d (~/objects/tracked tells the same), and no "
        "~/semantic/label_info, without which Nav2's semantic layer ends in an error "
        "(~/semantic/classes tells the same to others)",
    ),
    Library(
        "tf2_ros",
        ("tf2-ros",),
        "nothing, where tf2_msgs is here: a graph of transforms of our own takes its place",
    ),
    Library(
        "tf2_msgs",
        ("tf2-msgs",),
        "no /tf: ~/locate answers in the camera's frame only, ~/points_filtered takes extrinsics, "
        "depth is held still by optical flow alone, and the demo plays its bag without poses",
    ),
)

_ROS = ("rclpy", "launch", "ament_index_python", "rosidl_parser", "rpyutils")


def is_here(module: str) -> bool:
    """Whether it could be imported; it is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def explain_missing(error: ImportError) -> str | None:
    """The library that an import failed for, what goes without it and what to type, on one line.

    None where it is none of those that may be missing: then this package is broken.
    """
    name = error.name or ""
    root = name.partition(".")[0]
    root = _WITH.get(root, root)
    for library in (*NEEDED, *OPTIONAL, *ENGINES):
        if library.module == root and not is_here(root):
            return f"{root} is not installed: {library.without}; {library.fix}"
        if library.module == root:
            return f"{root} can't be imported ({error}): {library.without}; {library.fix}"
    if name.startswith(("tips_ros.msg", "tips_ros.srv")):
        return (
            "the messages of tips_ros are not built: build the package with colcon and source its "
            "setup file, or use ./run of its source tree"
        )
    if root in _ROS or root.endswith(("_msgs", "_interfaces")):
        return f"this needs ROS 2, and {_no_ros_reason(root)}"
    return None


def _no_ros_reason(module: str) -> str:
    python = ".".join(map(str, sys.version_info[:2]))
    if distribution := os.environ.get("ROS_DISTRO"):
        if is_here("rclpy"):
            return f"{module} is not installed: {ros_install(module)}"
        return (
            f"{distribution}, which is sourced, has no rclpy for this Python {python} "
            f"({sys.executable}): use the one that it was built for, and leave virtual "
            "environments that hide it"
        )
    if is_here("rclpy"):
        return f"{module} is not installed"
    return (
        f"Python {python} finds no {module}: source /opt/ros/DISTRO/setup.bash, or use ./run of "
        "the source tree, which brings its own"
    )


def pip_install(*packages: str) -> str:
    """The line that installs packages for the Python that is running, from any shell."""
    python = sys.executable or "python3"
    options = []
    if sys.prefix == sys.base_prefix:
        if shutil.which("python3") == python:
            python = "python3"
        if Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").is_file():
            options = ["--break-system-packages"]  # PEP 668
    return shlex.join([python, "-m", "pip", "install", *options, *packages])


def ros_install(package: str) -> str:
    """The command or advice that installs a ROS package."""
    if distribution := os.environ.get("ROS_DISTRO"):
        return f"sudo apt install ros-{distribution}-{package.replace('_', '-')}"
    return f"build {package} in a workspace beside this ROS"
