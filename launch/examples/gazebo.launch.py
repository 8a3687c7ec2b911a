# SPDX-License-Identifier: Apache-2.0
"""A depth camera in Gazebo, as ros_gz_bridge brings it to ROS.

    ros2 launch ros_gz_sim_demos rgbd_camera_bridge.launch.py
    ros2 launch tips_ros gazebo.launch.py

The demo's bridge brings no /clock, which stamps are told by: one of our own does.
"""

from pathlib import Path

from launch import LaunchDescription
from launch_ros.actions import Node

REMAPPINGS = {
    "image": "/rgbd_camera/image",
    "camera_info": "/rgbd_camera/camera_info",
    "sensor/depth": "/rgbd_camera/depth_image",
}
CLOCK = "/clock@rosgraph_msgs/msg/Clock[gz.msgs.Clock"


def generate_launch_description() -> LaunchDescription:
    """The node, remapped, with the parameters beside this file, and the simulator's clock."""
    parameters = str(Path(__file__).with_name("gazebo.yaml"))
    return LaunchDescription([
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=list(REMAPPINGS.items()), parameters=[parameters]),
        Node(package="ros_gz_bridge", executable="parameter_bridge", name="clock_bridge",
             arguments=[CLOCK]),
    ])  # fmt: skip
