# SPDX-License-Identifier: Apache-2.0
"""The service that finds what is named in the newest frame: where it is, how large and how far."""

from __future__ import annotations

import logging
import threading
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleNode

from tips_ros.messages.conversions import region_message
from tips_ros.messages.transform_error import TransformError
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.perception.regions.regions import Region, regions
from tips_ros.perception.semantic.query_target import QueryTarget
from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.health.statistics import Snapshot, Statistics
from tips_ros.ros.inputs.camera import CameraSubscription
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.parameters.prompts import SLIDING_WINDOW
from tips_ros.ros.pipeline.queries import FrameQueries, FrameQuery, QueryResult
from tips_ros.ros.topics.names import ONLY, output_topic
from tips_ros.ros.transforms.tf import TransformLookup
from tips_ros.srv import Locate

logger = logging.getLogger(__name__)

# Calls that wait at once: each holds a thread of the executor, which has more for all else.
MOST_WAITING = 32
_COUNT = 10  # what 0 stands for in a request
_LONGEST_S = 3600.0
# Without a timeout in the request: a few passes as they take now, and the time between two images.
_PASSES, _BETWEEN_S, _FIRST_PASS_S, _DEFAULT_MOST_S = 4.0, 1.0, 10.0, 60.0
_FIRST_TRANSFORM_S = 1.0  # for it to be heard where nobody listened before
_LEAST_S = 1.0  # for the transform of a frame that came in the last moment


class Source(NamedTuple):
    """The parts of the active node that answers come from."""

    vocabulary: ClassManager
    queries: FrameQueries
    input: CameraSubscription
    statistics: Statistics


class LocateService:
    """`~/locate` of one camera. Lives as long as the node; without a source it says so.

    Calls wait for a frame, each in a thread of its own, and one frame answers all that wait.
    """

    def __init__(
        self,
        node: LifecycleNode,
        frames: TransformLookup,
        camera: str = ONLY,
        places: threading.Semaphore | None = None,
    ) -> None:
        """
        Args:
            node: whose service it is.
            frames: where cameras are.
            camera: its name.
            places: of the calls of all cameras that may wait at once.
        """
        self._node = node
        self._frames = frames
        self._places = places or threading.BoundedSemaphore(MOST_WAITING)
        self.source: Source | None = None
        node.create_service(
            Locate,
            output_topic(camera, "locate"),
            self._on_call,
            callback_group=ReentrantCallbackGroup(),
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
        timeout_s = _check("timeout_s", request.timeout_s, _LONGEST_S)
        min_score = _check("min_score", request.min_score, 1.0)
        if not self._places.acquire(blocking=False):
            raise RuntimeError(f"{MOST_WAITING} calls wait already; try again later")
        try:
            self._answer(source, request, response, timeout_s, min_score)
        finally:
            self._places.release()

    def _answer(
        self,
        source: Source,
        request: Locate.Request,
        response: Locate.Response,
        timeout_s: float,
        min_score: float,
    ) -> None:
        sliding = parameters.value(self._node, SLIDING_WINDOW)
        wanted = source.vocabulary.resolve_query(request.prompt, sliding)
        timeout_s = timeout_s or _default_timeout_s(source.statistics.snapshot())
        shown, matrix = self._frame_and_pose(source, wanted, request.target_frame, timeout_s)
        found, notes = _regions(shown, wanted, request.max_regions or _COUNT, min_score)
        frame_id = shown.header.frame_id
        if matrix is not None:
            frame_id = request.target_frame
            found = [region.in_frame(matrix) for region in found]
        response.header.stamp, response.header.frame_id = shown.header.stamp, frame_id
        response.regions = [region_message(RCLPY_TYPES, region) for region in found]
        response.success = True
        response.message = "; ".join([f"{len(found)} of {wanted.name}", *notes])

    def _frame_and_pose(
        self, source: Source, wanted: QueryTarget, target_frame: str, timeout_s: float
    ) -> tuple[QueryResult, NDArray[np.float64] | None]:
        """A frame, and where its camera was in the target frame, where that is asked for."""
        deadline = time.monotonic() + timeout_s
        if target_frame:  # nobody knows of a frame what was said before anybody listened
            # Half of the time is for the image, where nobody says anything.
            self._frames.listen(min(_FIRST_TRANSFORM_S, timeout_s / 2))
        while True:
            before, query = source.statistics.snapshot(), FrameQuery(wanted.label_space)
            shown = source.queries.ask(query, max(deadline - time.monotonic(), 0.0))
            if shown is None:
                raise TimeoutError(_no_answer_reason(source, query, before, timeout_s))
            if not target_frame:
                return shown, None
            own, stamp = shown.header.frame_id, shown.header.stamp
            left_s = max(deadline - time.monotonic(), _LEAST_S)
            try:
                return shown, self._frames.transform(target_frame, own, stamp, left_s)
            except TransformError as error:
                too_early = error.at_other_times and not error.may_come
                if not too_early or time.monotonic() >= deadline:
                    raise


def _default_timeout_s(snapshot: Snapshot) -> float:
    """Long enough for the image at hand to be finished and the next one to be made as well."""
    latency = snapshot.latency_s
    passes_s = _FIRST_PASS_S if latency is None else _PASSES * latency.p95
    return min(_BETWEEN_S + passes_s, _DEFAULT_MOST_S)


def _no_answer_reason(source: Source, query: FrameQuery, before: Snapshot, timeout_s: float) -> str:
    """Returns the reason why no frame answered in time, and what to do about it."""
    now, topic = source.statistics.snapshot(), source.input.topic
    within = f"within {timeout_s:.3g} s"
    came = now.received - before.received
    longer = "give a longer timeout_s"
    if now.latency_s is not None:
        longer = f"a frame takes about {now.latency_s.p95:.2g} s; {longer}"
    if query.taken:
        return f"a frame of {topic} was taken, and not finished {within}: {longer}"
    if came == 0 and not now.in_flight:
        return f"no image came on {topic} {within}: {source.input.publishers_found()}"
    dropped = {
        cause: count - before.drops.get(cause, 0)
        for cause, count in now.drops.items()
        if count > before.drops.get(cause, 0) and cause != "superseded"
    }
    if dropped and not now.in_flight:
        causes = ", ".join(f"{count} {cause}" for cause, count in dropped.items())
        hint = "; raise max_age_s, or synchronise the clocks" if "stale" in dropped else ""
        return f"{came} images came on {topic} {within}, and none could be used: {causes}{hint}"
    return f"{came} images came on {topic} {within}, while an earlier one was at work: {longer}"


def _regions(
    shown: QueryResult, wanted: QueryTarget, count: int, min_score: float
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


def _check(name: str, value: float, most: float) -> float:
    if not 0.0 <= value <= most:
        raise ValueError(f"{name} {value:g} must be between 0 and {most:g}")
    return value
