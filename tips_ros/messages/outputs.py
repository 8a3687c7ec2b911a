# SPDX-License-Identifier: Apache-2.0
"""The output topics: what each needs of the model, and how its message is made from a frame.

The one table that the node publishes from, `tips_ros bag` writes from and the tests count.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.conversions import (
    camera_info_message,
    cloud_message,
    image_message,
    point_list_message,
)
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.ground import (
    ground_message,
    points_ground_message,
    points_obstacles_message,
    scan_message,
)
from tips_ros.messages.objects.markers import object_markers_message
from tips_ros.messages.objects.objects import (
    detections_2d_message,
    detections_3d_message,
    ids_message,
    objects_message,
    wants_objects,
)
from tips_ros.messages.types import (
    CAMERA_INFO,
    DETECTION_2D_ARRAY,
    DETECTION_3D_ARRAY,
    GROUND_PLANE,
    IMAGE,
    LASER_SCAN,
    MARKER_ARRAY,
    OBJECT_ARRAY,
    POINT_CLOUD,
    MessageFactory,
)
from tips_ros.perception.camera.mounting import MountingRotation
from tips_ros.perception.cloud.move_cloud import move_cloud
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud, valid_points
from tips_ros.perception.image_request import ImageRequest, Output
from tips_ros.perception.map_pictures import normals_picture, overlay
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace

logger = logging.getLogger(__name__)
_once = LogThrottle(logger, again_after_s=math.inf)


# A maker returns None when the frame lacks what the topic needs (a CameraInfo).
Maker = Callable[[MessageFactory, FrameResult], Any]


class OutputTopic(NamedTuple):
    """One topic in the node's private namespace."""

    name: str
    type: str
    needs: frozenset[Output]  # without these it cannot be made
    uses: frozenset[Output]  # with these it is complete; a model may lack one
    needs_camera: bool  # it cannot be made without a CameraInfo either
    make: Maker
    by_default: bool = True  # written to bags, recorded and timed unless something else is named


def view_for(
    topics: Collection[OutputTopic],
    predictor: Predictor,
    rgb: NDArray[np.uint8],
    camera_known: bool,
    scale: float,
    label_space: LabelSpace,
    mounting: MountingRotation = 0,
) -> ImageRequest | None:
    """Makes the request for these topics of one image; None where the model is not needed."""
    outputs = used_outputs(topics, camera_known) & set(predictor.outputs_with(label_space))
    if not outputs:
        return None
    label_spaces = [label_space] if "semantic" in outputs else []
    features = wants_objects([topic.name for topic in topics])
    return ImageRequest(rgb, outputs, scale, label_spaces, mounting, features)


def predict_for(
    topics: Collection[OutputTopic],
    predictor: Predictor,
    rgb: NDArray[np.uint8],
    camera_known: bool,
    scale: float,
    label_space: LabelSpace,
) -> Prediction:
    """Predicts what these topics use; the model is not run for one that cannot be made."""
    view = view_for(topics, predictor, rgb, camera_known, scale, label_space)
    if view is None:
        return Prediction()
    (seen,) = predictor.encode_batch([view])
    return predictor.decode(seen, *view.label_spaces)


def used_outputs(topics: Collection[OutputTopic], camera_known: bool) -> set[Output]:
    """Returns the model's outputs for these topics, those left out that cannot be made."""
    made = [topic for topic in topics if camera_known or not topic.needs_camera]
    return {output for topic in made for output in topic.uses}


def _image(encoding: str, pixels: Callable[[FrameResult], NDArray[Any] | None]) -> Maker:
    def make(types: MessageFactory, frame: FrameResult) -> Any:
        array = pixels(frame)
        return None if array is None else image_message(types, frame.header, array, encoding)

    return make


def _camera_info(types: MessageFactory, frame: FrameResult) -> Any:
    camera = frame.camera
    return None if camera is None else camera_info_message(types, frame.header, camera.fields)


def _normals_picture(frame: FrameResult) -> NDArray[np.uint8] | None:
    normals = frame.prediction.normals
    return None if normals is None else normals_picture(normals)


def _overlay(frame: FrameResult) -> NDArray[np.uint8] | None:
    if frame.ids is None:
        return None
    palette = frame.label_space.classes.palette()
    return overlay(frame.rgb_at_size, frame.ids, palette, frame.options.overlay_alpha)


def _points(types: MessageFactory, frame: FrameResult) -> Any:
    if frame.camera is None or frame.prediction.depth_m is None:
        return None
    seen = frame.camera.intrinsics.strided(frame.options.points_stride)
    return cloud_message(types, frame.header, (seen.height, seen.width), frame.cloud)


def _points_filtered(types: MessageFactory, frame: FrameResult) -> Any:
    options, placed = frame.options, frame.placed
    if frame.is_moved and placed is None:
        return None  # nobody knows where the camera is
    cloud = frame.cloud()
    if cloud is None:
        return None
    points = valid_points(cloud)
    header = frame.header
    if placed is not None and placed.frame_id != header.frame_id:
        points = move_cloud(points, placed.matrix)
        header = type(header)(stamp=header.stamp, frame_id=placed.frame_id)
    # In the target frame: the voxels of one frame after the other are the same places there.
    try:
        points = filter_cloud(
            points,
            options.filtered_voxel_m,
            options.filtered_outlier_neighbors,
            options.filtered_outlier_std,
        )
    except RuntimeError as error:  # without Open3D; the other topics go on
        _once.error(str(error), "no ~/points_filtered: the outlier filter: %s", error)
        return None
    return point_list_message(types, header, points)


def _topic(
    name: str,
    type_name: str,
    needs: Collection[Output],
    make: Maker,
    uses: Collection[Output] = (),
    needs_camera: bool = False,
    by_default: bool = True,
) -> OutputTopic:
    used = frozenset((*needs, *uses))
    return OutputTopic(name, type_name, frozenset(needs), used, needs_camera, make, by_default)


_OF_POINTS: tuple[Output, ...] = ("depth", "normals", "semantic")


def _ground(name: str, type_name: str, make: Maker) -> OutputTopic:
    """A topic that the floor is looked for: labels and normals help where the model has them."""
    return _topic(
        name, type_name, ["depth"], make, uses=_OF_POINTS, needs_camera=True, by_default=False
    )


def _objects(name: str, type_name: str, make: Maker) -> OutputTopic:
    """A topic that things are followed for: depth and its deviation place them where there are."""
    uses: tuple[Output, ...] = ("depth", "semantic", "stddev")
    return _topic(name, type_name, ["semantic"], make, uses=uses, by_default=False)


TOPICS: tuple[OutputTopic, ...] = (
    _topic("depth/image", IMAGE, ["depth"], _image("32FC1", lambda f: f.prediction.depth_m)),
    # 1.2 MB a frame at 640×480 that few read: nobody gets it unasked.
    _topic(
        "depth/stddev",
        IMAGE,
        ["depth", "stddev"],
        _image("32FC1", lambda f: f.prediction.stddev_m),
        by_default=False,
    ),
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
    _topic("points", POINT_CLOUD, ["depth"], _points, uses=_OF_POINTS, needs_camera=True),
    _ground("ground", GROUND_PLANE, ground_message),
    _ground("points_ground", POINT_CLOUD, points_ground_message),
    _ground("points_obstacles", POINT_CLOUD, points_obstacles_message),
    _ground("scan", LASER_SCAN, scan_message),
    _objects("objects/tracked", OBJECT_ARRAY, objects_message),
    _objects("objects/ids", IMAGE, ids_message),
    _objects("objects/markers", MARKER_ARRAY, object_markers_message),
    # After the points, whose cloud it is made from. Slow: nobody gets it unasked.
    _topic(
        "points_filtered",
        POINT_CLOUD,
        ["depth"],
        _points_filtered,
        uses=_OF_POINTS,
        needs_camera=True,
        by_default=False,
    ),
)
DEFAULT_TOPICS = tuple(topic for topic in TOPICS if topic.by_default)
# What things are followed for, whether or not anybody reads it.
TRACKED = next(topic for topic in TOPICS if topic.name == "objects/tracked")
# Live alone, and where vision_msgs is installed.
VISION_TOPICS: tuple[OutputTopic, ...] = (
    _objects("objects", DETECTION_3D_ARRAY, detections_3d_message),
    _objects("objects_2d", DETECTION_2D_ARRAY, detections_2d_message),
)
