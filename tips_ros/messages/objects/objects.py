# SPDX-License-Identifier: Apache-2.0
"""The things of a frame as messages: with ids, places and boxes, in the image's own frame."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.messages.conversions import image_message, region_message, stamp_ns
from tips_ros.messages.frame_result import CameraPose, FrameResult
from tips_ros.messages.types import (
    DETECTION_2D_ARRAY,
    DETECTION_3D_ARRAY,
    OBJECT,
    OBJECT_ARRAY,
    MessageFactory,
)
from tips_ros.perception.objects.objects import Objects, ObjectsView, SeenObject
from tips_ros.perception.posed_frame import PosedFrame

OBJECT_TOPICS = frozenset(
    ("objects", "objects_2d", "objects/tracked", "objects/ids", "objects/markers")
)


def wants_objects(topics: Collection[str]) -> bool:
    """Whether things have to be followed, for these topics."""
    return not OBJECT_TOPICS.isdisjoint(topics)


def look_at_objects(
    objects: Objects,
    frame: FrameResult,
    value_features: NDArray[np.float32] | None = None,
    pose: CameraPose | None = None,
) -> ObjectsView | None:
    """Follows the things into a frame; None where it has no labels.

    Args:
        objects: of the camera, which remembers.
        frame: with depth in metres where there is any.
        value_features: (h, w, D) of its patches.
        pose: of its camera, in a frame that it moves smoothly in.
    """
    if frame.prediction.labels is None:
        return None
    return objects.look(
        posed_frame(frame, value_features, pose),
        frame.label_space.classes,
        rgb=frame.rgb,
        stuff=frame.options.objects_stuff,
        settings=frame.options.objects,
    )


def posed_frame(
    frame: FrameResult, value_features: NDArray[np.float32] | None, pose: CameraPose | None
) -> PosedFrame:
    """The frame's arrays with a pose of its camera."""
    prediction, camera = frame.prediction, frame.camera
    return PosedFrame(
        stamp_ns(frame.header),
        frame.header.frame_id,
        depth_m=prediction.depth_m,
        stddev_m=prediction.stddev_m,
        labels=prediction.labels,
        confidence=prediction.confidence,
        value_features=value_features,
        lens=None if camera is None else camera.lens,
        world_from_camera=None if pose is None else pose.matrix,
        world_id="" if pose is None else pose.frame_id,
    )


def objects_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ tips_ros/ObjectArray; None where nobody looked for things."""
    if frame.objects is None:
        return None
    return types.message(OBJECT_ARRAY)(
        header=frame.header, objects=[_object(types, one) for one in frame.objects.objects]
    )


def ids_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ sensor_msgs/Image, 16UC1: the lower 16 bits of each pixel's id, 0 where no thing is."""
    view = frame.objects
    return None if view is None else image_message(types, frame.header, view.id_map(), "16UC1")


def detections_2d_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ vision_msgs/Detection2DArray."""
    if frame.objects is None:
        return None
    make = types.message
    center, point = make("vision_msgs/msg/Pose2D"), make("vision_msgs/msg/Point2D")
    detections = []
    for one in frame.objects.objects:
        x, y, width, height = one.shown.region.box_px
        middle = point(x=x + (width - 1) / 2, y=y + (height - 1) / 2)  # pixel centres are integers
        box = make("vision_msgs/msg/BoundingBox2D")(
            center=center(position=middle, theta=0.0), size_x=float(width), size_y=float(height)
        )
        detection = make("vision_msgs/msg/Detection2D")
        results = [_hypothesis(types, one)]
        detections.append(detection(header=frame.header, results=results, bbox=box, id=str(one.id)))
    return make(DETECTION_2D_ARRAY)(header=frame.header, detections=detections)


def detections_3d_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ vision_msgs/Detection3DArray of the things that have a place in space."""
    if frame.objects is None:
        return None
    make, detections = types.message, []
    for one in frame.objects.objects:
        if one.shown.region.box is None:
            continue
        region = region_message(types, one.shown.region)
        box = make("vision_msgs/msg/BoundingBox3D")(center=region.box, size=region.size)
        detection = make("vision_msgs/msg/Detection3D")
        results = [_hypothesis(types, one)]
        detections.append(detection(header=frame.header, results=results, bbox=box, id=str(one.id)))
    return make(DETECTION_3D_ARRAY)(header=frame.header, detections=detections)


def _object(types: MessageFactory, one: SeenObject) -> Any:
    covariance = one.shown.covariance_m2
    time = types.message("builtin_interfaces/msg/Time")
    first, last = (
        time(sec=ns // 10**9, nanosec=ns % 10**9) for ns in (one.first_seen_ns, one.last_seen_ns)
    )
    return types.message(OBJECT)(
        id=one.id,
        class_name=one.class_name,
        class_id=one.class_id,
        region=region_message(types, one.shown.region),
        covariance=np.full(9, np.nan) if covariance is None else covariance.ravel(),
        hits=one.hits,
        first_seen=first,
        last_seen=last,
    )


def _hypothesis(types: MessageFactory, one: SeenObject) -> Any:
    """The class with its score, and where the centroid is, with its covariance."""
    make = types.message
    region, covariance = one.shown.region, np.zeros((6, 6))
    point = make("geometry_msgs/msg/Point")
    quaternion = make("geometry_msgs/msg/Quaternion")(x=0.0, y=0.0, z=0.0, w=1.0)
    position = point(x=0.0, y=0.0, z=0.0)
    if region.centroid_m is not None and one.shown.covariance_m2 is not None:
        position = point(**dict(zip("xyz", region.centroid_m.tolist(), strict=True)))
        covariance[:3, :3] = one.shown.covariance_m2
    pose = make("geometry_msgs/msg/Pose")(position=position, orientation=quaternion)
    score = 0.0 if np.isnan(region.score) else region.score
    return make("vision_msgs/msg/ObjectHypothesisWithPose")(
        hypothesis=make("vision_msgs/msg/ObjectHypothesis")(
            class_id=one.class_name, score=float(score)
        ),
        pose=make("geometry_msgs/msg/PoseWithCovariance")(pose=pose, covariance=covariance.ravel()),
    )
