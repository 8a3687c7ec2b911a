# SPDX-License-Identifier: Apache-2.0
"""What is asked of one frame, and of the model for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.mounting import Turn
from tips_ros.perception.camera.seen_camera import SeenCamera
from tips_ros.perception.predictor import Output, Predictor, View
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros.camera_work import CameraWork
from tips_ros.ros.frame import OutputOptions
from tips_ros.ros.outputs import OutputTopic, used_outputs
from tips_ros.ros.questions import Question
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)


class Demand(NamedTuple):
    """Who waits for a frame."""

    topics: list[OutputTopic]
    heat_maps: dict[str, int]  # by topic, the position of the class
    questions: bool

    def __bool__(self) -> bool:
        return bool(self.topics or self.heat_maps or self.questions)


def demand_of(camera: CameraWork, labelling: Labelling) -> Demand:
    """Who waits for a frame of this camera now."""
    return Demand(
        camera.publishers.wanted(), camera.similarity.wanted(labelling), camera.questions.waiting
    )


class Job(NamedTuple):
    """A decoded frame with those who wait for it."""

    camera: CameraWork
    header: Any  # of the image's message
    rgb: NDArray[np.uint8]  # (H, W, 3)
    labelling: Labelling  # the classes in force for it
    demand: Demand
    received_at: float  # time.monotonic


@dataclass(frozen=True)
class Order:
    """A job as it is put to the model.

    Attributes:
        job: it.
        options: of its outputs.
        calibration: its camera at the outputs' size; None where unknown or nobody needs it.
        turn: how that is mounted.
        outputs: what is made of the pass.
        masks: the classes of the published masks; None where nobody wants any.
        questions: taken from those who wait; each must be answered or failed.
    """

    job: Job
    options: OutputOptions
    calibration: SeenCamera | None
    turn: Turn
    outputs: set[Output]
    masks: Labelling | None
    questions: list[Question]

    @property
    def view(self) -> View | None:
        """What the model is to look at; None where nothing of it is needed."""
        job = self.job
        labellings = [job.labelling] if self.masks or job.demand.heat_maps else []
        labellings += [question.labelling for question in self.questions]
        if not (self.outputs or labellings):
            return None
        return View(job.rgb, self.outputs, self.options.scale, labellings, self.turn)

    def fail(self, reason: str) -> None:
        """Tells those who wait for an answer."""
        for question in self.questions:
            question.fail(reason)


class Orders:
    """Makes orders of jobs."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._throttle = Throttle(logger)

    def of(self, job: Job) -> Order:
        """What this job takes; its questions are taken."""
        questions = job.camera.questions.take()
        try:
            return self._order(job, questions)
        except Exception as error:
            for question in questions:
                question.fail(f"{type(error).__name__}: {error}")
            raise

    def _order(self, job: Job, questions: list[Question]) -> Order:
        camera, topics, options = job.camera, job.demand.topics, job.camera.options
        depth = "depth" in self._predictor.outputs and (
            bool(questions) or any("depth" in topic.uses for topic in topics)
        )
        calibration = None
        if depth or questions or any(topic.needs_camera for topic in topics):
            calibration = camera.calibration.of(job.rgb.shape[:2], options)
        outputs = self._possible(topics, calibration is not None, job.labelling)
        if questions and depth:
            outputs.add("depth")
        masks = job.labelling if "semantic" in outputs else None
        return Order(job, options, calibration, camera.turn, outputs, masks, questions)

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
