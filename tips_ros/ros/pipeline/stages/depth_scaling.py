# SPDX-License-Identifier: Apache-2.0
"""One camera's depth in metres: by model, focal length, a sensor, the floor, or a number."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.depth_info import DepthScaleStatus
from tips_ros.messages.sensor_comparison import PredictedFrame, compare
from tips_ros.messages.sensor_view import NotMeasured, View
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.mounting import upright_intrinsics
from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.depth.depth_scale import DepthScale, ScaleSource
from tips_ros.perception.depth.measured_scale import MeasuredScale
from tips_ros.perception.depth.scale_choice import ScaleChoice, ToldSource
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.temporal.stream import Held
from tips_ros.ros.inputs.depth_sensor import DepthSensor
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.stages.pending_reset import PendingReset
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)

_TRANSFORM_WITHIN_S = 1.0  # of the frame that the sensor's points are to be seen in


class _Waiting(NamedTuple):
    """A frame that the sensor may have seen, too."""

    frame: PredictedFrame
    until: float  # monotonic seconds: then it is not compared any more


class DepthScaler:
    """Scales the depth of one camera's frames, and says how.

    `scale` is called from one thread; the rest from any.

    Attributes:
        description: of the model whose depth it scales.
        status: the scale that the newest frame got.
    """

    def __init__(
        self,
        node: LifecycleNode,
        camera: str,
        description: ModelDescription,
        frames: TransformLookup,
        group: CallbackGroup,
        wanted: ScaleSource,
    ) -> None:
        """
        Args:
            node: who subscribes to the sensor.
            camera: its name; "" for the only one.
            description: of the model that predicts.
            frames: where the sensor is.
            group: the callback group of the sensor's subscriptions.
            wanted: the source that is wanted now.
        """
        self._node, self._camera = node, camera
        self.description = description
        self._frames, self._group = frames, group
        self._measured = MeasuredScale(description.max_depth_m)
        self._sensor: DepthSensor | None = None  # while the source is sensor
        self._with_offset = False
        self._pending: _Waiting | None = None  # what the sensor saw of it may still come
        self._pending_reset = PendingReset()
        self._throttle = LogThrottle(logger)
        self._focal_ratio = description.focal_ratio
        # Of the newest frame: what its scale without measuring followed from, and that scale.
        self._told: tuple[ScaleChoice, Intrinsics | None, DepthScale] | None = None
        nothing = DepthScale(1.0, "model", note="no depth was asked for yet")
        self.status = DepthScaleStatus.of(nothing, wanted, description)
        self._scaled_one = False

    def scale(
        self,
        header: Any,
        stamp_ns: int,
        rgb: NDArray[np.uint8],
        depth_m: NDArray[np.float32],
        camera: OutputCamera | None,
        settings: CameraSettings,
        by_height: Callable[[DepthScale], DepthScale],
    ) -> DepthScale:
        """The scale that brings a frame's depth, as the model says it, to metres.

        Args:
            header, stamp_ns: of the image.
            rgb: (H, W, 3), as the camera delivered it.
            depth_m: (H, W), in the camera's orientation.
            camera: at the size of the depth; None where unknown.
            settings: of the frame.
            by_height: another scale → that by the camera's height over the frame's floor.
        """
        wanted = settings.scale_source
        upright = None if camera is None else camera.lens.intrinsics
        if upright is not None and settings.mounting:
            upright = upright_intrinsics(upright, settings.mounting)
        source: ToldSource = "focal" if wanted == "sensor" or wanted == "ground" else wanted
        choice = ScaleChoice(source, settings.fixed_scale)
        if self._told is None or self._told[:2] != (choice, upright):
            self._told = choice, upright, choice.scale(upright, self._focal_ratio)
        scale = self._told[2]
        if wanted == "sensor":
            view = View(header, camera, settings.holding_frame, may_wait=True)
            waiting = _Waiting(
                PredictedFrame(view, rgb, depth_m), time.monotonic() + _TRANSFORM_WITHIN_S
            )
            scale = self._scale_by_sensor(waiting, stamp_ns, scale, settings)
        else:
            self._scale_without_sensor()
        if wanted == "ground":
            scale = by_height(scale)
        if (scale, wanted) != (self.status.scale, self.status.wanted):
            self.status = DepthScaleStatus.of(scale, wanted, self.description, self.status.held)
        self._scaled_one = True
        return scale

    def note_held(self, held: Held) -> None:
        """Takes into `status` how the scaled frame was held still; from the thread of `scale`."""
        if held != self.status.held:
            self.status = self.status._replace(held=held)

    def facts(self, wanted: ScaleSource | None = None) -> dict[str, str]:
        """Facts for diagnostics; `wanted` is the source now, which no frame may have used yet."""
        if not self._scaled_one:
            wanted = wanted or self.status.wanted
            return {"depth scale wanted": wanted, "depth scale note": self.status.scale.note}
        sensor = self._sensor
        counts = {} if sensor is None else sensor.counts
        return self.status.facts() | {
            f"depth sensor {outcome}": str(count) for outcome, count in counts.items()
        }

    @property
    def doubt(self) -> str:
        """The reason not to trust the depth as it was wanted; empty where there is none."""
        return self.status.doubt if self._scaled_one else ""

    def reset(self) -> None:
        """Forgets what the sensor saw so far, as when time jumps back."""
        self._pending_reset.request()

    def rest(self) -> None:
        """Unsubscribes from the sensor until depth is made again; from the thread of `scale`."""
        sensor, self._sensor, self._pending = self._sensor, None, None
        if sensor is not None:
            sensor.close()

    def close(self) -> None:
        """Unsubscribes from the sensor. `scale` must not be called any more."""
        self._scale_without_sensor()

    def _scale_by_sensor(
        self, new: _Waiting, at_ns: int, otherwise: DepthScale, settings: CameraSettings
    ) -> DepthScale:
        sensor = self._sensor
        if sensor is None:
            sensor = DepthSensor(self._node, self._camera, self._frames, self._group)
            logger.info("depth is measured by %s", sensor.topics)
            self._sensor = sensor
        with_offset = settings.sensor_offset
        max_dt_ns = round(settings.sensor_max_dt_s * 1e9)
        if self._pending_reset.take() or with_offset != self._with_offset:
            self._start_again(sensor)
        self._with_offset = with_offset
        waiting, self._pending = self._pending, None
        if waiting is not None and not self._compare(sensor, waiting, max_dt_ns):
            self._pending = waiting  # and the frames that come meanwhile are not compared
        elif not sensor.is_past(at_ns) or not self._compare(sensor, new, max_dt_ns):
            self._pending = new
        scale = self._measured.scale(at_ns / 1e9, otherwise)
        self._complain(at_ns / 1e9, scale)
        return scale

    def _compare(self, sensor: DepthSensor, waiting: _Waiting, max_dt_ns: int) -> bool:
        """Learns from a frame; False where the transform of the points may still come."""
        frame = waiting.frame
        if time.monotonic() >= waiting.until:
            frame = frame._replace(view=frame.view._replace(may_wait=False))
        try:
            compare(sensor, self._measured, frame, max_dt_ns, self._with_offset)
        except NotMeasured as error:
            if error.may_come and frame.view.may_wait:
                return False
            self._measured.record_miss(str(error))
        except ValueError as error:  # of another view
            self._throttle.error("view", "%s: %s", sensor.topics, error)
            self._measured.record_miss(str(error))
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

    def _start_again(self, sensor: DepthSensor) -> None:
        self._pending_reset.take()  # one asked for meanwhile is done with this one
        self._pending = None
        sensor.clear()
        self._measured.reset()

    def _scale_without_sensor(self) -> None:
        if self._sensor is not None:
            self._start_again(self._sensor)
            self._sensor.close()
            self._sensor = None
