# SPDX-License-Identifier: Apache-2.0
"""Messages of a depth sensor that sees a predicted scene."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from sensor_msgs.msg import Image, PointCloud2, PointField

from .example_messages import camera_info

FACTOR = 1.37  # sensor by prediction


def noisy(predicted_m: np.ndarray, count: int, bad: float, seed: int) -> np.ndarray:
    """(H, W) metres at `count` pixels, NaN elsewhere; 3 % noise, and that part is plainly wrong."""
    rng = np.random.default_rng(seed)
    at = rng.permutation(predicted_m.size)[:count]
    sensor_m = np.full(predicted_m.shape, np.nan, np.float32)
    sensor_m.flat[at] = FACTOR * predicted_m.flat[at] * (1 + 0.03 * rng.normal(size=count))
    wrong = at[: round(bad * count)]
    sensor_m.flat[wrong] *= rng.uniform(1.5, 4.0, len(wrong)).astype(np.float32)
    return sensor_m


def depth_image(header: Any, depth_m: np.ndarray, encoding: str) -> Image:
    """A depth image as REP 118 has it."""
    if encoding == "16UC1":
        pixels = np.nan_to_num(1000 * depth_m).clip(0, 65535).round().astype("<u2")
    else:
        pixels = depth_m.astype("<f4")
    height, width = pixels.shape
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        step=width * pixels.itemsize,
        data=array.array("B", pixels.tobytes()),
    )


def cloud_message(
    header: Any, depth_m: np.ndarray, frame_id: str = "", transform: np.ndarray | None = None
) -> PointCloud2:
    """The points of a depth image of `camera_info`, as a LiDAR would publish them.

    In the frame named, which `transform` (4, 4) leads to from the camera's.
    """
    k = camera_info().k
    v, u = np.nonzero(np.isfinite(depth_m))
    z = depth_m[v, u]
    points = np.stack([(u - k[2]) / k[0] * z, (v - k[5]) / k[4] * z, z], axis=-1)
    if transform is not None:
        points = points @ transform[:3, :3].T + transform[:3, 3]
    layout = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "<f4")])
    data = np.zeros(len(points), layout)
    data["x"], data["y"], data["z"] = points.T
    message = PointCloud2(
        header=type(header)(stamp=header.stamp, frame_id=frame_id or header.frame_id),
        height=1,
        width=len(data),
        fields=[
            PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
            for i, name in enumerate(layout.names or ())
        ],
        point_step=layout.itemsize,
        row_step=layout.itemsize * len(data),
        data=array.array("B", data.tobytes()),
    )
    return message
