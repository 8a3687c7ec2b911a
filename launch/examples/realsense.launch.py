# SPDX-License-Identifier: Apache-2.0
"""A RealSense camera, whose own depth measures the scale.

    ros2 launch realsense2_camera rs_launch.py align_depth.enable:=true
    ros2 launch tips_ros realsense.launch.py

Depth has to be aligned to colour: unaligned it belongs to another picture, and is not used.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "image": "/camera/camera/color/image_raw",
    "camera_info": "/camera/camera/color/camera_info",
    "sensor/depth": "/camera/camera/aligned_depth_to_color/image_raw",
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file."""
    parameters = str(Path(__file__).with_name("realsense.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
    ])  # fmt: skip
