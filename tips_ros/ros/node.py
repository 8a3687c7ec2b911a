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
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from tips_ros.perception.language.prompt_encoder import PromptEncoder
from tips_ros.perception.loading.models import load_predictor
from tips_ros.perception.predictor import Output, Predictor
from tips_ros.ros import diagnostics, parameters, qos
from tips_ros.ros.camera_names import cameras_named
from tips_ros.ros.frames import Frames
from tips_ros.ros.locate import LocateService, Source
from tips_ros.ros.logging_bridge import RosLogHandler, forward_logs, stop_forwarding
from tips_ros.ros.parameter_node import ParameterNode
from tips_ros.ros.prompt_parameters import PromptParameters
from tips_ros.ros.prompt_service import PromptService
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.vocabulary import Vocabulary
from tips_ros.ros.work import Work

logger = logging.getLogger(__name__)

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class TipsNode(ParameterNode):
    """Configure loads the model, activate subscribes and works, cleanup frees everything."""

    def __init__(self, **kwargs: Any) -> None:
        # What `destroy_node` needs comes first: a value that is refused leaves a node half built,
        # which rclpy's context may destroy.
        self.predictor: Predictor | None = None
        self.work: Work | None = None  # while active
        self._locate: dict[str, LocateService] = {}
        self._log_handler: RosLogHandler | None = None
        super().__init__("tips", **kwargs)
        self._log_handler = forward_logs(self.get_logger())
        self._prompts = PromptParameters(self)
        try:
            parameters.declare_all(self)
        except Exception:
            self.destroy_node()
            raise
        self.cameras = cameras_named(parameters.value(self, "cameras"))
        self._outputs: dict[str, OutputPublishers] = {}
        self._vocabulary: Vocabulary | None = None
        self._prompt_service: PromptService | None = None
        self._failure = ""
        self._image_group = MutuallyExclusiveCallbackGroup()
        self._frames = Frames(self)
        self._locate = {
            camera: LocateService(self, self._frames, camera) for camera in self.cameras
        }
        self._diagnostics = self.create_publisher(
            DiagnosticArray,
            "/diagnostics",
            10,
            qos_overriding_options=qos.overridable(),
        )
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
            self._configure()
        except (ValueError, OSError, RuntimeError) as error:
            self._free()
            self._failure = str(error)
            logger.error("not configured: %s", error)
            return FAILURE
        self._failure = ""
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribes to the cameras and starts working. FAILURE, with the reason, if it can't."""
        result = super().on_activate(state)  # the publishers first: nothing is lost
        assert self.predictor and self._outputs and self._vocabulary
        try:
            work = Work(
                self,
                self.predictor,
                self._outputs,
                self._vocabulary,
                self._frames,
                self._image_group,
            )
        except (ValueError, OSError, RuntimeError) as error:
            super().on_deactivate(state)
            self._failure = str(error)
            logger.error("not activated: %s", error)
            return FAILURE
        self._failure = ""
        for camera in work.cameras:
            source = Source(self._vocabulary, camera.questions, camera.input.topic)
            self._locate[camera.name].source = source
        self.work = work
        logger.info("listening to %s", ", ".join(camera.input.topic for camera in work.cameras))
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
        """Back to unconfigured after an unforeseen error in a transition; rclpy has logged it."""
        self._stop()
        self._free()
        self._failure = "an unforeseen error in a transition, see the log; configure to try again"
        return SUCCESS

    def destroy_node(self) -> None:
        """Ends the worker before the node goes away."""
        self._stop()
        if self._log_handler is not None:
            stop_forwarding(self._log_handler)
        super().destroy_node()

    def _configure(self) -> None:
        """Loads the model and makes what hangs on it; errors as of `load_predictor`."""
        self.predictor = load_predictor(
            parameters.value(self, "model"),
            device=parameters.value(self, "device"),
            precision=parameters.value(self, "precision"),
            input_size=parameters.input_size(self),
            backend=parameters.value(self, "backend"),
        )
        width = self.predictor.description.vit.width
        encoder = PromptEncoder(parameters.value(self, "model"), width=width)
        available: set[Output] = {*self.predictor.outputs}
        if encoder.available:
            available.add("semantic")
        if not available:
            raise ValueError(
                f"model {self.predictor.description.name} has no dense heads (TIPS v1 was released "
                "without) and no text encoder, so there is nothing to publish; take a tipsv2 model"
            )
        self._outputs = {name: OutputPublishers(self, available, name) for name in self.cameras}
        self._vocabulary = Vocabulary(self, self.predictor, encoder, self.cameras)
        self._vocabulary.put_in_force(self._prompts.now())
        self._prompts.put_in_force = self._vocabulary.put_in_force
        self._prompt_service = PromptService(self, self._vocabulary)

    def _stop(self) -> None:
        for service in self._locate.values():
            service.source = None
        if self.work is not None:
            self.work.close()
        self.work = None

    def _free(self) -> None:
        self._prompts.put_in_force = None
        for part in (*self._outputs.values(), self._vocabulary, self._prompt_service):
            if part is not None:
                part.close()
        self._outputs = {}
        self._vocabulary = self._prompt_service = self.predictor = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _autostart(self) -> None:
        assert self._autostart_timer is not None
        self._autostart_timer.cancel()
        if self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def _on_second(self) -> None:
        work, vocabulary = self.work, self._vocabulary
        state = diagnostics.NodeState(
            self.get_name(),
            self.predictor,
            self._failure,
            vocabulary.facts() if vocabulary else {},
            work.states() if work else [],
            parameters.value(self, "silence_warning_s"),
        )
        report = DiagnosticArray()
        report.header.stamp = self.get_clock().now().to_msg()
        report.status.extend(diagnostics.statuses(state))
        self._diagnostics.publish(report)
        if work:
            work.warn_of_silence(state.silence_s)
