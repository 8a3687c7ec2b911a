# SPDX-License-Identifier: Apache-2.0
"""A camera and a 2-D LiDAR: what stands on the floor below the LiDAR's plane, for Nav2's costmap.

    ros2 launch tips_ros camera_and_lidar.launch.py image:=/camera/image_raw lidar:=/scan

The LiDAR measures the scale of the depth, too, as far as tf ties its frame to the camera's. Give
Nav2 config/nav2_voxel_layer.yaml besides: the LiDAR's own layer stays as it is.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node


def generate_launch_description() -> LaunchDescription:
    """The node with the LiDAR's word on how far things are, and tf's on where up is."""
    arguments = {"image": "/camera/image_raw", "camera_info": "/camera/camera_info",
                 "lidar": "/scan", "imu": "/imu", "base_frame": "base_link"}  # fmt: skip
    given = {name: LaunchConfiguration(name) for name in arguments}
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=value) for name, value in arguments.items()),
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=[("image", given["image"]), ("camera_info", given["camera_info"]),
                         ("sensor/scan", given["lidar"]), ("imu", given["imu"])],
             parameters=[{"ground.base_frame": given["base_frame"],
                          "depth.scale_source": "sensor"}]),
    ])  # fmt: skip
