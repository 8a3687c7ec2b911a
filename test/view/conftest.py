# SPDX-License-Identifier: Apache-2.0
"""A small result bag, made here, and what rerun's own reader finds in a file of a scene."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagWriter, default_typestore
from tips_ros.messages.conversions import class_map_message, cloud_message, image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.semantic.label_space import model_label_space
from training.scenes.camera.camera_messages import CameraMessages

START_NS = 1_700_000_000 * 10**9
FRAMES = 4
SIZE = (24, 32)
CLASSES = {3: "cup", 7: "chair"}
CAMERA = Intrinsics(30.0, 30.0, 16.0, 12.0, 32, 24)


class BagMaker(CameraMessages):
    """Messages of a camera, of a robot and of the node, by name of type."""

    def __init__(self) -> None:
        self.store = default_typestore()
        self._fields = bag_types(SimpleNamespace(typestore=self.store))
        super().__init__(self.store.types, "camera_optical")

    def make(self, type_name: str, /, **fields: Any) -> Any:
        return self.store.types[type_name](**fields)

    def header(self, at_ns: int, frame_id: str = "camera_optical") -> Any:
        return self._header(at_ns, frame_id)

    def image(self, at_ns: int, encoding: str, pixels: np.ndarray) -> Any:
        return image_message(self._fields, self.header(at_ns), pixels, encoding)

    def tf(self, at_ns: int, parent: str, child: str, x_m: float) -> Any:
        pose = np.eye(4)
        pose[0, 3] = x_m
        return self.transform(at_ns, parent, child, pose)

    def class_map(self, at_ns: int) -> Any:
        space = model_label_space(ClassList(tuple(CLASSES.values()), tuple(CLASSES)))
        return class_map_message(self._fields, self.header(at_ns), space, "demo", True)

    def cloud(self, at_ns: int, points: np.ndarray) -> Any:
        def fill(cloud: np.ndarray) -> None:
            cloud["x"], cloud["y"], cloud["z"] = points.T
            cloud["rgb"].view(np.uint32)[:] = 0x00FF8000

        return cloud_message(self._fields, self.header(at_ns), (1, len(points)), fill)

    def ground(self, at_ns: int, status: int, coefficients: np.ndarray) -> Any:
        names = ("height_m", "pitch", "roll", "tilt_stddev", "height_stddev_m", "slope")
        return self.make(
            "tips_ros/msg/GroundPlane",
            header=self.header(at_ns),
            status=status,
            coefficients=coefficients,
            **dict.fromkeys((*names, "residual", "age_s"), 0.0),
            **dict.fromkeys(("samples", "inliers"), 0),
            **{"note": "", "ABSENT": 0, "SEEN": 1, "HELD": 2},
        )

    def temperature(self, at_ns: int) -> Any:
        return self.make(
            "sensor_msgs/msg/Temperature",
            header=self.header(at_ns),
            temperature=21.5,
            variance=0.0,
        )

    def diagnostics(self, at_ns: int) -> Any:
        pairs = {
            "frames received": "12",
            "frames published": "11",
            "output rate (Hz)": "5.0",
            "latency p50 (ms)": "80.5",
            "dropped, superseded": "1",
        }
        values = [
            self.make("diagnostic_msgs/msg/KeyValue", key=k, value=v) for k, v in pairs.items()
        ]
        status = self.make(
            "diagnostic_msgs/msg/DiagnosticStatus",
            **{"level": 0, "name": "tips: perception", "message": "running"},
            **{"hardware_id": "here", "values": values, "OK": 0, "WARN": 1, "ERROR": 2, "STALE": 3},
        )
        return self.make(
            "diagnostic_msgs/msg/DiagnosticArray", header=self.header(at_ns, ""), status=[status]
        )


def write_result_bag(path: Path) -> Path:
    """A bag as the demo leaves it, of a camera that moves along x; its first image is red."""
    make = BagMaker()
    store = make.store
    depth = np.linspace(0.5, 4.0, SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE)
    depth[0, 0] = np.nan
    red = np.zeros((*SIZE, 3), np.uint8)
    red[..., 0] = 255
    labels = np.where(depth > 2, 3, 7).astype(np.uint8)
    points = np.array([[0.0, 0, 1], [0.5, 0, 2], [np.nan, 0, 0]])
    with BagWriter(path, typestore=store) as writer:

        def put(topic: str, at_ns: int, message: Any) -> None:
            name = message.__msgtype__
            if topic not in known:
                writer.add_topic(topic, name)
                known.add(topic)
            writer.write(topic, at_ns, bytes(store.serialize_cdr(message, name)))

        known: set[str] = set()
        static = make.tf(START_NS, "base_link", "camera_optical", 0.2)
        put("/tf_static", START_NS, static)
        put("/tips/semantic/classes", START_NS, make.class_map(START_NS))
        for n in range(FRAMES):
            at = START_NS + n * 10**8
            put("/tf", at, make.tf(at, "odom", "base_link", 0.1 * n))
            put("/camera/camera_info", at, make.camera_info(at, CAMERA))
            put("/camera/image_raw", at, make.image(at, "rgb8", red))
            put("/tips/depth/image", at, make.image(at, "32FC1", depth))
            put("/tips/depth/stddev", at, make.image(at, "32FC1", depth * 0.02))
            put("/tips/normals/color", at, make.image(at, "rgb8", red))
            put("/tips/semantic/image", at, make.image(at, "mono8", labels))
            put("/tips/points", at, make.cloud(at, points))
            put("/thermometer", at, make.temperature(at))
            put("/diagnostics", at, make.diagnostics(at))
    return path


@pytest.fixture(scope="session")
def result_bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_result_bag(tmp_path_factory.mktemp("view") / "result")
