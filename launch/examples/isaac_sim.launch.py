# SPDX-License-Identifier: Apache-2.0
"""Nova Carter's left front camera in Isaac Sim.

    ros2 launch tips_ros isaac_sim.launch.py

Open Isaac Examples > ROS2 > Navigation in Isaac Sim first, and press Play. A camera of your own has
the topics that its ROS2 Camera Helper names.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "image": "/front_stereo_camera/left/image_raw",
    "camera_info": "/front_stereo_camera/left/camera_info",
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file."""
    parameters = str(Path(__file__).with_name("isaac_sim.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
    ])  # fmt: skip
