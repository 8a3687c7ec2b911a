# SPDX-License-Identifier: Apache-2.0
"""package.xml and CHANGELOG.rst are what rosdep, colcon and bloom take.

catkin_pkg, which colcon and bloom read both files with, is asked; the order of the elements, which
REP 149 (package_format3.xsd) has besides, is looked at here.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import tips_ros

SOURCE = Path(__file__).resolve().parents[1]
ROOT = ElementTree.parse(SOURCE / "package.xml").getroot()

# Order and number of the elements, each once (1), at least once (+) or at will (*).
SEQUENCE = (
    ("name", "1"), ("version", "1"), ("description", "1"), ("maintainer", "+"), ("license", "+"),
    ("url", "*"), ("author", "*"), ("depend", "*"), ("group_depend", "*"),
    ("member_of_group", "*"), ("export", "?"),
)  # fmt: skip
DEPENDENCIES = {
    *("build_depend", "build_export_depend", "buildtool_depend", "buildtool_export_depend"),
    *("exec_depend", "depend", "doc_depend", "test_depend", "conflict", "replace"),
}

# What each key means, as of ros/rosdistro 8468e88 (August 2026): in humble, jazzy and kilted alike.
ROS_PACKAGES = {
    *("ament_cmake", "ament_cmake_python", "rosidl_default_generators", "builtin_interfaces"),
    *("geometry_msgs", "sensor_msgs", "std_msgs", "rclpy", "rcl_interfaces", "lifecycle_msgs"),
    *("rosidl_default_runtime", "rosgraph_msgs", "diagnostic_msgs", "tf2_msgs", "tf2_ros"),
    *("tf2_ros_py", "visualization_msgs", "tf_transformations", "vision_msgs", "launch"),
    *("ament_index_python", "launch_ros", "ros2bag", "rosbag2_storage_mcap", "rviz2"),
    *("compressed_image_transport", "ament_cmake_pytest"),
}
IN_ROSDEP = {
    # rosdep/python.yaml, for Debian and Ubuntu
    *("python3-open3d-pip", "python3-matplotlib", "python3-pil", "python3-numpy"),
    *("python3-opencv", "python3-tqdm", "python3-psutil", "python3-requests", "python3-scipy"),
    *("python3-transforms3d", "python3-yaml", "python3-rosbags-pip", "python3-mypy"),
    *("python3-pytest", "python3-ruff-pip", "python3-types-pyyaml"),
    "libusb-1.0",  # rosdep/base.yaml
}


def test_elements_come_in_the_order_and_number_of_the_schema():
    tags = " ".join("depend" if one.tag in DEPENDENCIES else one.tag for one in ROOT)
    counts = {"1": "{1}", "+": "+", "*": "*", "?": "?"}
    pattern = "".join(f"(?:{tag} ){counts[count]}" for tag, count in SEQUENCE)
    assert re.fullmatch(pattern, f"{tags} "), tags


def test_every_key_is_one_that_rosdep_knows():
    keys = {str(one.text) for one in ROOT if one.tag in DEPENDENCIES}
    assert keys == ROS_PACKAGES | IN_ROSDEP, "a new key is looked up in ros/rosdistro first"


# pyparsing's, of catkin_pkg's calls.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_who_reads_it_for_colcon_and_bloom_has_no_warning():
    catkin_pkg = pytest.importorskip("catkin_pkg.package", reason="colcon brings catkin_pkg")
    warnings: list[str] = []
    package = catkin_pkg.parse_package(str(SOURCE / "package.xml"), warnings=warnings)
    package.validate(warnings=warnings)
    assert warnings == []
    package.evaluate_conditions({})  # raises where one is malformed
    assert all((SOURCE / (licence.file or "LICENSE")).is_file() for licence in package.licenses)
    assert {url.type for url in package.urls} <= {"website", "bugtracker", "repository"}


# catkin_pkg's own calls to docutils.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_changelog_is_one_that_bloom_makes_releases_of():
    pytest.importorskip("docutils")
    changelog = pytest.importorskip("catkin_pkg.changelog", reason="colcon brings catkin_pkg")
    found = changelog.get_changelog_from_path(str(SOURCE), package_name="tips_ros")
    assert found is not None and found.package_name == "tips_ros"
    versions = [version for version, _, _ in found.foreach_version()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(numbers, reverse=True), "the newest comes first"
    # Before the first release everything is forthcoming.
    assert not versions or versions[0] == tips_ros.__version__
    text = (SOURCE / "CHANGELOG.rst").read_text(encoding="utf-8")
    titles = re.findall(r"^(\S+)(?: \([\d-]+\))?\n-{3,}$", text, re.MULTILINE)
    assert titles[0] in ("Forthcoming", tips_ros.__version__)
