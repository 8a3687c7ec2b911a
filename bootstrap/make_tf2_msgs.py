# SPDX-License-Identifier: Apache-2.0
"""Writes the source of a package tf2_msgs, which is not among the ROS wheels.

Its messages are those that rosbags reads /tf of bags with: the names, fields and constants of
ROS 2, so that whoever has the real package understands them. Its service and its action are left
out.
"""

import sys
from pathlib import Path

from rosbags.typesys import Stores, get_typestore

NAMES = ("TF2Error", "TFMessage")
CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(tf2_msgs)
find_package(ament_cmake REQUIRED)
find_package(geometry_msgs REQUIRED)
find_package(rosidl_default_generators REQUIRED)
rosidl_generate_interfaces(${PROJECT_NAME} MESSAGES DEPENDENCIES geometry_msgs)
ament_export_dependencies(rosidl_default_runtime)
ament_package()
""".replace("MESSAGES", " ".join(f"msg/{name}.msg" for name in NAMES))
PACKAGE = """\
<?xml version="1.0"?>
<package format="3">
  <name>tf2_msgs</name>
  <version>0.0.0</version>
  <description>The messages of tf2_msgs, where ROS 2 comes without that package.</description>
  <maintainer email="maintainers@tips-ros.example">tips_ros maintainers</maintainer>
  <license>Apache-2.0</license>
  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  <depend>geometry_msgs</depend>
  <exec_depend>rosidl_default_runtime</exec_depend>
  <member_of_group>rosidl_interface_packages</member_of_group>
</package>
"""


def files() -> dict[str, str]:
    """Returns the package's files: path in it → content."""
    store = get_typestore(Stores.ROS2_JAZZY)
    made = {"CMakeLists.txt": CMAKE, "package.xml": PACKAGE}
    for name in NAMES:
        # Behind the first such line come the messages that it is made of.
        text, _ = store.generate_msgdef(f"tf2_msgs/msg/{name}", ros_version=2)
        made[f"msg/{name}.msg"] = text.partition("=" * 80)[0]
    return made


def main() -> None:
    """Writes the package into the folder in argument 1; a file that is right is not touched."""
    for name, content in files().items():
        file = Path(sys.argv[1], name)
        if not file.is_file() or file.read_text() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)


if __name__ == "__main__":
    main()
