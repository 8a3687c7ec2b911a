# SPDX-License-Identifier: Apache-2.0
"""A USB camera by usb_cam.

    ros2 launch usb_cam camera.launch.py
    ros2 launch tips_ros usb_cam.launch.py

Metres need the camera's own calibration in place of the one that the driver brings: it is another
camera's.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "image": "/camera1/image_raw",
    "camera_info": "/camera1/camera_info",
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file."""
    parameters = str(Path(__file__).with_name("usb_cam.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
    ])  # fmt: skip
