# SPDX-License-Identifier: Apache-2.0
"""One look at an image for all who ask: output topics, heat maps, and questions of services."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from tips_ros.perception.predictor import Output, Prediction, Predictor
from tips_ros.perception.seen import Seen
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros import parameters
from tips_ros.ros.frame_camera import FrameCamera
from tips_ros.ros.outputs import Frame, OutputTopic, used_outputs
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.questions import Question, Questions, Shown
from tips_ros.ros.similarity_publishers import SimilarityPublishers
from tips_ros.ros.statistics import Statistics
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)


class Demand(NamedTuple):
    """What is asked of a frame."""

    topics: list[OutputTopic]
    heat_maps: dict[str, int]  # by topic, the position of the class
    questions: bool

    def __bool__(self) -> bool:
        return bool(self.topics or self.heat_maps or self.questions)


class Serving:
    """Looks at images. From one thread."""

    def __init__(
        self,
        node: Node,
        predictor: Predictor,
        camera: FrameCamera,
        publishers: OutputPublishers,
        similarity: SimilarityPublishers,
        questions: Questions,
        statistics: Statistics,
    ) -> None:
        self._node = node
        self._predictor = predictor
        self._camera = camera
        self._publishers = publishers
        self._similarity = similarity
        self._questions = questions
        self._statistics = statistics
        self._throttle = Throttle(logger)

    def demand(self, labelling: Labelling) -> Demand:
        """What is asked for now."""
        return Demand(
            self._publishers.wanted(), self._similarity.wanted(labelling), self._questions.waiting
        )

    def serve(
        self, header: Any, rgb: NDArray[np.uint8], labelling: Labelling, demand: Demand
    ) -> None:
        """Runs what the demand takes of the model, once; publishes and answers.

        Args:
            header: of the image's message.
            rgb: (H, W, 3).
            labelling: the classes in force for this frame.
            demand: what is asked of it.
        """
        questions = self._questions.take()
        try:
            self._serve(header, rgb, labelling, demand, questions)
        except Exception as error:
            for question in questions:
                question.fail(f"{type(error).__name__}: {error}")
            raise

    def _serve(
        self,
        header: Any,
        rgb: NDArray[np.uint8],
        labelling: Labelling,
        demand: Demand,
        questions: list[Question],
    ) -> None:
        options = parameters.output_options(self._node)
        by_topic = any(topic.needs_camera for topic in demand.topics)
        camera = self._camera.of(rgb.shape[:2], options) if by_topic or questions else None
        outputs = self._possible(demand.topics, camera is not None, labelling)
        masks = labelling if "semantic" in outputs else None
        if questions and "depth" in self._predictor.outputs:
            outputs.add("depth")
        labellings = [labelling] if masks or demand.heat_maps else []
        labellings += [question.labelling for question in questions]
        prediction, cosines = Prediction(), None
        if outputs or labellings:
            with self._statistics.stage("predict"):
                seen = self._predictor.see(rgb, outputs, options.scale, labellings)
                prediction = self._predictor.prediction(seen, masks)
                if demand.heat_maps:
                    cosines = self._predictor.similarities(seen, labelling)
            for question in questions:
                found = self._labelled(seen, prediction, masks, question.labelling)
                question.answer(Shown(header, found, camera))
        frame = Frame(header, rgb, prediction, labelling, camera, options)
        self._warn_of_unknown_names(frame, demand.topics)
        with self._statistics.stage("publish"):
            for topic in demand.topics:
                self._publishers.publish(topic, frame)
            if cosines is not None:
                self._similarity.publish(header, demand.heat_maps, cosines, seen.size)

    def _possible(
        self, topics: list[OutputTopic], camera_known: bool, labelling: Labelling
    ) -> set[Output]:
        """What is asked of the model for the topics, as far as it can be had."""
        possible = set(self._predictor.outputs_with(labelling))
        for topic in topics:
            if "semantic" in topic.needs - possible:
                self._throttle.warning(
                    "no classes",
                    "~/%s waits for prompts: this model has no segmentation head of its own; "
                    "call ~/set_prompts or set the parameter prompts",
                    topic.name,
                )
        return used_outputs(topics, camera_known) & possible

    def _labelled(
        self, seen: Seen, prediction: Prediction, masks: Labelling | None, labelling: Labelling
    ) -> Prediction:
        """The prediction with the labels of another labelling."""
        if labelling is masks:
            return prediction
        labels, confidence = self._predictor.labels(seen, labelling)
        return prediction._replace(labels=labels, confidence=confidence)

    def _warn_of_unknown_names(self, frame: Frame, topics: list[OutputTopic]) -> None:
        unknown = frame.kept.unknown
        if unknown and any(topic.name == "points" for topic in topics):
            self._throttle.warning(
                f"kept {unknown}",
                "points.include and points.exclude: %s not among the classes now, which are %s",
                ", ".join(map(repr, unknown)),
                ", ".join(frame.labelling.classes.names),
            )
