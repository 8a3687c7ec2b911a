# SPDX-License-Identifier: Apache-2.0
"""The end of a frame: arrays from the device, messages, answers, and the frame's account."""

from __future__ import annotations

import logging
import time

from rclpy.clock import Clock

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.depth.depth_scale import DepthScale, prediction_in_metres
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.ros.classes.active_classes import ActiveClasses
from tips_ros.ros.health.statistics import age_s
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.pipeline.frame_plan import FramePlan
from tips_ros.ros.pipeline.held_clouds import HeldCloud, HeldClouds
from tips_ros.ros.pipeline.memory_keeper import MemoryKeeper
from tips_ros.ros.pipeline.queries import QueryResult
from tips_ros.ros.pipeline.request import FrameRequest

logger = logging.getLogger(__name__)

HEAT_MAPS = "similarity"  # of all prompts together, in a frame's outcome
ANSWERS = "locate"
MEMORY = "memory"
_FILTERED = "points_filtered"


class Finisher:
    """Publishes and answers, one frame after the other. Called from one thread."""

    def __init__(
        self, clock: Clock, predictor: Predictor, board: ActiveClasses, keeper: MemoryKeeper
    ) -> None:
        """
        Args:
            clock: that ages are told by.
            predictor: the model.
            board: where a frame's classes are announced before its masks.
            keeper: of the memory of things.
        """
        self._keeper = keeper
        self._clock, self._predictor, self._board = clock, predictor, board
        self._throttle = LogThrottle(logger)
        self._held = HeldClouds()
        self._abandoned = False

    def announce(self, camera: Camera, label_space: LabelSpace, image: ReceivedImage) -> None:
        """Tells the classes of a frame that nobody waits for; frames before it come first."""
        try:
            announcer = self._board.class_maps[camera.name]
            announcer.announce(label_space, image.message.header, image.stamp_ns)
        except Exception as error:
            self._throttle.error("announce", "class map not published: %r", error, cause=error)

    def finish(self, request: FrameRequest, encoded: EncodedImage | None) -> None:
        """Does all that is wanted of a frame, and settles its account."""
        camera, plan = request.camera, request.plan
        account, start = request.image.account, time.perf_counter()
        if plan is not camera.turned_to:
            camera.turn_to(plan)
        # 1. Arrays, with depth in metres.
        prediction, cosines = Prediction(), None
        if encoded is not None:
            prediction = self._predict(request, encoded)
            if plan.heat_maps:
                cosines = self._predictor.similarities(encoded, plan.label_space)
            account.stages_s["arrays"] = time.perf_counter() - start
        if self._abandoned:
            account.drop("deactivated")
            return
        # 2. Answers of services.
        outcome: dict[str, str] = {}
        if encoded is not None:
            for query in request.queries:
                found = self._relabel(encoded, prediction, request.masks, query.label_space)
                query.answer(QueryResult(request.header, found, request.calibration))
                outcome[ANSWERS] = ""
        # 3. Messages: first what readers need to understand the others.
        start, at_ns = time.perf_counter(), request.image.stamp_ns
        if prediction.depth_m is not None:
            camera.depth_info.publish(request.header, at_ns, camera.scaling.status)
        announcer = self._board.class_maps[camera.name]
        announcer.announce(plan.label_space, request.header, at_ns)
        held = self._publish(request, encoded, prediction, outcome)
        if encoded is not None and cosines is not None:
            went_out = camera.similarity.publish(
                request.header, plan.heat_maps, cosines, encoded.mounted_size
            )
            outcome[HEAT_MAPS] = "" if went_out else "unwatched"
        account.stages_s["publish"] = time.perf_counter() - start
        # 4. The account; that of a cloud which waits for its transform comes with it.
        age = age_s(self._clock, at_ns)
        latency_s = time.monotonic() - request.image.at
        if held is None:
            _settle(request, outcome, age, latency_s)
        else:
            held.then = lambda cause: _settle(request, outcome | {_FILTERED: cause}, age, latency_s)
            self._held.put(held)

    def rewind(self, now_ns: int) -> None:
        """Gives up clouds of a later time than this: time went back to it."""
        self._held.rewind(now_ns)

    def abandon(self) -> None:
        """Frames that are finished from now on come to nothing: the node is about to go."""
        self._abandoned = True

    def close(self) -> None:
        """Gives up what still waits for a transform."""
        self._held.close()

    def _predict(self, request: FrameRequest, encoded: EncodedImage) -> Prediction:
        prediction = self._predictor.decode(encoded, request.masks)
        if prediction.depth_m is None:
            return prediction
        camera, plan, at_ns = request.camera, request.plan, request.image.stamp_ns
        max_m = self._predictor.description.bins.max_m

        def by_height(otherwise: DepthScale) -> DepthScale:
            frame = _frame(request, prediction_in_metres(prediction, otherwise, max_m))
            return camera.ground.height_scale(frame, plan.settings, otherwise)

        scale = camera.scaling.scale(
            request.header,
            at_ns,
            request.rgb,
            prediction.depth_m,
            request.calibration,
            plan.settings,
            by_height,
        )
        steady = prediction_in_metres(prediction, scale, max_m)
        if not plan.holds_still:
            return steady
        classes = None if request.masks is None else request.masks.classes
        steady = camera.steadying.update(
            request.header,
            at_ns,
            request.rgb,
            steady,
            request.calibration,
            plan.settings,
            (scale.source, bool(scale.inverse_offset), classes),
        )
        camera.scaling.note_held(camera.steadying.last)
        return steady

    def _publish(
        self,
        request: FrameRequest,
        encoded: EncodedImage | None,
        prediction: Prediction,
        outcome: dict[str, str],
    ) -> HeldCloud | None:
        """Publishes what can be; the cloud that waits for its transform, where there is one."""
        camera, plan = request.camera, request.plan
        frame = _frame(request, prediction)
        self._warn_of_unknown_names(plan, frame)
        if plan.shows_floor:
            frame.ground = camera.ground.look(frame, plan.settings)
            if frame.ground is not None and any(topic.name == "scan" for topic in plan.topics):
                camera.level_frame.publish(request.header, frame.ground.floor.plane)
        if encoded is not None and plan.follows_things:
            features = self._predictor.value_features(encoded)
            frame.objects = camera.objects.look(frame, features, plan.settings.holding_frame)
        if plan.settings.remembers:
            outcome[MEMORY] = self._keeper.see(camera.name, frame, plan.settings)
        filtered = [topic for topic in plan.topics if topic.name == _FILTERED]
        others = [topic for topic in plan.topics if topic.name != _FILTERED]
        outcome |= camera.publishers.publish(others, frame)
        if filtered:
            if self._must_wait(frame, camera):
                return HeldCloud(filtered[0], frame, camera)
            if frame.is_moved and frame.placed is None:
                outcome[_FILTERED] = "no transform"
            else:
                outcome |= camera.publishers.publish(filtered, frame)
        return None

    def _must_wait(self, frame: FrameResult, camera: Camera) -> bool:
        """Says where the frame's camera was; whether that, or a cloud before it, is waited for."""
        placement = camera.placement
        if self._held.holds(camera):
            return True
        if not frame.is_moved:
            return False
        try:
            frame.placed = placement.of(frame.header)
        except ValueError as error:
            if isinstance(error, TransformError) and error.may_come and placement.timeout_s > 0.0:
                return True
            placement.complain(frame.header, error)
        return False

    def _relabel(
        self,
        encoded: EncodedImage,
        prediction: Prediction,
        masks: LabelSpace | None,
        label_space: LabelSpace,
    ) -> Prediction:
        """The prediction with the labels of another label space."""
        if label_space is masks:
            return prediction
        labels, confidence = self._predictor.labels(encoded, label_space)
        return prediction._replace(labels=labels, confidence=confidence)

    def _warn_of_unknown_names(self, plan: FramePlan, frame: FrameResult) -> None:
        if not any(topic.name.startswith("points") for topic in plan.topics):
            return
        if unknown := frame.kept.unknown:
            self._throttle.warning(
                f"kept {unknown}",
                "points.include and points.exclude: %s not among the classes now, which are %s",
                ", ".join(map(repr, unknown)),
                ", ".join(frame.label_space.classes.names),
            )


def _frame(request: FrameRequest, prediction: Prediction) -> FrameResult:
    return FrameResult(
        request.header,
        request.rgb,
        prediction,
        request.plan.label_space,
        request.calibration,
        request.plan.settings.options,
    )


def _settle(
    request: FrameRequest, outcome: dict[str, str], age_s: float | None, latency_s: float
) -> None:
    account = request.image.account
    if any(not cause for cause in outcome.values()):
        unwatched = {name: "unwatched" for name in request.camera.publishers.names}
        account.publish(unwatched | outcome, age_s, latency_s)
    else:
        missing = (f"no {name}: {cause}" for name, cause in outcome.items() if cause)
        account.drop("incomplete", ", ".join(missing))
