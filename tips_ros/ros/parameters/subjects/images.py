# SPDX-License-Identifier: Apache-2.0
"""The parameters of cameras and their images, and the size of the outputs."""

from __future__ import annotations

from tips_ros.ros.parameters.declaration import UNBOUNDED, ParameterSpec

IMAGE_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "cameras",
        [],
        "at start",
        "",
        "Names of several cameras, which share one pass: the topics of `front` are front/image, "
        "front/camera_info, ~/front/depth/image …; parameters of cameras can be given for one "
        "alone, as front.rotation_deg. Empty is one camera without a name.",
        items=str,
    ),
    ParameterSpec(
        "cameras_window_s",
        0.01,
        "at once",
        "s",
        "Longest time that a frame waits for the next frame of another camera, so that both "
        "share a pass.",
        low=0.0,
        high=1.0,
    ),
    ParameterSpec(
        "image_transport",
        "raw",
        "at configure",
        "",
        "Subscribe to sensor_msgs/Image, or to CompressedImage on <image>/compressed or on <image> "
        "itself, whichever is published.",
        choices=("raw", "compressed"),
        per_camera=True,
    ),
    ParameterSpec(
        "rectified",
        False,
        "at once",
        "",
        "The images are rectified: use P of CameraInfo, not K and D.",
        per_camera=True,
    ),
    ParameterSpec(
        "rectify",
        False,
        "at once",
        "",
        "Undistort raw images before the model, so that every output is a pinhole camera's, as "
        "depth_image_proc and others expect of depth with a CameraInfo. Without it, depth of a "
        "distorting lens fits ~/points alone.",
        per_camera=True,
    ),
    ParameterSpec(
        "rotation_deg",
        0,
        "at once",
        "deg",
        "Mounting of the camera: the clockwise rotation that brings its picture upright for the "
        "network. Outputs stay in the camera's own frame.",
        choices=(0, 90, 180, 270),
        per_camera=True,
    ),
    ParameterSpec(
        "max_age_s",
        0.0,
        "at once",
        "s",
        "Frames whose stamp is older than this are dropped; 0 keeps all.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "output_scale",
        1.0,
        "at once",
        "",
        "Size of the outputs as a fraction of the image's.",
        low=0.01,
        high=1.0,
    ),
)
