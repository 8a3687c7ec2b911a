# SPDX-License-Identifier: Apache-2.0
"""The output topics: what each needs of the model, and how its message is made from a frame.

The one table that the node publishes from, `tips_ros bag` writes from and the tests count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera import (
    CameraInfoFields,
    CameraInfoLike,
    Intrinsics,
    scaled_camera_info_fields,
)
from tips_ros.perception.pictures import normals_picture, overlay
from tips_ros.perception.point_cloud import Cloud, organised_cloud
from tips_ros.perception.predictor import OUTPUTS, Output, Prediction
from tips_ros.perception.semantic_classes import SemanticClasses
from tips_ros.ros.conversions import camera_info_message, cloud_message, image_message
from tips_ros.ros.message_types import CAMERA_INFO, IMAGE, POINT_CLOUD, MessageTypes


class OutputOptions(NamedTuple):
    """What a user can choose about the outputs without touching the model."""

    rectified: bool = False
    overlay_alpha: float = 0.5
    points_stride: int = 1
    points_min_range_m: float = 0.0
    points_max_range_m: float = float("inf")


@dataclass
class Frame:
    """One image with what was predicted for it; derived pieces are made once, when first used."""

    header: Any
    rgb: NDArray[np.uint8]  # (H, W, 3), at the input's size
    prediction: Prediction
    size: tuple[int, int]  # (H, W) of the prediction and of all outputs
    semantic: SemanticClasses
    camera_info: CameraInfoLike | None = None
    options: OutputOptions = field(default_factory=OutputOptions)

    @cached_property
    def rgb_at_size(self) -> NDArray[np.uint8]:
        """The image at the outputs' size."""
        height, width = self.size
        if self.rgb.shape[:2] == self.size:
            return self.rgb
        resized = cv2.resize(self.rgb, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(resized, np.uint8)

    @cached_property
    def ids(self) -> NDArray[np.uint8] | None:
        """Published class ids (H, W), 255 = unlabelled."""
        p = self.prediction
        if p.labels is None or p.confidence is None:
            return None
        return self.semantic.publish(p.labels, p.confidence)

    @cached_property
    def camera_fields(self) -> CameraInfoFields | None:
        """CameraInfo of the outputs' size."""
        if self.camera_info is None:
            return None
        height, width = self.size
        return scaled_camera_info_fields(self.camera_info, width, height)

    @cached_property
    def intrinsics(self) -> Intrinsics | None:
        """Intrinsics of the outputs' size."""
        if self.camera_info is None:
            return None
        height, width = self.size
        full = Intrinsics.from_camera_info(self.camera_info, self.options.rectified)
        return full.scaled_to(width, height)


# A maker returns None when the frame lacks what the topic needs (a CameraInfo).
Maker = Callable[[MessageTypes, Frame], Any]


class OutputTopic(NamedTuple):
    """One topic in the node's private namespace."""

    name: str
    type: str
    needs: frozenset[Output]  # without these it cannot be made
    uses: frozenset[Output]  # with these it is complete; a model may lack one
    make: Maker


def _image(encoding: str, pixels: Callable[[Frame], NDArray[Any] | None]) -> Maker:
    def make(types: MessageTypes, frame: Frame) -> Any:
        array = pixels(frame)
        return None if array is None else image_message(types, frame.header, array, encoding)

    return make


def _camera_info(types: MessageTypes, frame: Frame) -> Any:
    fields = frame.camera_fields
    return None if fields is None else camera_info_message(types, frame.header, fields)


def _normals_picture(frame: Frame) -> NDArray[np.uint8] | None:
    normals = frame.prediction.normals
    return None if normals is None else normals_picture(normals)


def _overlay(frame: Frame) -> NDArray[np.uint8] | None:
    if frame.ids is None:
        return None
    palette = frame.semantic.classes.palette()
    return overlay(frame.rgb_at_size, frame.ids, palette, frame.options.overlay_alpha)


def _points(types: MessageTypes, frame: Frame) -> Any:
    depth_m, intrinsics = frame.prediction.depth_m, frame.intrinsics
    if depth_m is None or intrinsics is None:
        return None
    options = frame.options
    seen = intrinsics.strided(options.points_stride)

    def fill(cloud: Cloud) -> None:
        organised_cloud(
            depth_m,
            intrinsics,
            frame.rgb_at_size,
            frame.ids,
            frame.prediction.normals,
            stride=options.points_stride,
            min_range_m=options.points_min_range_m,
            max_range_m=options.points_max_range_m,
            out=cloud,
        )

    return cloud_message(types, frame.header, (seen.height, seen.width), fill)


def _topic(
    name: str, type_name: str, needs: Collection[Output], make: Maker, uses: Collection[Output] = ()
) -> OutputTopic:
    return OutputTopic(name, type_name, frozenset(needs), frozenset((*needs, *uses)), make)


TOPICS: tuple[OutputTopic, ...] = (
    _topic("depth/image", IMAGE, ["depth"], _image("32FC1", lambda f: f.prediction.depth_m)),
    _topic("depth/camera_info", CAMERA_INFO, [], _camera_info),
    _topic("normals/image", IMAGE, ["normals"], _image("32FC3", lambda f: f.prediction.normals)),
    _topic("normals/color", IMAGE, ["normals"], _image("rgb8", _normals_picture)),
    _topic("semantic/image", IMAGE, ["semantic"], _image("mono8", lambda f: f.ids)),
    _topic(
        "semantic/confidence",
        IMAGE,
        ["semantic"],
        _image("mono8", lambda f: f.prediction.confidence),
    ),
    _topic("semantic/color", IMAGE, ["semantic"], _image("rgb8", _overlay)),
    _topic("points", POINT_CLOUD, ["depth"], _points, uses=OUTPUTS),
)
