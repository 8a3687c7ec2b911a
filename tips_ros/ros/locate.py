# SPDX-License-Identifier: Apache-2.0
"""The service that finds what is named in the newest frame: where it is, how large and how far."""

from __future__ import annotations

import logging
import math
from typing import NamedTuple

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.regions.regions import Region, regions
from tips_ros.perception.semantic.sought import Sought
from tips_ros.ros import parameters
from tips_ros.ros.camera_names import ONLY, output_topic
from tips_ros.ros.conversions import region_message
from tips_ros.ros.frames import Frames
from tips_ros.ros.message_types import RCLPY_TYPES
from tips_ros.ros.prompt_parameters import SLIDING_WINDOW
from tips_ros.ros.questions import Questions, Shown
from tips_ros.ros.vocabulary import Vocabulary
from tips_ros.srv import Locate

logger = logging.getLogger(__name__)
_COUNT, _TIMEOUT_S = 10, 1.0  # what 0 stands for in a request


class Source(NamedTuple):
    """Where the answers come from while the node is active."""

    vocabulary: Vocabulary
    questions: Questions
    topic: str  # of the images


class LocateService:
    """`~/locate` of one camera. Lives as long as the node; without a source it says so.

    A call waits for a frame, so it has a callback group and with it a thread of its own.
    """

    def __init__(self, node: LifecycleNode, frames: Frames, camera: str = ONLY) -> None:
        self._node = node
        self._frames = frames
        self.source: Source | None = None
        node.create_service(
            Locate,
            output_topic(camera, "locate"),
            self._on_call,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def _on_call(self, request: Locate.Request, response: Locate.Response) -> Locate.Response:
        try:
            self._locate(request, response)
        except (ValueError, OSError, RuntimeError) as error:
            response.success, response.message = False, str(error)
        logger.info("locate %r: %s", request.prompt, response.message)
        return response

    def _locate(self, request: Locate.Request, response: Locate.Response) -> None:
        source = self.source
        if source is None:
            raise RuntimeError("the node is not active; activate it first")
        timeout_s = _checked("timeout_s", request.timeout_s, math.inf) or _TIMEOUT_S
        min_score = _checked("min_score", request.min_score, 1.0)
        sliding = parameters.value(self._node, SLIDING_WINDOW)
        wanted = source.vocabulary.sought(request.prompt, sliding)
        shown = source.questions.ask(wanted.labelling, timeout_s)
        if shown is None:
            raise TimeoutError(f"no frame came on {source.topic} within {timeout_s:g} s")
        found, notes = _regions(shown, wanted, request.max_regions or _COUNT, min_score)
        frame_id = shown.header.frame_id
        if request.target_frame:
            frame_id = request.target_frame
            matrix = self._frames.transform(
                frame_id, shown.header.frame_id, shown.header.stamp, timeout_s
            )
            found = [region.in_frame(matrix) for region in found]
        response.header.stamp, response.header.frame_id = shown.header.stamp, frame_id
        response.regions = [region_message(RCLPY_TYPES, region) for region in found]
        response.success = True
        response.message = "; ".join([f"{len(found)} of {wanted.name}", *notes])


def _regions(
    shown: Shown, wanted: Sought, count: int, min_score: float
) -> tuple[list[Region], list[str]]:
    """The best regions, and what is to be said of them."""
    labels, confidence, depth_m = (
        shown.prediction.labels,
        shown.prediction.confidence,
        shown.prediction.depth_m,
    )
    assert labels is not None, "it was labelled for the question"
    notes = []
    if depth_m is None:
        notes.append("without metres: the model has no depth head")
    elif shown.camera is None:
        notes.append("without places in space: no CameraInfo that fits the images")
    if confidence is None and min_score > 0.0:
        notes.append("min_score is ignored: the model's files tell no temperature for scores")
    found = regions(
        labels == wanted.class_id,
        None if confidence is None else confidence / np.float32(255),
        depth_m,
        None if shown.camera is None else shown.camera.intrinsics,
        None if shown.camera is None else shown.camera.rays,
        count=count,
        min_score=min_score,
    )
    return found, notes


def _checked(name: str, value: float, most: float) -> float:
    if not 0.0 <= value <= most or math.isinf(value):
        limit = "0 or more" if math.isinf(most) else f"between 0 and {most:g}"
        raise ValueError(f"{name} {value:g} must be {limit}")
    return value
