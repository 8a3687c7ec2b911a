# SPDX-License-Identifier: Apache-2.0
"""One pass over the frames at hand for all who wait: topics, heat maps, questions of services.

What a pass found is made into arrays and messages in a thread of its own, while the next pass runs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from tips_ros.perception.predictor import Prediction, Predictor
from tips_ros.perception.seen import Seen
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros.camera_work import CameraWork
from tips_ros.ros.class_board import ClassBoard
from tips_ros.ros.demand import Job, Order, Orders
from tips_ros.ros.frame import Frame
from tips_ros.ros.overlap import Overlap
from tips_ros.ros.questions import Shown
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)

AgeOf = Callable[[object], float]


class Serving:
    """Looks at frames, publishes and answers, and accounts for each. Called from one thread."""

    def __init__(
        self, predictor: Predictor, board: ClassBoard, publishing: Overlap, age_s: AgeOf
    ) -> None:
        """
        Args:
            predictor: the model.
            board: where a frame's classes are announced before its masks.
            publishing: the thread for all that comes after a pass.
            age_s: seconds since the stamp of a header.
        """
        self._predictor = predictor
        self._board = board
        self._publishing = publishing
        self._age_s = age_s
        self._orders = Orders(predictor)
        self._throttle = Throttle(logger)

    def serve(self, jobs: Sequence[Job]) -> None:
        """Runs what is asked of the model, once for all; a frame that fails is lost alone."""
        orders = []
        for job in jobs:
            try:
                orders.append(self._orders.of(job))
            except Exception as error:
                self.lost(job.camera, error)
        if orders:
            self._serve(orders)

    def announce(self, camera: CameraWork, labelling: Labelling, header: Any) -> None:
        """Tells the classes of a frame that nobody waits for; frames before it come first."""
        self._publishing.hand_over(partial(self._announce, camera, labelling, header))

    def lost(self, camera: CameraWork, error: Exception) -> str:
        """Counts and tells a frame that failed; whatever it did, the next one is tried.

        Returns:
            What is told of it.
        """
        reason = f"{type(error).__name__}: {error}"
        camera.statistics.dropped("failed", reason)
        self._throttle.error("failed", "frame lost: %s", reason)
        return reason

    def _serve(self, orders: Sequence[Order]) -> None:
        try:
            seen = self._look(orders)
        except Exception as error:
            if len(orders) == 1:
                self._fail(orders[0], error)
                return
            # Too much at once, or one of them: each has its own chance.
            for order in orders:
                self._serve([order])
            return
        self._publishing.hand_over(partial(self._finish_all, orders, seen))

    def _look(self, orders: Sequence[Order]) -> list[Seen | None]:
        """The pass; None for an order that needs nothing of it."""
        views = {i: view for i, order in enumerate(orders) if (view := order.view) is not None}
        if not views:
            return [None] * len(orders)
        with ExitStack() as stages:
            for i in views:
                stages.enter_context(orders[i].job.camera.statistics.stage("network"))
            found = dict(zip(views, self._predictor.see_all(list(views.values())), strict=True))
        return [found.get(i) for i in range(len(orders))]

    def _announce(self, camera: CameraWork, labelling: Labelling, header: Any) -> None:
        try:
            self._board.announce(camera.name, labelling, header)
        except Exception as error:
            self._throttle.error(
                "announce", "classes not told: %s: %s", type(error).__name__, error
            )

    def _finish_all(self, orders: Sequence[Order], seen: Sequence[Seen | None]) -> None:
        for order, one in zip(orders, seen, strict=True):
            try:
                self._finish(order, one)
            except Exception as error:
                self._fail(order, error)

    def _finish(self, order: Order, seen: Seen | None) -> None:
        job, camera = order.job, order.job.camera
        prediction, cosines = Prediction(), None
        if seen is not None:
            with camera.statistics.stage("arrays"):
                prediction = self._predicted(order, seen)
                if job.demand.heat_maps:
                    cosines = self._predictor.similarities(seen, job.labelling)
            for question in order.questions:
                found = self._labelled(seen, prediction, order.masks, question.labelling)
                question.answer(Shown(job.header, found, order.calibration))
        with camera.statistics.stage("publish"):
            self._board.announce(camera.name, job.labelling, job.header)
            self._publish(order, prediction)
            if seen is not None and cosines is not None:
                size = seen.mounted_size
                camera.similarity.publish(job.header, job.demand.heat_maps, cosines, size)
        latency_s = time.monotonic() - job.received_at
        camera.statistics.went_out(self._age_s(job.header), latency_s)

    def _predicted(self, order: Order, seen: Seen) -> Prediction:
        job = order.job
        prediction = self._predictor.prediction(seen, order.masks)
        return job.camera.scaling.metres(
            job.header, job.rgb, prediction, order.calibration, order.turn
        )

    def _publish(self, order: Order, prediction: Prediction) -> None:
        job, camera = order.job, order.job.camera
        frame = Frame(
            job.header, job.rgb, prediction, job.labelling, order.calibration, order.options
        )
        self._warn_of_unknown_names(order, frame)
        for topic in job.demand.topics:
            if topic.name == "points_filtered":
                frame.placed = camera.placement.of(job.header)
            camera.publishers.publish(topic, frame)

    def _labelled(
        self, seen: Seen, prediction: Prediction, masks: Labelling | None, labelling: Labelling
    ) -> Prediction:
        """The prediction with the labels of another labelling."""
        if labelling is masks:
            return prediction
        labels, confidence = self._predictor.labels(seen, labelling)
        return prediction._replace(labels=labels, confidence=confidence)

    def _fail(self, order: Order, error: Exception) -> None:
        order.fail(self.lost(order.job.camera, error))

    def _warn_of_unknown_names(self, order: Order, frame: Frame) -> None:
        unknown = frame.kept.unknown
        if unknown and any(topic.name.startswith("points") for topic in order.job.demand.topics):
            self._throttle.warning(
                f"kept {unknown}",
                "points.include and points.exclude: %s not among the classes now, which are %s",
                ", ".join(map(repr, unknown)),
                ", ".join(frame.labelling.classes.names),
            )
