# SPDX-License-Identifier: Apache-2.0
"""One camera's depth in metres: by the model, the focal length, a sensor, or a number; and told."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from tips_ros.log_throttle import Throttle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.depth_info import LiveScale, depth_info_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.msg import DepthInfo
from tips_ros.perception.camera.mounting import Turn, upright_intrinsics
from tips_ros.perception.camera.output_camera import SeenCamera
from tips_ros.perception.depth.depth_scale import DepthScale, ScaleSource
from tips_ros.perception.depth.measured_scale import MeasuredScale
from tips_ros.perception.depth.metric_depth import in_metres
from tips_ros.perception.depth.scale_choice import ScaleChoice
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.predictor import Prediction
from tips_ros.ros.inputs.depth_sensor import NotMeasured, SensorDepth
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.latched_history import LatchedHistory
from tips_ros.ros.topics.names import output_topic
from tips_ros.ros.transforms.tf import Frames

logger = logging.getLogger(__name__)

DepthHistory = LatchedHistory[LiveScale]
_TRANSFORM_WITHIN_S = 1.0  # of the frame that the sensor's points are to be seen in


class _Predicted(NamedTuple):
    """A frame that the sensor may have seen, too."""

    header: Any
    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]  # as the model said it
    camera: SeenCamera | None
    until: float  # monotonic seconds: then it is not compared any more


class DepthScaling:
    """Scales the depth of one camera's frames, and says on `~/depth/info` how.

    `metres` is called from one thread; the rest from any.
    """

    def __init__(
        self,
        node: LifecycleNode,
        camera: str,
        description: ModelDescription,
        frames: Frames,
        group: CallbackGroup,
        history: DepthHistory | None = None,
    ) -> None:
        """
        Args:
            node: whose parameters `depth.*` count.
            camera: its name; "" for the only one.
            description: of the model that predicts.
            frames: where the sensor is.
            group: the callback group of the sensor's subscriptions.
            history: what `~/depth/info` has said so far, where an earlier activation did.
        """
        self._node, self._camera = node, camera
        self._description = description
        self._frames, self._group = frames, group
        self._measured = MeasuredScale(description.max_depth_m)
        self._sensor: SensorDepth | None = None  # while the source is sensor
        self._with_offset = False
        self._pending: _Predicted | None = None  # what the sensor saw of it may still come
        self._forget = threading.Event()
        self._throttle = Throttle(logger)
        self._live: LiveScale | None = None
        self._history = history or DepthHistory()
        # It lives while the node is active: no lifecycle of its own.
        self._publisher = node.create_publisher(
            DepthInfo,
            output_topic(camera, "depth/info"),
            qos.latched(),
            qos_overriding_options=qos.overridable(),
        )
        # Whoever listens before depth is made reads at least that none was.
        wanted: ScaleSource = self._value("depth.scale_source")
        nothing = DepthScale(1.0, "model", note="no depth was asked for yet")
        nothing_yet = LiveScale.of(nothing, wanted, description)
        self._publisher.publish(depth_info_message(RCLPY_TYPES, Header(), nothing_yet))
        self._history.add(0, nothing_yet)

    def metres(
        self,
        header: Any,
        rgb: NDArray[np.uint8],
        prediction: Prediction,
        camera: SeenCamera | None,
        turn: Turn,
    ) -> Prediction:
        """The prediction with its depth in metres, as it is without depth.

        Args:
            header: of the image.
            rgb: (H, W, 3), as the camera delivered it.
            prediction: of it, in the camera's orientation, depth as the model says it.
            camera: at the size of the prediction; None where unknown.
            turn: how the camera is mounted.
        """
        if prediction.depth_m is None:
            return prediction
        now = parameters.snapshot(self._node)
        wanted: ScaleSource = now.value("depth.scale_source", self._camera)
        factor = now.value("depth.fixed_scale", self._camera)
        upright = None if camera is None else upright_intrinsics(camera.intrinsics, turn)
        choice = ScaleChoice("focal" if wanted == "sensor" else wanted, factor)
        scale = choice.scale(upright, self._description.focal_ratio)
        if wanted == "sensor":
            until = time.monotonic() + _TRANSFORM_WITHIN_S
            frame = _Predicted(header, rgb, prediction.depth_m, camera, until)
            scale = self._by_sensor(frame, scale)
        else:
            self._without_sensor()
        self._tell(header, LiveScale.of(scale, wanted, self._description))
        max_m = self._description.max_depth_m
        return prediction._replace(depth_m=in_metres(prediction.depth_m, scale, max_m))

    def facts(self) -> dict[str, str]:
        """For diagnostics."""
        live = self._live
        if live is None:
            return {
                "depth scale wanted": self._value("depth.scale_source"),
                "depth scale note": "no depth was asked for yet",
            }
        return live.facts()

    @property
    def doubt(self) -> str:
        """Why the depth should not be trusted as was wanted; empty when it can be."""
        live = self._live
        return live.doubt if live is not None else ""

    def reset(self) -> None:
        """Forgets what the sensor saw so far, as when time jumps back."""
        self._forget.set()

    def rest(self) -> None:
        """Unsubscribes from the sensor until depth is made again; from the thread of `metres`."""
        sensor, self._sensor, self._pending = self._sensor, None, None
        if sensor is not None:
            sensor.close()

    def close(self) -> None:
        """Unsubscribes from the sensor and ends the topic. `metres` must not be called any more."""
        self._without_sensor()
        self._node.destroy_publisher(self._publisher)

    def _value(self, name: str) -> Any:
        return parameters.value(self._node, name, self._camera)

    def _by_sensor(self, frame: _Predicted, otherwise: DepthScale) -> DepthScale:
        sensor = self._sensor
        if sensor is None:
            sensor = SensorDepth(self._node, self._camera, self._frames, self._group)
            logger.info("depth is measured by %s", sensor.topics)
            self._sensor = sensor
        with_offset = self._value("depth.sensor_offset")
        if self._forget.is_set() or with_offset != self._with_offset:
            self._start_again(sensor)
        self._with_offset = with_offset
        at_ns = stamp_ns(frame.header)
        waiting, self._pending = self._pending, None
        if waiting is not None and not self._compare(sensor, waiting):
            self._pending = waiting  # and the frames that come meanwhile are not compared
        elif not sensor.is_past(at_ns) or not self._compare(sensor, frame):
            self._pending = frame
        scale = self._measured.scale(at_ns / 1e9, otherwise)
        self._complain(at_ns / 1e9, scale)
        return scale

    def _compare(self, sensor: SensorDepth, frame: _Predicted) -> bool:
        """Learns from a frame; False where the transform of the points may still come."""
        max_dt_ns = round(self._value("depth.sensor_max_dt_s") * 1e9)
        measured = self._measured
        try:
            seen = sensor.measured(frame.header, frame.camera, max_dt_ns)
            if seen.is_image:
                measured.watch(frame.rgb, seen.depth_m)
                if measured.contradiction:  # points may do
                    seen = sensor.measured(frame.header, frame.camera, max_dt_ns, images=False)
            measured.add(frame.depth_m, seen.depth_m, self._with_offset)
        except NotMeasured as error:
            if error.may_come and time.monotonic() < frame.until:
                return False
            measured.missed(str(error))
        except ValueError as error:  # of another view
            self._throttle.error("view", "%s: %s", sensor.topics, error)
            measured.missed(str(error))
        return True

    def _complain(self, at_s: float, scale: DepthScale) -> None:
        if not scale.consistent or self._measured.overdue(at_s):
            self._throttle.warning(
                "contradiction" if self._measured.contradiction else "sensor",
                "depth.scale_source is sensor, the scale in use is %s (%.4g): %s",
                scale.source,
                scale.factor,
                scale.note,
            )

    def _start_again(self, sensor: SensorDepth) -> None:
        self._forget.clear()
        self._pending = None
        sensor.clear()
        self._measured.reset()

    def _without_sensor(self) -> None:
        if self._sensor is not None:
            self._start_again(self._sensor)
            self._sensor.close()
            self._sensor = None

    def _tell(self, header: Any, live: LiveScale) -> None:
        self._live = live
        at_ns = stamp_ns(header)
        if self._history.needs(at_ns, live, lambda said, now: not now.is_news_after(said)):
            self._publisher.publish(depth_info_message(RCLPY_TYPES, header, live))
            self._history.add(at_ns, live)
