# SPDX-License-Identifier: Apache-2.0
"""The request of one frame: all that is wanted of it, made once, before its pass."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.objects.objects import wants_objects
from tips_ros.messages.outputs import TRACKED, OutputTopic, used_outputs
from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.image_request import ImageRequest, Output, scaled_size
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.pipeline.queries import FrameQuery
from tips_ros.ros.topics.guarded_node import describe
from tips_ros.ros.topics.names import output_topic

logger = logging.getLogger(__name__)
_throttle = LogThrottle(logger)
_DEPTH_CAMERA = "depth/camera_info"


class Demand(NamedTuple):
    """The outputs that somebody waits for; where there are none, a query waits."""

    topics: list[OutputTopic]  # with subscribers
    heat_maps: dict[str, int]  # by topic with subscribers, the position of the class
    memory: bool = False  # whether its things are remembered

    @property
    def follows_things(self) -> bool:
        """Whether things are followed from frame to frame."""
        return self.memory or wants_objects([topic.name for topic in self.topics])


@dataclass(frozen=True)
class FrameRequest:
    """A decoded frame with everything that is wanted of it.

    Attributes:
        camera: whose frame it is.
        image: the message, when it came, and its account.
        header: stamp and optical frame, which every output has as well.
        rgb: (H, W, 3), rectified where that is wanted.
        label_space: the classes in force for it.
        demand: the topics with subscribers.
        settings: the parameters that it is made by.
        calibration: its camera at the outputs' size; None where unknown or nobody needs it.
        view: what the model is to encode; None where nothing of it is needed.
        masks: the classes of the published masks; None where nobody wants any.
        queries: of services; each must be answered or failed.
    """

    camera: Camera
    image: ReceivedImage
    header: Any
    rgb: NDArray[np.uint8]
    label_space: LabelSpace
    demand: Demand
    settings: CameraSettings
    calibration: OutputCamera | None
    view: ImageRequest | None
    masks: LabelSpace | None
    queries: list[FrameQuery]


def demand_of(camera: Camera, label_space: LabelSpace) -> Demand | None:
    """Returns who waits for a camera's next frame; None where nobody does."""
    topics = camera.publishers.subscribed_topics()
    heat_maps = (
        camera.similarity.subscribed_topics(label_space) if label_space.words is not None else {}
    )
    remembers = camera.settings.remembers
    if topics or heat_maps or remembers or camera.queries.waiting:
        return Demand(topics, heat_maps, remembers)
    return None


def make_request(
    camera: Camera,
    image: ReceivedImage,
    rgb: NDArray[np.uint8],
    label_space: LabelSpace,
    demand: Demand,
    settings: CameraSettings,
    predictor: Predictor,
) -> FrameRequest:
    """Finds the calibration, the queries and the outputs of a frame; the queries are taken."""
    queries = camera.queries.take() if camera.queries.waiting else []
    try:
        options, topics = settings.options, demand.topics
        if demand.memory and TRACKED not in topics:
            topics = [*topics, TRACKED]
        size = scaled_size(rgb.shape[0], rgb.shape[1], options.scale)
        # Labels that are held still take depth, to lay frames over one another.
        held = settings.holding.labels
        depth = "depth" in predictor.outputs and (
            bool(queries)
            or any("depth" in topic.uses or (held and "semantic" in topic.uses) for topic in topics)
        )
        calibration = None
        if options.rectify and not options.rectified:
            rgb, calibration = camera.calibration.rectify(rgb, size)
        elif depth or queries or demand.memory or any(topic.needs_camera for topic in topics):
            calibration = camera.calibration.of(rgb.shape[:2], size, options.rectified)
            distorted = calibration is not None and not calibration.is_pinhole
            if distorted and any(topic.name == _DEPTH_CAMERA for topic in topics):
                camera.calibration.warn_of_distortion(output_topic(camera.name, _DEPTH_CAMERA))
        outputs = _possible_outputs(topics, calibration is not None, label_space, predictor)
        if depth and (queries or (held and "semantic" in outputs)):
            outputs.add("depth")
        if depth and settings.scale_source == "ground":  # the floor is looked for
            floor: set[Output] = {"normals", "semantic"}
            outputs |= floor & set(predictor.outputs_with(label_space))
        masks = label_space if "semantic" in outputs else None
        label_spaces = [label_space] if masks or demand.heat_maps else []
        label_spaces += [query.label_space for query in queries]
        features = demand.follows_things
        view = ImageRequest(rgb, outputs, options.scale, label_spaces, settings.mounting, features)
        return FrameRequest(
            camera=camera,
            image=image,
            header=image.message.header,
            rgb=rgb,
            label_space=label_space,
            demand=demand,
            settings=settings,
            calibration=calibration,
            view=view if outputs or label_spaces else None,
            masks=masks,
            queries=queries,
        )
    except Exception as error:
        for query in queries:
            query.fail(describe(error))
        raise


def _possible_outputs(
    topics: Sequence[OutputTopic], camera_known: bool, label_space: LabelSpace, predictor: Predictor
) -> set[Output]:
    """Returns the model's outputs that the topics need, as far as it has them."""
    possible = set(predictor.outputs_with(label_space))
    for topic in topics:
        if "semantic" in topic.needs - possible:
            _throttle.warning(
                "no classes",
                "~/%s waits for prompts: this model has no segmentation head of its own; "
                "call ~/set_prompts or set the parameter prompts",
                topic.name,
            )
    return used_outputs(topics, camera_known) & possible
