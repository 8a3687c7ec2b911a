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
from functools import partial

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import JumpThreshold, TimeJump
from rclpy.duration import Duration

from tips_ros.log_throttle import LogThrottle
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.predictor import Predictor
from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.health.statistics import age_s
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.inputs.latest_images import LatestImages
from tips_ros.ros.outputs.publishers import OutputPublishers
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.parameters.node import ParameterNode
from tips_ros.ros.parameters.snapshot import Snapshot
from tips_ros.ros.pipeline.camera import Camera, CameraRecord
from tips_ros.ros.pipeline.cameras import Cameras
from tips_ros.ros.pipeline.finish import Finisher
from tips_ros.ros.pipeline.finishing_thread import FinishingThread
from tips_ros.ros.pipeline.memory_keeper import MemoryKeeper
from tips_ros.ros.pipeline.preparing import prepare_for
from tips_ros.ros.pipeline.request import FrameRequest, make_request, plan_of
from tips_ros.ros.topics.guarded_node import describe
from tips_ros.ros.transforms.tf import TransformLookup

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
        node: ParameterNode,
        predictor: Predictor,
        publishers: Mapping[str, OutputPublishers],
        vocabulary: ClassManager,
        frames: TransformLookup,
        records: Mapping[str, CameraRecord],
        keeper: MemoryKeeper,
        group: CallbackGroup,
    ) -> None:
        """
        Args:
            node: whose it is.
            predictor: the model.
            publishers: of each camera, by name.
            vocabulary: the classes.
            frames: where cameras are.
            records: of each camera, by name.
            keeper: of the memory of things.
            group: the callback group of all subscriptions.

        Raises:
            Exception: a subscription that can't be made; then nothing is left of it.
        """
        self._node, self._predictor, self._frames = node, predictor, frames
        self._board = vocabulary.board
        self._throttle = LogThrottle(logger)
        latest: LatestImages[ReceivedImage] = LatestImages(publishers)
        self._latest, facts = latest, predictor.description
        self.cameras = Cameras(node, facts, publishers, vocabulary, frames, records, latest, group)
        self._newest_ns: dict[str, int] = {}  # stamps, by camera
        self._finisher = Finisher(node.get_clock(), predictor, self._board, keeper)
        self._finishing = FinishingThread()
        self._next_look = 0.0  # for subscribers, monotonic seconds
        self._jumps = node.get_clock().create_jump_callback(_BACK, post_callback=self._on_jump)
        self._thread = threading.Thread(target=self._run, name="tips pipeline", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float | None = None) -> bool:
        """Unsubscribes, and waits for the frames at hand to end; False if one has not in time.

        What has not ended by then comes to nothing: its thread must not meet a destroyed node.
        """
        self._jumps.unregister()
        for image in self._latest.close():
            image.account.drop("deactivated")
        self.cameras.close()
        self._thread.join(timeout_s)
        ended = not self._thread.is_alive()
        if not ended:
            self._finisher.abandon()
        self._finishing.close(wait=ended)
        self._finisher.close()
        self.cameras.release()
        return ended

    def _run(self) -> None:
        while not self._latest.closed:
            try:
                self._take_images()
            except Exception as error:  # this thread must go on, whatever it was
                self._throttle.error("pipeline", "no frame taken: %s", describe(error), cause=error)

    def _take_images(self) -> None:
        """Waits a while for images, and has the model look at those that somebody waits for."""
        self._follow_demand()
        taken = self._latest.take(_LOOK_UP_S, parameters.value(self._node, "cameras_window_s"))
        now, by_name = self._node.parameter_snapshot, self.cameras.by_name
        admitted = [self._admit(by_name[name], taken[name], now) for name in taken]
        requests = [request for request in admitted if request is not None]
        if self._predictor.records:
            requests = prepare_for(requests, self._predictor, self._latest.holds)
        if requests:
            self._encode(requests)

    def _follow_demand(self) -> None:
        """Has cameras that nobody watches rest, and those that somebody does listen."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_UP_S
            label_space, settings = self._board.in_force.label_space, self._node.parameter_snapshot
            for camera in self.cameras:
                plan = plan_of(
                    camera, label_space, settings.of_camera[camera.name], self._predictor
                )
                if camera.follow_demand(plan is not None):
                    self._finishing.hand_over(camera.rest)

    def _admit(self, camera: Camera, image: ReceivedImage, now: Snapshot) -> FrameRequest | None:
        """A decoded frame that somebody waits for; None, and a drop counted, for another."""
        try:
            return self._request(camera, image, now)
        except Exception as error:
            self._lose(image, error)
            return None

    def _request(self, camera: Camera, image: ReceivedImage, now: Snapshot) -> FrameRequest | None:
        # 1. Time: the camera's own may have gone back, and the frame may be too old.
        settings, at_ns = now.of_camera[camera.name], image.stamp_ns
        if at_ns < self._newest_ns.get(camera.name, at_ns) - _REWIND_NS:
            self._forget("the stamps")
        self._newest_ns[camera.name] = at_ns
        age = age_s(self._node.get_clock(), at_ns)
        if age is not None and 0.0 < settings.max_age_s < age:
            image.account.drop("stale")
            return None
        # 2. Its classes, and who waits for it.
        label_space = self._board.for_frame(camera.name, at_ns)
        plan = plan_of(camera, label_space, settings, self._predictor)
        if plan is None:
            announce = partial(self._finisher.announce, camera, label_space, image)
            self._finishing.hand_over(announce)
            image.account.drop("unwatched")
            return None
        # 3. Its pixels.
        start = time.perf_counter()
        try:
            rgb = camera.decoder.decode(image.message)
        except ValueError as error:
            image.account.drop("unreadable", str(error))
            self._throttle.warning(f"unreadable {camera.name}", "%s: %s", camera.input.topic, error)
            return None
        image.account.stages_s["decode"] = time.perf_counter() - start
        # 4. All that is wanted of it.
        return make_request(camera, image, rgb, plan)

    def _encode(self, requests: Sequence[FrameRequest]) -> None:
        """Runs the model once for all; a frame that fails is lost alone."""
        try:
            encoded = self._run_model(requests)
        except Exception as error:
            if len(requests) == 1:
                self._fail(requests[0], error)
                return
            for request in requests:  # too much at once, or one of them: each has its own chance
                self._encode([request])
            return
        try:
            self._finishing.hand_over(partial(self._finish, requests, encoded))
        except Exception as error:  # there is no thread to finish them
            for request in requests:
                self._fail(request, error)

    def _run_model(self, requests: Sequence[FrameRequest]) -> list[EncodedImage | None]:
        """Runs the model once; None for a request that needs nothing of it."""
        views = {i: view for i, r in enumerate(requests) if (view := r.view) is not None}
        if not views:
            return [None] * len(requests)
        start = time.perf_counter()
        found = dict(zip(views, self._predictor.encode_batch(list(views.values())), strict=True))
        for i in views:
            requests[i].image.account.stages_s["network"] = time.perf_counter() - start
        return [found.get(i) for i in range(len(requests))]

    def _finish(
        self, requests: Sequence[FrameRequest], encoded: Sequence[EncodedImage | None]
    ) -> None:
        for request, image in zip(requests, encoded, strict=True):
            try:
                self._finisher.finish(request, image)
            except Exception as error:
                self._fail(request, error)

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
        self._newest_ns.clear()
        self.cameras.reset()
        logger.info("%s went back: what was learnt of earlier frames is forgotten", what)
