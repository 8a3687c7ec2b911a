# SPDX-License-Identifier: Apache-2.0
"""The node under the topics of Nav2's SAM3 tutorial, so that its costmap layer takes this mask.

    ros2 launch tips_ros in_place_of_sam3.launch.py image:=/sensors/camera_0/color/image

Names are those of open-navigation/opennav_amd_semantic_navigation, whose Nav2 parameters stay as
they are: mask and names come from here, and the cloud of the same size and stamp, too, so that no
depth camera is needed. Its two services are of other types: docs/navigation.md.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

REMAPPINGS = {
    "~/semantic/image": "/sam3_inference/resized/label_mask",
    "~/semantic/label_info": "/sam3_inference/label_info",
    "~/semantic/color": "/sam3_inference/segmentation_mask",
    "~/points": "/sensors/camera_0/points_registered",
}
PARAMETERS = {
    # The classes that the tutorial's costmap has costs for; what is neither is unlabelled, 255.
    "prompts": ["floor", "wall"],
    # The tutorial's mask is a small one: a costmap's cells are.
    "output_scale": 0.5,
    # Mask and cloud have one size.
    "points.stride": 1,
    # The layer knows no heights: what the robot goes under would close a door.
    "points.max_height_m": 1.8,
}


def generate_launch_description() -> LaunchDescription:
    """The node, remapped."""
    arguments = {"image": "/sensors/camera_0/color/image",
                 "camera_info": "/sensors/camera_0/color/camera_info",
                 "base_frame": "base_link"}  # fmt: skip
    given = {name: LaunchConfiguration(name) for name in arguments}
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=value) for name, value in arguments.items()),
        Node(package="tips_ros", executable="tips_node", name="tips",
             remappings=[("image", given["image"]), ("camera_info", given["camera_info"]),
                         *REMAPPINGS.items()],
             parameters=[{**PARAMETERS, "ground.base_frame": given["base_frame"]}]),
    ])  # fmt: skip
