# SPDX-License-Identifier: Apache-2.0
"""vision_msgs as far as labels and detections go, built on the spot where it isn't installed.

With it the node's topics of its types go over real DDS on machines without that package.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

MESSAGES = {
    "VisionClass": "uint16 class_id\nstring class_name\n",
    "LabelInfo": "std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n",
    "ObjectHypothesis": "string class_id\nfloat64 score\n",
    "ObjectHypothesisWithPose": "vision_msgs/ObjectHypothesis hypothesis\n"
    "geometry_msgs/PoseWithCovariance pose\n",
    "Point2D": "float64 x\nfloat64 y\n",
    "Pose2D": "vision_msgs/Point2D position\nfloat64 theta\n",
    "BoundingBox2D": "vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n",
    "BoundingBox3D": "geometry_msgs/Pose center\ngeometry_msgs/Vector3 size\n",
    **{
        f"Detection{kind}": "std_msgs/Header header\n"
        f"vision_msgs/ObjectHypothesisWithPose[] results\nvision_msgs/BoundingBox{kind} bbox\n"
        "string id\n"
        for kind in ("2D", "3D")
    },
    **{
        f"Detection{kind}Array": "std_msgs/Header header\n"
        f"vision_msgs/Detection{kind}[] detections\n"
        for kind in ("2D", "3D")
    },
}
CMAKE = f"""\
cmake_minimum_required(VERSION 3.16)
project(vision_msgs)
find_package(ament_cmake REQUIRED)
find_package(geometry_msgs REQUIRED)
find_package(std_msgs REQUIRED)
find_package(rosidl_default_generators REQUIRED)
rosidl_generate_interfaces(${{PROJECT_NAME}} {" ".join(f"msg/{name}.msg" for name in MESSAGES)}
  DEPENDENCIES geometry_msgs std_msgs)
ament_package()
"""
PACKAGE = """\
<?xml version="1.0"?>
<package format="3">
  <name>vision_msgs</name>
  <version>4.0.0</version>
  <description>Its messages that the node publishes, for a test.</description>
  <maintainer email="nobody@tips-ros.example">nobody</maintainer>
  <license>Apache-2.0</license>
  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  <depend>geometry_msgs</depend>
  <depend>std_msgs</depend>
  <member_of_group>rosidl_interface_packages</member_of_group>
</package>
"""
# In the order in which one needs the other.
_LIBRARIES = (
    *("generator_c", "typesupport_introspection_c", "typesupport_fastrtps_cpp"),
    *("typesupport_fastrtps_c", "typesupport_c", "generator_py"),
)


class CannotBuild(RuntimeError):
    """Says why."""


def build_once(folder: Path) -> Path:
    """Builds and installs it below `folder` unless a process has; returns the prefix.

    Half a minute of a processor.
    """
    folder.mkdir(exist_ok=True)
    built = folder / "built"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _build(folder)
            built.touch()
    return folder / "install"


def _build(folder: Path) -> None:
    if shutil.which("cmake") is None:
        raise CannotBuild("cmake is not installed")
    (folder / "msg").mkdir(exist_ok=True)
    for name, text in MESSAGES.items():
        (folder / "msg" / f"{name}.msg").write_text(text)
    (folder / "CMakeLists.txt").write_text(CMAKE)
    (folder / "package.xml").write_text(PACKAGE)
    made, prefix = folder / "build", folder / "install"
    configure = ["cmake", "-S", folder, "-B", made, f"-DCMAKE_INSTALL_PREFIX={prefix}"]
    python = f"-DPython3_EXECUTABLE={sys.executable}"
    install = ["cmake", "--build", made, "--target", "install", "-j2"]
    for command in ([*configure, python], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotBuild(f"{command[:3]}: {(done.stdout + done.stderr)[-2000:]}")


def load(prefix: Path) -> Path:
    """Makes its libraries known to this process; returns the folder to import it from."""
    (site,) = {module.parents[2] for module in prefix.rglob("vision_msgs/msg/__init__.py")}
    libraries = prefix / "lib"
    # Where rosidl looks for the type support of the middleware in use.
    os.environ["LD_LIBRARY_PATH"] = f"{libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    for name in _LIBRARIES:
        ctypes.CDLL(str(libraries / f"libvision_msgs__rosidl_{name}.so"), ctypes.RTLD_GLOBAL)
    return site
