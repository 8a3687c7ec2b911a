# SPDX-License-Identifier: Apache-2.0
"""A small result bag, made here, and what rerun's own reader finds in a file of a scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagWriter, default_typestore

START_NS = 1_700_000_000 * 10**9
FRAMES = 4
SIZE = (24, 32)
CLASSES = {3: "cup", 7: "chair"}


class BagMaker:
    """Messages of a camera, of a robot and of the node, by name of type."""

    def __init__(self) -> None:
        self.store = default_typestore()

    def make(self, type_name: str, /, **fields: Any) -> Any:
        return self.store.types[type_name](**fields)

    def header(self, at_ns: int, frame_id: str = "camera_optical") -> Any:
        seconds, rest = divmod(at_ns, 10**9)
        stamp = self.make("builtin_interfaces/msg/Time", sec=seconds, nanosec=rest)
        return self.make("std_msgs/msg/Header", stamp=stamp, frame_id=frame_id)

    def image(self, at_ns: int, encoding: str, pixels: np.ndarray) -> Any:
        height, width = pixels.shape[:2]
        data = np.frombuffer(pixels.tobytes(), np.uint8)
        step = len(data) // height
        return self.make(
            "sensor_msgs/msg/Image",
            header=self.header(at_ns),
            height=height,
            width=width,
            encoding=encoding,
            is_bigendian=0,
            step=step,
            data=data,
        )

    def camera_info(self, at_ns: int) -> Any:
        height, width = SIZE
        k = np.array([30.0, 0, width / 2, 0, 30.0, height / 2, 0, 0, 1])
        roi = self.make(
            "sensor_msgs/msg/RegionOfInterest",
            **dict.fromkeys(("x_offset", "y_offset", "height", "width"), 0),
            do_rectify=False,
        )
        return self.make(
            "sensor_msgs/msg/CameraInfo",
            header=self.header(at_ns),
            height=height,
            width=width,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=k,
            r=np.eye(3).ravel(),
            p=np.zeros(12),
            binning_x=0,
            binning_y=0,
            roi=roi,
        )

    def transform(self, at_ns: int, parent: str, child: str, x_m: float) -> Any:
        geometry = "geometry_msgs/msg/"
        return self.make(
            f"{geometry}TransformStamped",
            header=self.header(at_ns, parent),
            child_frame_id=child,
            transform=self.make(
                f"{geometry}Transform",
                translation=self.make(f"{geometry}Vector3", x=x_m, y=0.0, z=0.0),
                rotation=self.make(f"{geometry}Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
            ),
        )

    def tf(self, at_ns: int, *transforms: tuple[str, str, float]) -> Any:
        made = [self.transform(at_ns, *one) for one in transforms]
        return self.make("tf2_msgs/msg/TFMessage", transforms=made)

    def class_map(self, at_ns: int) -> Any:
        colours = [
            self.make("std_msgs/msg/ColorRGBA", r=1.0, g=0.0, b=0.2, a=1.0) for _ in CLASSES
        ]
        return self.make(
            "tips_ros/msg/ClassMap",
            header=self.header(at_ns),
            model="demo",
            trained=True,
            source="model",
            ids=np.array(list(CLASSES), np.uint16),
            names=list(CLASSES.values()),
            colors=colours,
            UNLABELLED=255,
            MODEL="model",
            PROMPTS="prompts",
        )

    def cloud(self, at_ns: int, points: np.ndarray) -> Any:
        fields = [
            self.make("sensor_msgs/msg/PointField", name=name, offset=4 * n, datatype=7, count=1)
            for n, name in enumerate(("x", "y", "z", "rgb"))
        ]
        rgb = np.full(len(points), 0x00FF8000, np.uint32)
        rows = np.column_stack([points.astype(np.float32).view(np.uint32), rgb])
        data = np.frombuffer(rows.astype(np.uint32).tobytes(), np.uint8)
        return self.make(
            "sensor_msgs/msg/PointCloud2",
            header=self.header(at_ns),
            height=1,
            width=len(points),
            fields=fields,
            is_bigendian=False,
            point_step=16,
            row_step=len(data),
            data=data,
            is_dense=False,
        )

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
        static = make.tf(START_NS, ("base_link", "camera_optical", 0.2))
        put("/tf_static", START_NS, static)
        put("/tips/semantic/classes", START_NS, make.class_map(START_NS))
        for n in range(FRAMES):
            at = START_NS + n * 10**8
            put("/tf", at, make.tf(at, ("odom", "base_link", 0.1 * n)))
            put("/camera/camera_info", at, make.camera_info(at))
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
