# SPDX-License-Identifier: Apache-2.0
"""Drives a robot through the sample room and records what its camera sees as a ROS 2 bag."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagWriter
from tips_ros.demo.camera_messages import CameraMessages
from tips_ros.demo.scene.living_room import LIGHTS, living_room
from tips_ros.demo.scene.render import RenderedFrame, Renderer
from tips_ros.perception.camera import Intrinsics

IMAGE_TOPIC = "/camera/image_raw/compressed"
CAMERA_INFO_TOPIC = "/camera/camera_info"
OPTICAL_FRAME = "camera_color_optical_frame"

# The focal length per width of the Kinect that recorded NYU Depth V2, for which TIPS is metric.
_FOCAL_PER_WIDTH = 518.86 / 640
_START_NS = 1_700_000_000 * 10**9
_CAMERA_ON_ROBOT_M = (0.12, 0.0, 0.92)
_TILT_DOWN_DEG = 6.0


@lru_cache(maxsize=1)
def _room() -> Renderer:
    return Renderer(living_room(), LIGHTS)


def room_camera(width: int = 640, height: int = 480) -> Intrinsics:
    """The robot's camera, 63 degrees wide."""
    focal = _FOCAL_PER_WIDTH * width
    return Intrinsics(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)


def room_frame(
    progress: float = 0.5, width: int = 640, height: int = 480, seed: int = 0
) -> RenderedFrame:
    """What the camera sees after `progress` (0..1) of the drive, and the truth about it.

    Raises:
        UserError: Open3D is not installed.
    """
    pose = world_from_robot(progress) @ robot_from_camera()
    return _room().render(room_camera(width, height), pose, seed)


def render_room_bag(
    path: str | Path,
    seconds: float = 8.0,
    rate_hz: float = 10.0,
    width: int = 640,
    height: int = 480,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Render the drive through the room to a ROS 2 bag; the same every time.

    Args:
        path: the folder that the bag will be.
        seconds: how long the drive takes; its way is always the same.
        rate_hz: frames per second.
        width: pixels.
        height: pixels.
        progress: called after each frame with the frames done and the frames in all.

    Raises:
        BagError: there is something at `path`.
        UserError: Open3D is not installed.
    """
    frames = max(1, round(seconds * rate_hz))
    with BagWriter(path) as bag:
        messages = CameraMessages(bag.typestore.types, OPTICAL_FRAME)
        bag.add_topic("/tf_static", "tf2_msgs/msg/TFMessage", latched=True)
        bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        bag.add_topic(CAMERA_INFO_TOPIC, "sensor_msgs/msg/CameraInfo")
        bag.add_topic(IMAGE_TOPIC, "sensor_msgs/msg/CompressedImage")
        mount = messages.transform(_START_NS, "base_link", OPTICAL_FRAME, robot_from_camera())
        bag.write("/tf_static", _START_NS, mount)
        moments = [index / max(1, frames - 1) for index in range(frames)]
        camera = room_camera(width, height)

        def picture(index: int) -> NDArray[np.uint8]:
            return _jpeg(room_frame(moments[index], width, height, seed=index).rgb)

        picture(0)  # computes the light of the room, which the threads then share
        with ThreadPoolExecutor(max_workers=2) as pool:
            for index, jpeg in enumerate(pool.map(picture, range(frames))):
                stamp_ns = _START_NS + round(index * 1e9 / rate_hz)
                pose = world_from_robot(moments[index])
                robot = messages.transform(stamp_ns, "odom", "base_link", pose)
                bag.write("/tf", stamp_ns, robot)
                bag.write(CAMERA_INFO_TOPIC, stamp_ns, messages.camera_info(stamp_ns, camera))
                bag.write(IMAGE_TOPIC, stamp_ns, messages.image(stamp_ns, jpeg))
                if progress is not None:
                    progress(index + 1, frames)


def world_from_robot(progress: float) -> NDArray[np.float64]:
    """Pose (4, 4) of base_link after `progress` (0..1) of the drive: a gentle S, always forward."""
    heading = _heading((np.arange(200) + 0.5) / 200 * progress)
    way = 1.9 * progress * np.array([np.cos(heading).mean(), np.sin(heading).mean()])
    x, y = way + (-1.5, 0.0)
    c, s = np.cos(_heading(progress)), np.sin(_heading(progress))
    return np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, 0], [0, 0, 0, 1]])


def _heading(progress: Any) -> Any:
    return 0.32 * np.cos(2 * np.pi * progress) - 0.06


def robot_from_camera() -> NDArray[np.float64]:
    """Pose (4, 4) of the camera's optical frame on the robot: ahead, high up, tilted down."""
    c, s = np.cos(np.radians(_TILT_DOWN_DEG)), np.sin(np.radians(_TILT_DOWN_DEG))
    pose = np.eye(4)
    # Columns: where the optical x (right), y (down) and z (forward) point on the robot.
    pose[:3, :3] = np.column_stack([(0, -1, 0), (-s, 0, -c), (c, 0, -s)])
    pose[:3, 3] = _CAMERA_ON_ROBOT_M
    return pose


def _jpeg(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return np.asarray(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]).ravel()
