# SPDX-License-Identifier: Apache-2.0
"""The floor of a frame as messages: its plane, what stands on it, and how far it is free."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from tips_ros.messages.conversions import point_list_message, stamp_ns
from tips_ros.messages.frame_result import FrameResult, OutputOptions
from tips_ros.messages.types import GROUND_PLANE, LASER_SCAN, TF, MessageFactory
from tips_ros.perception.cloud.point_cloud import Cloud
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.classes import floor_classes
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.perception.ground.plane import Plane, level_quaternion
from tips_ros.perception.posed_frame import PosedFrame

GROUND_TOPICS = frozenset(("ground", "points_ground", "points_obstacles", "scan"))
_STATUS = {"absent": 0, "seen": 1, "held": 2}


def wants_ground(topics: Collection[str], options: OutputOptions) -> bool:
    """Whether the floor has to be looked for, for these topics."""
    if not GROUND_TOPICS.isdisjoint(topics):
        return True
    return not {"points", "points_filtered"}.isdisjoint(topics) and options.limits_heights


def look_at_ground(ground: Ground, frame: FrameResult, up: Up | None = None) -> GroundView | None:
    """Follows the floor into a frame; None where it has no depth or its camera is not known.

    Args:
        ground: of the camera, which remembers.
        frame: with depth in metres.
        up: as far as known beside the frame.
    """
    prediction, camera = frame.prediction, frame.camera
    if prediction.depth_m is None or camera is None:
        return None
    ground.use(frame.options.ground)
    posed = PosedFrame(
        stamp_ns(frame.header),
        frame.header.frame_id,
        depth_m=prediction.depth_m,
        stddev_m=prediction.stddev_m,
        labels=prediction.labels,
        normals=prediction.normals,
        lens=camera.lens,
    )
    options = frame.options
    classes = floor_classes(
        frame.label_space.classes, tuple(options.ground_labels), tuple(options.ground_ignore)
    )
    return ground.look(posed, classes, up)


def ground_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ tips_ros/GroundPlane; None without a look at the floor."""
    view = frame.ground
    if view is None:
        return None
    floor, fit, plane = view.floor, view.floor.fit, view.floor.plane
    nan = math.nan
    height = nan if plane is None else plane.height_m
    return types.message(GROUND_PLANE)(
        header=frame.header,
        status=_STATUS[floor.status],
        coefficients=np.array([nan] * 4 if plane is None else plane.coefficients, np.float64),
        height_m=height,
        pitch=nan if plane is None else math.radians(plane.pitch_deg),
        roll=nan if plane is None else math.radians(plane.roll_deg),
        tilt_stddev=nan if plane is None else math.radians(floor.up_stddev_deg),
        height_stddev_m=nan if plane is None else floor.height_stddev * height,
        slope=nan if plane is None or not view.up.is_known
        else math.radians(plane.angle_deg(view.up.vector)),
        samples=0 if fit is None else fit.samples,
        inliers=0 if fit is None else fit.inliers,
        residual=nan if fit is None else fit.residual,
        age_s=float(floor.age_s),
        note=floor.note,
    )  # fmt: skip


def points_ground_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ sensor_msgs/PointCloud2 of the floor, a point for a cell."""
    view = frame.ground
    return None if view is None else _points(types, frame, view.ground_cloud(frame.rgb_at_size))


def points_obstacles_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ sensor_msgs/PointCloud2 of what stands on the floor, and of where it ends."""
    view = frame.ground
    return None if view is None else _points(types, frame, view.obstacle_cloud(frame.rgb_at_size))


def scan_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ sensor_msgs/LaserScan in the level frame of the camera, see `level_frame_id`."""
    view = frame.ground
    if view is None:
        return None
    scan, header = view.scan, frame.header
    return types.message(LASER_SCAN)(
        header=type(header)(stamp=header.stamp, frame_id=level_frame_id(header.frame_id)),
        angle_min=float(scan.angle_min),
        angle_max=float(scan.angle_max),
        angle_increment=float(scan.angle_increment),
        time_increment=0.0,
        scan_time=0.0,
        range_min=float(scan.range_min_m),
        range_max=float(scan.range_max_m),
        ranges=types.floats(scan.ranges_m),
        intensities=types.floats(np.empty(0, np.float32)),
    )


def level_frame_message(types: MessageFactory, header: Any, plane: Plane) -> Any:
    """→ tf2_msgs/TFMessage: the level frame, in which the scan is, in the optical one.

    Raises:
        ImportError: tf2_msgs is not installed.
    """
    x, y, z, w = level_quaternion(plane.up)
    geometry = "geometry_msgs/msg/{}".format
    placed = types.message(geometry("Transform"))(
        translation=types.message(geometry("Vector3"))(x=0.0, y=0.0, z=0.0),
        rotation=types.message(geometry("Quaternion"))(x=x, y=y, z=z, w=w),
    )
    told = types.message(geometry("TransformStamped"))(
        header=header, child_frame_id=level_frame_id(header.frame_id), transform=placed
    )
    return types.message(TF)(transforms=[told])


def level_frame_id(optical: str) -> str:
    """The frame at the camera whose z is up: x ahead, y left."""
    return f"{optical}_level"


def _points(types: MessageFactory, frame: FrameResult, cloud: Cloud) -> Any:
    return point_list_message(types, frame.header, cloud)
