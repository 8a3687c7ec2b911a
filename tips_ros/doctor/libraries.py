# SPDX-License-Identifier: Apache-2.0
"""Which libraries are here, and what goes without those that are not."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import NamedTuple

from tips_ros.doctor.findings import Finding, Section, Status


class Library(NamedTuple):
    """A library that is imported by `module`."""

    module: str
    distributions: tuple[str, ...]  # names its version may be found under
    absence: str  # what it costs; for a needed one: how to get it


NEEDED = (
    Library("torch", ("torch",), "nothing runs; install PyTorch 2.4 or newer for this machine"),
    Library("numpy", ("numpy",), "nothing runs; pip install numpy"),
    Library(
        "cv2",
        ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
        "nothing runs; pip install opencv-python-headless, or apt install python3-opencv",
    ),
    Library("yaml", ("PyYAML",), "nothing runs; pip install PyYAML"),
)

OPTIONAL = (
    Library("safetensors", ("safetensors",), "no Hugging Face models; pip install safetensors"),
    Library(
        "sentencepiece",
        ("sentencepiece",),
        "no prompts and no tags in words; pip install sentencepiece",
    ),
    Library(
        "open3d",
        ("open3d", "open3d-cpu"),
        "no outlier filter for clouds (--outlier-neighbors, points_filtered.outlier_neighbors); "
        "pip install open3d",
    ),
    Library("rosbags", ("rosbags",), "no `tips_ros bag` and no demo; pip install rosbags"),
    Library("tqdm", ("tqdm",), "no `tips_ros download`, `bag` or `demo`; pip install tqdm"),
    Library(
        "transforms3d",
        ("transforms3d",),
        "no extrinsics.rpy for ~/points_filtered, only tf2; pip install transforms3d",
    ),
)

ROS_OPTIONAL = (
    Library(
        "vision_msgs",
        ("vision-msgs",),
        "no ~/semantic/label_info (~/semantic/classes tells the same)",
    ),
    Library(
        "tf2_ros",
        ("tf2-ros",),
        "~/locate answers in the camera's frame only; ~/points_filtered takes extrinsics",
    ),
    Library("tf2_msgs", ("tf2-msgs",), "the live demo plays its bag without the camera's pose"),
)


def is_here(module: str) -> bool:
    """Whether it could be imported; it is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def libraries() -> Section:
    """Those of the core and of the command line."""
    needed = (_finding(library, Status.BROKEN) for library in NEEDED)
    optional = (_finding(library, Status.ABSENT) for library in OPTIONAL)
    return Section("Libraries", (*needed, *optional))


def ros_libraries() -> tuple[Finding, ...]:
    """ROS packages that the node uses where they are installed."""
    return tuple(_finding(library, Status.ABSENT) for library in ROS_OPTIONAL)


def version_of(library: Library) -> str:
    """As its package says, or nothing."""
    for name in library.distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _finding(library: Library, if_absent: Status) -> Finding:
    if is_here(library.module):
        return Finding(library.module, version_of(library) or "present")
    return Finding(library.module, "absent", if_absent, library.absence)
