# SPDX-License-Identifier: Apache-2.0
"""RGB-D bags of a corridor: what is lower in the picture is nearer, and darker where it is far."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.bags import BagWriter
from tips_ros.perception.camera.camera_info import Intrinsics
from training.scenes.camera.camera_messages import CameraMessages

CAMERA = Intrinsics(52.0, 52.0, 31.5, 23.5, 64, 48)
DEPTH_TOPIC = "/camera/depth/image_raw"


def corridor(number: int) -> tuple[np.ndarray, np.ndarray]:
    """(48, 64, 3) picture and (48, 64) metres, of a view that differs from frame to frame."""
    rng = np.random.default_rng(number)
    rows = np.linspace(1.0, 0.0, 48, dtype=np.float32)[:, None]
    depth_m = np.broadcast_to(1.0 + (3.0 + rng.uniform(-0.5, 0.5)) * rows, (48, 64)).copy()
    x, y = rng.integers(4, 44), rng.integers(4, 28)
    depth_m[y : y + 14, x : x + 14] = 1.2
    grey = 255.0 / depth_m + rng.normal(0, 3, depth_m.shape)
    rgb = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)
    return rgb, depth_m


@pytest.fixture
def rgbd_bag(tmp_path: Path) -> Callable[..., Path]:
    """rgbd_bag(name, frames): writes one; what it lacks can be said."""

    def write(
        name: str = "bag", frames: int = 45, *, depth: bool = True, info: bool = True
    ) -> Path:
        path = tmp_path / name
        with BagWriter(path) as bag:
            types = bag.typestore.types
            messages = CameraMessages(types, "camera_optical_frame")
            bag.add_topic("/camera/image_raw/compressed", "sensor_msgs/msg/CompressedImage")
            if info:
                bag.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
            if depth:
                bag.add_topic(DEPTH_TOPIC, "sensor_msgs/msg/Image")
            for number in range(frames):
                stamp_ns = 10**18 + number * 10**8
                rgb, depth_m = corridor(number)
                png = cv2.imencode(".png", rgb)[1].ravel()
                image = messages.image(stamp_ns, png)
                bag.write("/camera/image_raw/compressed", stamp_ns, image)
                if info:
                    told = messages.camera_info(stamp_ns, CAMERA)
                    bag.write("/camera/camera_info", stamp_ns, told)
                if depth:
                    data = (1000 * depth_m).astype("<u2").view(np.uint8).ravel()
                    measured = types["sensor_msgs/msg/Image"](
                        image.header, 48, 64, "16UC1", 0, 128, data
                    )
                    bag.write(DEPTH_TOPIC, stamp_ns, measured)
        return path

    return write
