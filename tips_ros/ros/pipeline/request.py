# SPDX-License-Identifier: Apache-2.0
"""What one frame is asked for: made once, before its pass."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import Throttle
from tips_ros.messages.frame_result import OutputOptions
from tips_ros.messages.outputs import OutputTopic, used_outputs
from tips_ros.perception.camera.mounting import Turn
from tips_ros.perception.camera.output_camera import SeenCamera
from tips_ros.perception.predictor import Output, Predictor, View
from tips_ros.perception.semantic.label_space import Labelling
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.pipeline.camera import Camera, Demand
from tips_ros.ros.pipeline.queries import FrameQuery
from tips_ros.ros.topics.guarded_node import describe
from tips_ros.ros.topics.names import output_topic

logger = logging.getLogger(__name__)
_throttle = Throttle(logger)
_DEPTH_CAMERA = "depth/camera_info"


@dataclass(frozen=True)
class FrameRequest:
    """A decoded frame with everything that is wanted of it.

    Attributes:
        camera: whose frame it is.
        image: the message, when it came, and its account.
        rgb: (H, W, 3), rectified where that is wanted.
        labelling: the classes in force for it.
        demand: the topics with subscribers.
        options: of its outputs.
        calibration: its camera at the outputs' size; None where unknown or nobody needs it.
        turn: how the camera is mounted.
        outputs: what is made of the pass.
        masks: the classes of the published masks; None where nobody wants any.
        queries: of services; each must be answered or failed.
    """

    camera: Camera
    image: ReceivedImage
    rgb: NDArray[np.uint8]
    labelling: Labelling
    demand: Demand
    options: OutputOptions
    calibration: SeenCamera | None
    turn: Turn
    outputs: set[Output]
    masks: Labelling | None
    queries: list[FrameQuery]

    @property
    def header(self) -> Any:
        """Stamp and optical frame, which every output has as well."""
        return self.image.message.header

    @property
    def view(self) -> View | None:
        """What the model is to encode; None where nothing of it is needed."""
        labellings = [self.labelling] if self.masks or self.demand.heat_maps else []
        labellings += [query.labelling for query in self.queries]
        if not (self.outputs or labellings):
            return None
        return View(self.rgb, self.outputs, self.options.scale, labellings, self.turn)


def make_request(
    camera: Camera,
    image: ReceivedImage,
    rgb: NDArray[np.uint8],
    labelling: Labelling,
    demand: Demand,
    predictor: Predictor,
) -> FrameRequest:
    """Reads the parameters, the calibration and the queries of one frame; the queries are taken."""
    queries = camera.queries.take()
    try:
        options, topics = camera.options, demand.topics
        depth = "depth" in predictor.outputs and (
            bool(queries) or any("depth" in topic.uses for topic in topics)
        )
        calibration = None
        if options.rectify and not options.rectified:
            rgb, calibration = camera.calibration.rectify(rgb, options)
        elif depth or queries or any(topic.needs_camera for topic in topics):
            calibration = camera.calibration.of(rgb.shape[:2], options)
            if calibration is not None and any(topic.name == _DEPTH_CAMERA for topic in topics):
                camera.calibration.warn_of_distortion(
                    calibration, output_topic(camera.name, _DEPTH_CAMERA)
                )
        outputs = _possible(topics, calibration is not None, labelling, predictor)
        if queries and depth:
            outputs.add("depth")
        return FrameRequest(
            camera=camera,
            image=image,
            rgb=rgb,
            labelling=labelling,
            demand=demand,
            options=options,
            calibration=calibration,
            turn=camera.turn,
            outputs=outputs,
            masks=labelling if "semantic" in outputs else None,
            queries=queries,
        )
    except Exception as error:
        for query in queries:
            query.fail(describe(error))
        raise


def _possible(
    topics: Sequence[OutputTopic], camera_known: bool, labelling: Labelling, predictor: Predictor
) -> set[Output]:
    """What is asked of the model for the topics, as far as it can be had."""
    possible = set(predictor.outputs_with(labelling))
    for topic in topics:
        if "semantic" in topic.needs - possible:
            _throttle.warning(
                "no classes",
                "~/%s waits for prompts: this model has no segmentation head of its own; "
                "call ~/set_prompts or set the parameter prompts",
                topic.name,
            )
    return used_outputs(topics, camera_known) & possible
