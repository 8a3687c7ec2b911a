# SPDX-License-Identifier: Apache-2.0
"""The lifecycle node `tips`: it wires inputs, model and outputs together and does nothing else."""

from __future__ import annotations

import gc
import logging
from typing import Any

import torch
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from tips_ros.perception.loading.models import load_predictor
from tips_ros.perception.predictor import Predictor
from tips_ros.ros import diagnostics, parameters
from tips_ros.ros.camera_input import CameraInput
from tips_ros.ros.class_board import ClassBoard
from tips_ros.ros.logging_bridge import forward_logs, stop_forwarding
from tips_ros.ros.pipeline import Pipeline
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.statistics import Statistics
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class TipsNode(LifecycleNode):
    """Configure loads the model, activate subscribes and works, cleanup frees everything."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("tips", **kwargs)
        self._log_handler = forward_logs(self.get_logger())
        parameters.declare_all(self)
        self.predictor: Predictor | None = None
        self.statistics: Statistics | None = None
        self._outputs: OutputPublishers | None = None
        self._board: ClassBoard | None = None
        self._camera: CameraInput | None = None
        self._pipeline: Pipeline | None = None
        self._failure = ""
        self._throttle = Throttle(logger)
        self._image_group = MutuallyExclusiveCallbackGroup()
        self._service_group = MutuallyExclusiveCallbackGroup()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Wall time: diagnostics and the silence warning must come when simulated time stands still.
        self.create_timer(
            1.0,
            self._on_second,
            callback_group=self._image_group,
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )
        self._autostart_timer = None
        if parameters.value(self, "autostart"):
            self._autostart_timer = self.create_timer(
                0.0, self._autostart, clock=Clock(clock_type=ClockType.STEADY_TIME)
            )

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Loads the model. FAILURE, with the reason in the log, when that can't be done."""
        try:
            self.predictor = load_predictor(
                parameters.value(self, "model"),
                device=parameters.value(self, "device"),
                precision=parameters.value(self, "precision"),
                input_size=parameters.input_size(self),
            )
            if not self.predictor.outputs:
                raise ValueError(
                    f"model {self.predictor.description.name} has no dense heads (TIPS v1 was "
                    "released without), so there is nothing to publish; take a tipsv2 model"
                )
        except (ValueError, OSError, RuntimeError) as error:
            self.predictor = None
            self._failure = str(error)
            logger.error("not configured: %s", error)
            return FAILURE
        self._failure = ""
        self._outputs = OutputPublishers(self, self.predictor.outputs)
        self._board = ClassBoard(self, self.predictor.description, self._service_group)
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribes to the camera and starts working."""
        result = super().on_activate(state)  # the publishers first: nothing is lost
        assert self.predictor and self._outputs and self._board
        self._board.announce_first()
        self.statistics = Statistics()
        transport = parameters.value(self, "image_transport")
        self._camera = CameraInput(self, transport, self._image_group, self.statistics)
        self._pipeline = Pipeline(
            self, self.predictor, self._camera, self._outputs, self._board, self.statistics
        )
        self._pipeline.start()
        logger.info("listening to %s", self._camera.topic)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops working; the model stays loaded."""
        self._stop()
        logger.info("inactive")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Frees the model and its memory."""
        self._free()
        logger.info("the model is freed")
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops and frees, from whichever state."""
        self._stop()
        self._free()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Back to unconfigured after an unforeseen error in a transition."""
        self._stop()
        self._free()
        return SUCCESS

    def destroy_node(self) -> None:
        """Ends the worker before the node goes away."""
        self._stop()
        stop_forwarding(self._log_handler)
        super().destroy_node()

    def _stop(self) -> None:
        if self._camera is not None:
            self._camera.close()
        if self._pipeline is not None:
            self._pipeline.stop()
        self._camera = self._pipeline = self.statistics = None

    def _free(self) -> None:
        for part in (self._outputs, self._board):
            if part is not None:
                part.close()
        self._outputs = self._board = self.predictor = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _autostart(self) -> None:
        assert self._autostart_timer is not None
        self._autostart_timer.cancel()
        if self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def _on_second(self) -> None:
        statistics, camera = self.statistics, self._camera
        snapshot = statistics.snapshot() if statistics else None
        silence_s = parameters.value(self, "silence_warning_s")
        report = DiagnosticArray()
        report.header.stamp = self.get_clock().now().to_msg()
        report.status.append(
            diagnostics.status(self.get_name(), snapshot, self.predictor, silence_s, self._failure)
        )
        self._diagnostics.publish(report)
        silent_s = statistics.silent_for_s() if statistics else 0.0
        if camera and silent_s > silence_s > 0.0:
            self._throttle.warning(
                "silence",
                "no image for %.0f s on %s: %s",
                silent_s,
                camera.topic,
                camera.publishers_found(),
            )
