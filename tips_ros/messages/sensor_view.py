# SPDX-License-Identifier: Apache-2.0
"""One message of a depth sensor, a LiDAR or a 2-D LiDAR as the camera would have measured it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.decoding import MOST_SWEEP_S, Beams, read_points, read_scan
from tips_ros.messages.scan_placement import Transforms, beams_seen_by
from tips_ros.messages.types import IMAGE, LASER_SCAN, POINT_CLOUD
from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.depth.sparse_depth import sparse_depth
from tips_ros.perception.images.encodings import decode_depth

SensorKind: TypeAlias = Literal["image", "points", "scan"]
SENSOR_TYPES: dict[str, SensorKind] = {IMAGE: "image", POINT_CLOUD: "points", LASER_SCAN: "scan"}

_MOST_POINTS = 40_000  # of a cloud, evenly; all of a large LiDAR's would cost 40 ms a frame


class NotMeasured(ValueError):
    """The sensor has nothing for this image; says why.

    Attributes:
        may_come: whether it may later: the transform of its points has not come yet.
    """

    def __init__(self, reason: str, may_come: bool = False) -> None:
        super().__init__(reason)
        self.may_come = may_come


class View(NamedTuple):
    """The image that a measurement is wanted for."""

    header: Any
    camera: OutputCamera | None  # where known; points take it
    world: str = ""  # of tf, in which the robot moves smoothly; beams and points take it
    may_wait: bool = False  # whether a transform that has not come yet is worth waiting for


def depth_seen(
    kind: SensorKind, message: Any, view: View, frames: Transforms
) -> NDArray[np.float32]:
    """(h, w) metres along the camera's z, NaN where there is nothing.

    Raises:
        NotMeasured: nothing of it can be seen in the image.
        TransformError: it is not known where the sensor is, or not yet.
        ValueError: a message that makes no sense; names what to fix.
    """
    if kind == "image":
        return _image_depth(message)
    if view.camera is None:
        raise NotMeasured("points are seen nowhere in the image without a usable CameraInfo")
    if kind == "points":
        return sparse_depth(_cloud(message, view, frames), view.camera.lens)
    beams, own, camera = read_scan(message), message.header, view.header.frame_id
    if not own.frame_id or own.frame_id == camera:
        raise ValueError(
            f"the scan's frame_id is {own.frame_id!r}, and a LiDAR has a frame of its own, whose x "
            "and y its beams lie in: set frame_id in its driver"
        )
    points = beams_seen_by(view.header, own, beams, frames, view.world, view.may_wait)
    depth_m = sparse_depth(points, view.camera.lens)
    if not np.isfinite(depth_m).any():
        raise NotMeasured(
            f"none of the scan's {len(points)} beams that hit something is seen in the picture; "
            f"if they should be, check the transform from {own.frame_id} to {camera}"
        )
    return depth_m


def middle_ns(kind: SensorKind, message: Any) -> int:
    """The stamp of a message; of a LiDAR that turns, the middle of its sweep."""
    at_ns = stamp_ns(message.header)
    if kind != "scan":
        return at_ns
    sweep_s = message.time_increment * len(message.ranges)
    return at_ns + round(sweep_s * 0.5e9) if 0.0 < sweep_s <= MOST_SWEEP_S else at_ns


def _cloud(message: Any, view: View, frames: Transforms) -> NDArray[np.float64]:
    """(N, 3) in the optical frame, from where the camera was when it took the image."""
    points = read_points(message)
    if len(points) > _MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, _MOST_POINTS).astype(np.int64)]
    if message.header.frame_id in ("", view.header.frame_id):
        return points
    at_once = Beams(points, np.zeros(len(points)))
    return beams_seen_by(
        view.header, message.header, at_once, frames, view.world, view.may_wait
    )


def _image_depth(message: Any) -> NDArray[np.float32]:
    return decode_depth(
        message.data,
        message.encoding,
        message.height,
        message.width,
        message.step,
        bool(message.is_bigendian),
    )
