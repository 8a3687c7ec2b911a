# SPDX-License-Identifier: Apache-2.0
"""An OAK camera by depthai_ros_driver, whose own depth measures the scale.

    ros2 launch depthai_ros_driver camera.launch.py
    ros2 launch tips_ros oak.launch.py

The driver aligns depth to colour unless its i_align_depth is off.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "image": "/oak/rgb/image_raw",
    "camera_info": "/oak/rgb/camera_info",
    "sensor/depth": "/oak/stereo/image_raw",
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file."""
    parameters = str(Path(__file__).with_name("oak.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
    ])  # fmt: skip
