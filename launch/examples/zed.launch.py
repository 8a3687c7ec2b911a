# SPDX-License-Identifier: Apache-2.0
"""A ZED camera, whose own depth measures the scale.

    ros2 launch zed_wrapper zed_camera.launch.py camera_model:=zed2i
    ros2 launch tips_ros zed.launch.py

Topics are those of the wrapper from 5.1 on; before, the picture was rgb/image_rect_color.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "image": "/zed/zed_node/rgb/color/rect/image",
    "camera_info": "/zed/zed_node/rgb/color/rect/camera_info",
    "sensor/depth": "/zed/zed_node/depth/depth_registered",
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file."""
    parameters = str(Path(__file__).with_name("zed.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
    ])  # fmt: skip
