# SPDX-License-Identifier: Apache-2.0
"""A node whose depth somebody wants, and what it says of its scale."""

from __future__ import annotations

import cv2
import numpy as np
from tips_ros.msg import DepthInfo

from tips_ros.bench.bench_pictures import draw_room
from tips_ros.ros.topics import qos

from .example_messages import camera_info, header_at, picture
from .live_graph import until

SMALL = {"input_height": 112, "input_width": 112}


class Bench:
    """A node whose depth somebody wants, and what it says of it."""

    def __init__(self, graph, camera: str = "") -> None:
        self.graph, self.name = graph.active(), camera
        self.under = f"{camera}/" if camera else ""
        graph.listen("depth/image", camera=camera)
        self.depths = graph.received[f"{self.under}depth/image"]
        self.infos = graph.keep(DepthInfo, f"/tips/{self.under}depth/info", qos.latched())
        self.raw = graph.node.predictor.predict(picture(), ["depth"]).depth_m
        self.sec = 0

    def calibrate(self, focal_px: float = 50.0) -> None:
        info = camera_info()
        info.k[0] = info.k[4] = info.p[0] = info.p[5] = focal_px
        self.graph.publish(info, f"/{self.under}camera_info")
        given = self.graph.camera.input
        until(
            lambda: given.camera_info and given.camera_info.k[0] == focal_px,
            "the CameraInfo to arrive",
        )

    def frame(self, rgb=None, after_s: int = 1):
        """The depth (H, W) of one frame more."""
        self.sec += after_s
        before = len(self.depths)
        self.graph.publish_image(rgb, sec=self.sec, camera=self.name)
        until(lambda: len(self.depths) > before, "depth")
        message = self.depths[-1]
        assert message.header.stamp.sec == self.sec
        return np.frombuffer(message.data, np.float32).reshape(message.height, message.width)

    def frames_until(self, says, what: str, sensor=None, topic: str = "sensor/depth", rgb=None):
        """Frames, each seen by the sensor too, until ~/depth/info says it; the last depth."""
        for _ in range(200):
            if sensor is not None:
                self.graph.publish(sensor(header_at(self.sec + 1)), f"/{self.under}{topic}")
            depth_m = self.frame(rgb)
            if self.infos and says(self.infos[-1]):
                return depth_m
        raise AssertionError(f"{what} was never said, but {self.infos[-1:]}")

    @property
    def info(self) -> DepthInfo:
        """The newest."""
        return until(lambda: self.infos, "~/depth/info")[-1]


def is_sensor(info: DepthInfo) -> bool:
    return info.source == "sensor"

def deep_room() -> np.ndarray:
    """A picture with more depth in it than `picture`: a corridor, from near to far."""
    return cv2.resize(draw_room(), (64, 48), interpolation=cv2.INTER_AREA)
