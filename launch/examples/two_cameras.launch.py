# SPDX-License-Identifier: Apache-2.0
"""Two RealSense cameras in one node: one network for both.

    ros2 launch realsense2_camera rs_multi_camera_launch.py serial_no1:=_1 serial_no2:=_2 \\
      align_depth.enable1:=true align_depth.enable2:=true
    ros2 launch tips_ros two_cameras.launch.py

Outputs are ~/front/depth/image, ~/rear/depth/image, and so on.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "front/image": "/camera1/camera1/color/image_raw",
    "front/camera_info": "/camera1/camera1/color/camera_info",
    "front/sensor/depth": "/camera1/camera1/aligned_depth_to_color/image_raw",
    "rear/image": "/camera2/camera2/color/image_raw",
    "rear/camera_info": "/camera2/camera2/color/camera_info",
    "rear/sensor/depth": "/camera2/camera2/aligned_depth_to_color/image_raw",
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file."""
    parameters = str(Path(__file__).with_name("two_cameras.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
    ])  # fmt: skip
