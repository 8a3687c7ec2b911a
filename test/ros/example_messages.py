# SPDX-License-Identifier: Apache-2.0
"""Messages of a small camera, and what a mask of theirs shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

FRAME_ID = "camera_color_optical_frame"


def mask_of(message: Image) -> np.ndarray:
    """(H, W) uint8 of a mono8 image."""
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)


def header_at(sec: int) -> Header:
    header = Header(frame_id=FRAME_ID)
    header.stamp.sec = sec
    header.stamp.nanosec = 250_000_000
    return header


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    """Something with edges and colours, always the same."""
    v, u = np.mgrid[0:height, 0:width]
    return np.stack([u * 4 % 256, v * 5 % 256, (u // 8 + v // 8) % 2 * 255], -1).astype(np.uint8)


def camera_info(width: int = 64, height: int = 48, d: Sequence[float] = (0.0,) * 5) -> CameraInfo:
    f, cx, cy = 50.0 * width / 64, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        header=header_at(1),
        width=width,
        height=height,
        distortion_model="plumb_bob",
        d=list(d),
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
