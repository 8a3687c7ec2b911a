# SPDX-License-Identifier: Apache-2.0
"""A process that publishes a camera's images and hears its outputs, made to be killed.

Run as `peer.py CAMERA SECONDS`.
"""

from __future__ import annotations

import sys
import time

import pictures
import rclpy
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from sent import PEER
from std_msgs.msg import Header


def main(camera: str, seconds: float) -> None:
    """Publishes at 15 Hz."""
    rclpy.init()
    node = rclpy.create_node("peer")
    inputs, outputs = (f"/{camera}/", f"/tips/{camera}/") if camera else ("/", "/tips/")
    for topic in ("depth/image", "normals/image", "semantic/image", "semantic/color"):
        node.create_subscription(Image, outputs + topic, lambda _: None, 5)
    for topic in ("points", "points_filtered"):
        node.create_subscription(PointCloud2, outputs + topic, lambda _: None, 5)
    image = node.create_publisher(Image, f"{inputs}image", 5)
    info = node.create_publisher(CameraInfo, f"{inputs}camera_info", 5)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        header = Header(frame_id=PEER + camera)
        header.stamp.sec, header.stamp.nanosec = divmod(time.time_ns(), 10**9)
        info.publish(pictures.camera_info(header, (64, 48)))
        image.publish(pictures.image(header, (64, 48), "rgb8"))
        rclpy.spin_once(node, timeout_sec=1 / 15)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
