# SPDX-License-Identifier: Apache-2.0
"""A recorded bag in place of a camera.

    ros2 launch tips_ros replay.launch.py bag:=PATH image:=/camera/image_raw

The bag gives the time, too, and waits until the model is loaded.
"""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

REMAPPINGS = {"image": "/camera/image_raw", "camera_info": "/camera/camera_info"}


def generate_launch_description() -> LaunchDescription:
    """The node and the bag's player, on the bag's clock."""
    parameters = str(Path(__file__).with_name("replay.yaml"))
    given = {name: LaunchConfiguration(name) for name in ("bag", *REMAPPINGS)}
    return LaunchDescription([
        DeclareLaunchArgument("bag", description="Bag to play."),
        *(DeclareLaunchArgument(name, default_value=topic) for name, topic in REMAPPINGS.items()),
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=[(name, given[name]) for name in REMAPPINGS], parameters=[parameters]),
        ExecuteProcess(cmd=["ros2", "bag", "play", given["bag"], "--clock", "--delay", "10"]),
    ])  # fmt: skip
