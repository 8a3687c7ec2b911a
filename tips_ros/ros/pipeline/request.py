# SPDX-License-Identifier: Apache-2.0
"""The request of one frame: all that is wanted of it, made once, before its pass."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import LogThrottle
from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.image_request import ImageRequest, scaled_size
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.pipeline.frame_plan import DEPTH_CAMERA, FramePlan, make_plan
from tips_ros.ros.pipeline.queries import FrameQuery
from tips_ros.ros.topics.guarded_node import describe
from tips_ros.ros.topics.names import output_topic

logger = logging.getLogger(__name__)
_throttle = LogThrottle(logger)


@dataclass(frozen=True)
class FrameRequest:
    """A decoded frame with everything that is wanted of it.

    Attributes:
        camera: whose frame it is.
        image: the message, when it came, and its account.
        header: stamp and optical frame, which every output has as well.
        rgb: (H, W, 3), rectified where that is wanted.
        plan: the topics with subscribers, the classes in force, the parameters it is made by.
        calibration: its camera at the outputs' size; None where unknown or nobody needs it.
        view: what the model is to encode; None where nothing of it is needed.
        masks: the classes of the published masks; None where nobody wants any.
        queries: of services; each must be answered or failed.
    """

    camera: Camera
    image: ReceivedImage
    header: Any
    rgb: NDArray[np.uint8]
    plan: FramePlan
    calibration: OutputCamera | None
    view: ImageRequest | None
    masks: LabelSpace | None
    queries: list[FrameQuery]


def plan_of(
    camera: Camera, label_space: LabelSpace, settings: CameraSettings, predictor: Predictor
) -> FramePlan | None:
    """The plan of a camera's next frame; None where nobody waits for it."""
    topics = camera.publishers.subscribed_topics()
    heat_maps = (
        camera.similarity.subscribed_topics(label_space) if label_space.words is not None else {}
    )
    if not (topics or heat_maps or settings.remembers or camera.queries.waiting):
        return None
    plan = camera.plan
    if (
        plan is None
        or plan.settings is not settings
        or plan.label_space is not label_space
        or (plan.topics, plan.heat_maps) != (topics, heat_maps)
    ):
        camera.plan = plan = make_plan(topics, heat_maps, label_space, settings, predictor)
    return plan


def make_request(
    camera: Camera, image: ReceivedImage, rgb: NDArray[np.uint8], plan: FramePlan
) -> FrameRequest:
    """Finds the calibration, the queries and the outputs of a frame; the queries are taken."""
    queries = camera.queries.take() if camera.queries.waiting else []
    try:
        settings, options = plan.settings, plan.settings.options
        size = scaled_size(rgb.shape[0], rgb.shape[1], options.scale)
        calibration = None
        if options.rectify and not options.rectified:
            rgb, calibration = camera.calibration.rectify(rgb, size)
        elif plan.needs_camera or queries:
            calibration = camera.calibration.of(rgb.shape[:2], size, options.rectified)
            if plan.tells_camera and calibration is not None and not calibration.is_pinhole:
                camera.calibration.warn_of_distortion(output_topic(camera.name, DEPTH_CAMERA))
        for name in plan.waits_for_classes:
            _throttle.warning(
                "no classes",
                "~/%s waits for prompts: this model has no segmentation head of its own; "
                "call ~/set_prompts or set the parameter prompts",
                name,
            )
        outputs = plan.outputs[calibration is not None, bool(queries)]
        masks = plan.label_space if "semantic" in outputs else None
        label_spaces = [plan.label_space] if masks or plan.heat_maps else []
        label_spaces += [query.label_space for query in queries]
        view = ImageRequest(
            rgb, outputs, options.scale, label_spaces, settings.mounting, plan.follows_things
        )
        return FrameRequest(
            camera=camera,
            image=image,
            header=image.message.header,
            rgb=rgb,
            plan=plan,
            calibration=calibration,
            view=view if outputs or label_spaces else None,
            masks=masks,
            queries=queries,
        )
    except Exception as error:
        for query in queries:
            query.fail(describe(error))
        raise
