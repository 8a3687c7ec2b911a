# SPDX-License-Identifier: Apache-2.0
"""All that the node does while it is active: newest images in, one pass for all, outputs out.

Two threads: one takes images and runs the model, the other makes what a pass found into arrays,
messages and answers while the next pass runs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode

from tips_ros.log_throttle import Throttle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.perception.encoded_image import Seen
from tips_ros.perception.predictor import Predictor
from tips_ros.ros.classes.class_manager import Vocabulary
from tips_ros.ros.health.diagnostics import CameraState
from tips_ros.ros.health.sim_clock import SimTimeMonitor, age_s
from tips_ros.ros.health.statistics import Statistics
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.inputs.latest_images import Latest
from tips_ros.ros.outputs.publishers import OutputPublishers
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.pipeline.depth_scaling import DepthHistory
from tips_ros.ros.pipeline.finish import Finisher
from tips_ros.ros.pipeline.request import FrameRequest, make_request
from tips_ros.ros.topics.guarded_node import describe
from tips_ros.ros.transforms.tf import Frames

logger = logging.getLogger(__name__)

_BACK = JumpThreshold(
    min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=False
)
_LOOK_UP_S = 0.1  # how soon a subscriber of a camera that rests is noticed
# A stamp earlier than the last one by this much is a bag that began anew; less is a frame that
# overtook another.
_REWIND_NS = 1_000_000_000


class Pipeline:
    """Begins on creation, once the classes are announced; `close` ends it.

    Attributes:
        cameras: at least one.
    """

    def __init__(
        self,
        node: LifecycleNode,
        predictor: Predictor,
        publishers: Mapping[str, OutputPublishers],
        vocabulary: Vocabulary,
        frames: Frames,
        statistics: Mapping[str, Statistics],
        depth_histories: Mapping[str, DepthHistory],
        group: CallbackGroup,
    ) -> None:
        """
        Args:
            node: whose it is.
            predictor: the model.
            publishers: of each camera, by name.
            vocabulary: the classes.
            frames: where cameras are.
            statistics: of each camera, by name.
            depth_histories: what each camera's `~/depth/info` has said so far.
            group: the callback group of all subscriptions.

        Raises:
            Exception: a subscription that can't be made; then nothing is left of it.
        """
        self._node, self._predictor, self._frames = node, predictor, frames
        self._board = vocabulary.board
        self._throttle = Throttle(logger)
        self._sim_time = SimTimeMonitor(node.get_clock())
        self._latest: Latest[ReceivedImage] = Latest(publishers)
        self.cameras: list[Camera] = []
        try:
            for name, of_camera in publishers.items():
                camera = Camera(
                    node,
                    name,
                    latest=self._latest,
                    publishers=of_camera,
                    similarity=vocabulary.similarity[name],
                    statistics=statistics[name],
                    description=predictor.description,
                    frames=frames,
                    group=group,
                    depth_history=depth_histories[name],
                )
                self.cameras.append(camera)
            self._board.announce_first()
        except Exception:
            for camera in self.cameras:
                camera.close()
                camera.release()
            raise
        self._by_name = {camera.name: camera for camera in self.cameras}
        self._finisher = Finisher(node.get_clock(), predictor, self._board)
        self._finishing = ThreadPoolExecutor(1, "tips publishing")
        self._next_look = 0.0  # for subscribers, monotonic seconds
        self._before: Future[None] | None = None  # the batch that is being finished
        self._jumps = node.get_clock().create_jump_callback(_BACK, post_callback=self._on_jump)
        self._thread = threading.Thread(target=self._run, name="tips pipeline", daemon=True)
        self._thread.start()

    def states(self) -> list[CameraState]:
        """Of each camera, for diagnostics."""
        paused, missing = self._sim_time.paused(), self._sim_time.missing
        running_s = self._sim_time.seconds_running()
        return [
            camera.state()._replace(paused=paused, clock_missing=missing, clock_running_s=running_s)
            for camera in self.cameras
        ]

    def warn_of_silence(self, silence_s: float) -> None:
        """Says which cameras have been silent for longer, and what may be done about it.

        Args:
            silence_s: 0 is never.
        """
        for camera, state in zip(self.cameras, self.states(), strict=True):
            silent_s = state.silent_s
            if silent_s is not None and silent_s > silence_s > 0.0:
                self._throttle.warning(
                    f"silence {camera.name}",
                    "no image for %.0f s on %s: %s",
                    silent_s,
                    camera.input.topic,
                    camera.input.publishers_found(),
                )

    def fail_queries(self, reason: str) -> None:
        """Ends the waiting of services."""
        for camera in self.cameras:
            camera.queries.close(reason)

    def close(self, timeout_s: float | None = None) -> bool:
        """Unsubscribes, and waits for the frames at hand to end; False if one has not in time.

        What has not ended by then comes to nothing: its thread must not meet a destroyed node.
        """
        self._jumps.unregister()
        for image in self._latest.close():
            image.account.drop("deactivated")
        for camera in self.cameras:
            camera.close()
        self._thread.join(timeout_s)
        ended = not self._thread.is_alive()
        if not ended:
            self._finisher.abandon()
        self._finishing.shutdown(wait=ended)
        self._finisher.close()
        for camera in self.cameras:
            camera.release()
        return ended

    def _run(self) -> None:
        while not self._latest.closed:
            try:
                window_s = parameters.value(self._node, "cameras_window_s")
                taken = self._latest.take(_LOOK_UP_S, window_s)
                self._follow_demand()
            except Exception as error:  # this thread must go on, whatever it was
                self._throttle.error(
                    "pipeline", "no frame taken: %s", describe(error), cause=error
                )
                continue
            admitted = (self._admit(self._by_name[name], image) for name, image in taken.items())
            if requests := [request for request in admitted if request is not None]:
                self._encode(requests)

    def _follow_demand(self) -> None:
        """Has cameras that nobody watches rest, and those that somebody does listen."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_UP_S
            for camera in self.cameras:
                if camera.follow_demand(self._board.in_force.labelling):
                    self._hand_over(partial(camera.scaling.rest))

    def _admit(self, camera: Camera, image: ReceivedImage) -> FrameRequest | None:
        """A decoded frame that somebody waits for; None, and a drop counted, for another."""
        try:
            return self._request(camera, image)
        except Exception as error:
            self._lose(image, error)
            return None

    def _request(self, camera: Camera, image: ReceivedImage) -> FrameRequest | None:
        header = image.message.header
        if camera.went_back(stamp_ns(header), _REWIND_NS):
            self._forget("the stamps")
        age = age_s(self._node.get_clock(), header)
        if age is not None and 0.0 < parameters.value(self._node, "max_age_s") < age:
            image.account.drop("stale")
            return None
        labelling = self._board.for_frame(camera.name, header)
        demand = camera.demand(labelling)
        if not demand:
            self._hand_over(partial(self._finisher.announce, camera, labelling, header))
            image.account.drop("unwatched")
            return None
        try:
            with camera.statistics.stage("decode"):
                rgb = camera.decoder.decode(image.message)
        except ValueError as error:
            image.account.drop("unreadable", str(error))
            self._throttle.warning(f"unreadable {camera.name}", "%s: %s", camera.input.topic, error)
            return None
        return make_request(camera, image, rgb, labelling, demand, self._predictor)

    def _encode(self, requests: Sequence[FrameRequest]) -> None:
        """Runs the model once for all; a frame that fails is lost alone."""
        try:
            encoded = self._encoded(requests)
        except Exception as error:
            if len(requests) == 1:
                self._fail(requests[0], error)
                return
            for request in requests:  # too much at once, or one of them: each has its own chance
                self._encode([request])
            return
        self._hand_over(partial(self._finish, requests, encoded))

    def _encoded(self, requests: Sequence[FrameRequest]) -> list[Seen | None]:
        """What the pass left on the device; None for a request that needs nothing of it."""
        views = {i: view for i, r in enumerate(requests) if (view := r.view) is not None}
        if not views:
            return [None] * len(requests)
        with ExitStack() as stages:
            for i in views:
                stages.enter_context(requests[i].camera.statistics.stage("network"))
            found = dict(zip(views, self._predictor.see_all(list(views.values())), strict=True))
        return [found.get(i) for i in range(len(requests))]

    def _finish(self, requests: Sequence[FrameRequest], encoded: Sequence[Seen | None]) -> None:
        for request, seen in zip(requests, encoded, strict=True):
            try:
                self._finisher.finish(request, seen)
            except Exception as error:
                self._fail(request, error)

    def _hand_over(self, work: partial[None]) -> None:
        """Has the other thread do it, at most one batch behind this one."""
        if self._before is not None:
            self._before.result()
        self._before = self._finishing.submit(work)

    def _fail(self, request: FrameRequest, error: Exception) -> None:
        reason = self._lose(request.image, error)
        for query in request.queries:
            query.fail(reason)

    def _lose(self, image: ReceivedImage, error: Exception) -> str:
        """Counts and tells a frame that failed; whatever it did, the next one is tried."""
        reason = describe(error)
        image.account.drop("failed", reason)
        self._throttle.error("failed", "frame lost: %s", reason, cause=error)
        return reason

    def _on_jump(self, jump: TimeJump) -> None:
        """Time went back, as when a bag begins anew: frames from before are of another time."""
        for image in self._latest.clear():
            image.account.drop("rewound")
        now_ns = self._node.get_clock().now().nanoseconds
        self._frames.rewind(now_ns)
        self._finisher.rewind(now_ns)
        self._forget("time")

    def _forget(self, what: str) -> None:
        self._board.forget_stamps()
        for camera in self.cameras:
            camera.reset()
        logger.info("%s went back: what was learnt of earlier frames is forgotten", what)
