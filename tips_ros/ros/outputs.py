# SPDX-License-Identifier: Apache-2.0
"""The output topics: what each needs of the model, and how its message is made from a frame.

The one table that the node publishes from, `tips_ros bag` writes from and the tests count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.seen_camera import SeenCamera
from tips_ros.perception.cloud.cloud_cleaning import Cleaning, kept_pixels
from tips_ros.perception.cloud.kept_classes import KeptClasses, kept_classes
from tips_ros.perception.cloud.point_cloud import Cloud, organised_cloud
from tips_ros.perception.pictures import normals_picture, overlay
from tips_ros.perception.predictor import OUTPUTS, Output, Prediction, Predictor, scaled_size
from tips_ros.perception.preprocess import image_at
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros.conversions import camera_info_message, cloud_message, image_message
from tips_ros.ros.message_types import CAMERA_INFO, IMAGE, POINT_CLOUD, MessageTypes


class OutputOptions(NamedTuple):
    """What a user can choose about the outputs without touching the model."""

    scale: float = 1.0  # size of the outputs as a fraction of the image's
    rectified: bool = False
    overlay_alpha: float = 0.5
    points_stride: int = 1
    points_min_range_m: float = 0.0
    points_max_range_m: float = float("inf")
    points_edge_jump: float = 0.0  # 0: off; see `Cleaning`
    points_max_grazing_deg: float = 0.0
    points_include: Sequence[str] = ()  # class names; empty: all
    points_exclude: Sequence[str] = ()


@dataclass
class Frame:
    """One image with what was predicted for it; derived pieces are made once, when first used."""

    header: Any
    rgb: NDArray[np.uint8]  # (H, W, 3), at the input's size
    prediction: Prediction
    labelling: Labelling
    camera: SeenCamera | None = None  # at the outputs' size
    options: OutputOptions = field(default_factory=OutputOptions)

    @cached_property
    def rgb_at_size(self) -> NDArray[np.uint8]:
        """The image at the outputs' size."""
        height, width = self.rgb.shape[:2]
        return image_at(self.rgb, scaled_size(height, width, self.options.scale))

    @property
    def ids(self) -> NDArray[np.uint8] | None:
        """Published class ids (H, W), 255 = unlabelled."""
        return self.prediction.labels

    @cached_property
    def kept(self) -> KeptClasses:
        """The classes whose points stay in the cloud."""
        options = self.options
        return kept_classes(self.labelling.classes, options.points_include, options.points_exclude)


# A maker returns None when the frame lacks what the topic needs (a CameraInfo).
Maker = Callable[[MessageTypes, Frame], Any]


class OutputTopic(NamedTuple):
    """One topic in the node's private namespace."""

    name: str
    type: str
    needs: frozenset[Output]  # without these it cannot be made
    uses: frozenset[Output]  # with these it is complete; a model may lack one
    needs_camera: bool  # it cannot be made without a CameraInfo either
    make: Maker


def predict_for(
    topics: Collection[OutputTopic],
    predictor: Predictor,
    rgb: NDArray[np.uint8],
    camera_known: bool,
    scale: float,
    labelling: Labelling,
) -> Prediction:
    """What these topics use of one image; the model is not run for one that cannot be made."""
    outputs = used_outputs(topics, camera_known) & set(predictor.outputs_with(labelling))
    return predictor.predict(rgb, outputs, scale, labelling) if outputs else Prediction()


def used_outputs(topics: Collection[OutputTopic], camera_known: bool) -> set[Output]:
    """What is asked of the model for these topics, those left out that cannot be made."""
    made = [topic for topic in topics if camera_known or not topic.needs_camera]
    return {output for topic in made for output in topic.uses}


def _image(encoding: str, pixels: Callable[[Frame], NDArray[Any] | None]) -> Maker:
    def make(types: MessageTypes, frame: Frame) -> Any:
        array = pixels(frame)
        return None if array is None else image_message(types, frame.header, array, encoding)

    return make


def _camera_info(types: MessageTypes, frame: Frame) -> Any:
    camera = frame.camera
    return None if camera is None else camera_info_message(types, frame.header, camera.fields)


def _normals_picture(frame: Frame) -> NDArray[np.uint8] | None:
    normals = frame.prediction.normals
    return None if normals is None else normals_picture(normals)


def _overlay(frame: Frame) -> NDArray[np.uint8] | None:
    if frame.ids is None:
        return None
    palette = frame.labelling.classes.palette()
    return overlay(frame.rgb_at_size, frame.ids, palette, frame.options.overlay_alpha)


def _points(types: MessageTypes, frame: Frame) -> Any:
    depth_m = frame.prediction.depth_m
    if depth_m is None or frame.camera is None:
        return None
    camera, options = frame.camera, frame.options
    seen = camera.intrinsics.strided(options.points_stride)

    def fill(cloud: Cloud) -> None:
        organised_cloud(
            depth_m,
            camera.intrinsics,
            frame.rgb_at_size,
            frame.ids,
            frame.prediction.normals,
            stride=options.points_stride,
            min_range_m=options.points_min_range_m,
            max_range_m=options.points_max_range_m,
            keep=frame.kept.keep,
            mask=_clean_pixels(frame, camera),
            rays=camera.rays,
            out=cloud,
        )

    return cloud_message(types, frame.header, (seen.height, seen.width), fill)


def _clean_pixels(frame: Frame, camera: SeenCamera) -> NDArray[np.bool_] | None:
    """(H, W) bool of the points that stay; None for all, where nobody wants them cleaned."""
    options, seen = frame.options, frame.prediction
    cleaning = Cleaning(
        edge_jump=options.points_edge_jump, max_grazing_deg=options.points_max_grazing_deg
    )
    if cleaning == Cleaning() or seen.depth_m is None:
        return None
    return kept_pixels(seen.depth_m, cleaning, camera.lens, seen.normals)


def _topic(
    name: str,
    type_name: str,
    needs: Collection[Output],
    make: Maker,
    uses: Collection[Output] = (),
    needs_camera: bool = False,
) -> OutputTopic:
    used = frozenset((*needs, *uses))
    return OutputTopic(name, type_name, frozenset(needs), used, needs_camera, make)


TOPICS: tuple[OutputTopic, ...] = (
    _topic("depth/image", IMAGE, ["depth"], _image("32FC1", lambda f: f.prediction.depth_m)),
    _topic("depth/camera_info", CAMERA_INFO, [], _camera_info, needs_camera=True),
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
    _topic("points", POINT_CLOUD, ["depth"], _points, uses=OUTPUTS, needs_camera=True),
)
