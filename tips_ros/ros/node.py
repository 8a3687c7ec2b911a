# SPDX-License-Identifier: Apache-2.0
"""The lifecycle node `tips`: it wires inputs, model and outputs together and does nothing else."""

from __future__ import annotations

import logging
from itertools import chain
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from tips_ros.perception.language.list_access import ListAccess
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.stable_ids import StableIds
from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.health.diagnostics import NodeState
from tips_ros.ros.health.report import DiagnosticsPublisher, resting_states
from tips_ros.ros.loaded_model import give_back_memory, load_model
from tips_ros.ros.outputs.class_map import ClassHistory
from tips_ros.ros.outputs.publishers import OutputPublishers
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.parameters.prompts import PromptParameters
from tips_ros.ros.pipeline.camera import CameraRecord
from tips_ros.ros.pipeline.memory_keeper import MemoryKeeper
from tips_ros.ros.pipeline.pipeline import Pipeline
from tips_ros.ros.process.log_forwarding import RosLogHandler, forward_logs, stop_forwarding
from tips_ros.ros.services.services import Services
from tips_ros.ros.topics.names import cameras_named
from tips_ros.ros.transforms.tf import TransformLookup
from tips_ros.ros.transition_node import SUCCESS, TransitionNode

logger = logging.getLogger(__name__)

_LISTS_AT_START = ("prompt_list_folders", "prompts", "prompt_background")


class TipsNode(TransitionNode):
    """Configure loads the model, activate subscribes and works, cleanup frees everything.

    Attributes:
        predictor, classes, outputs: of the configured node; the publishers by camera.
        work: the pipeline of the active node.
        transforms: tf2's frames, and how they stand to each other.
        loading: whether it is being configured.
    """

    def __init__(self, **kwargs: Any) -> None:
        # What `destroy_node` needs comes first: a value that is refused leaves a node half built,
        # which rclpy's context may destroy.
        self._destroyed = False
        self.loading = False
        self.predictor: Predictor | None = None
        self.work: Pipeline | None = None  # while active
        self.outputs: dict[str, OutputPublishers] = {}
        self.classes: ClassManager | None = None
        self.transforms = TransformLookup(self)
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
        self._records = {camera: CameraRecord() for camera in self.cameras}
        self.statistics = {name: record.statistics for name, record in self._records.items()}
        # What latched topics have said outlives a cleanup: their readers keep it.
        self._class_histories = {camera: ClassHistory() for camera in self.cameras}
        self._class_ids = StableIds()
        # Whoever starts the node names what files he likes; whoever calls it does not.
        folders, *named = (parameters.value(self, name) for name in _LISTS_AT_START)
        self._list_access = ListAccess(folders, chain(*named))
        self._image_group = MutuallyExclusiveCallbackGroup()
        self._keeper = MemoryKeeper(self.transforms)
        self._own_services = Services(self, self.cameras, self.transforms, self._keeper)
        self._diagnostics = DiagnosticsPublisher(self)
        # Wall time: diagnostics and the silence warning must come when simulated time stands still.
        self.create_steady_timer(1.0, self._on_second, MutuallyExclusiveCallbackGroup())
        self._autostart_timer = None
        if parameters.value(self, "autostart"):
            self._autostart_timer = self.create_steady_timer(
                0.0, self._autostart, self.transition_group
            )

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Loads the model. FAILURE, with the reason in the log, when that can't be done."""
        self.loading = True
        try:
            return self.take_step("configured", self._configure, super().on_configure, state)
        finally:
            self.loading = False

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribes to the cameras and starts working. FAILURE, with the reason, if it can't."""
        result = super().on_activate(state)  # the publishers first: nothing is lost
        if result != SUCCESS:
            return result
        result = self.take_step("activated", self._activate, lambda _: SUCCESS, state)
        if result != SUCCESS:
            self.transforms.close()
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops working; the model stays loaded."""
        self.stop()
        logger.info("inactive")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Frees the model and its memory."""
        self._free()
        logger.info("the model is freed")
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops and frees, from whichever state."""
        self.stop()
        self._free()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Goes back to unconfigured after an unforeseen error in a transition."""
        self.stop()
        self._free()
        self.failure = "an unforeseen error in a transition; configure to try again"
        logger.error("%s", self.failure)
        return SUCCESS

    def prepare_to_end(self) -> None:
        """Has nothing begin any more, and ends the waiting of services. From any thread."""
        self.ending = True
        self.transforms.end_waiting("the node is shutting down")
        if (work := self.work) is not None:
            work.cameras.fail_queries("the node is shutting down")

    def stop(self, timeout_s: float | None = None) -> bool:
        """Ends the frames at hand; False if one has not ended in time."""
        work, self.work = self.work, None
        if work is not None:
            self._own_services.end()
        ended = work is None or work.close(timeout_s)
        self.transforms.close()
        return ended

    def destroy_node(self) -> None:
        """Ends the worker before the node goes away; once, although Kilted's context asks again."""
        if self._destroyed:
            return
        self._destroyed = True
        self.stop()
        if self._log_handler is not None:
            stop_forwarding(self._log_handler)
        super().destroy_node()
        # The last that holds the handle. rclpy leaves it to the garbage collector, which does not
        # come to it while a thread is at work: the node would be seen until 20 s after its process.
        self._state_machine = None

    def _configure(self) -> None:
        """Loads the model and makes what hangs on it; errors: see `load_predictor`."""
        try:
            self._load()
        except Exception:
            self._free()
            raise

    def _load(self) -> None:
        loaded = load_model(self)
        self.predictor, available = loaded.predictor, loaded.outputs
        for name in self.cameras:
            self.outputs[name] = OutputPublishers(self, available, name)
        self.classes = ClassManager(
            self,
            self.predictor,
            loaded.encoder,
            self.cameras,
            self._class_histories,
            self._class_ids,
            self._list_access,
        )
        self.classes.prepare(self._prompts.read())  # slow, and so without the lock
        with self.parameter_lock:  # a change meanwhile is seen here, and one from now on below
            self.classes.apply(self._prompts.read())
            self._prompts.apply = self.classes.apply
            self._own_services.use_classes(self.classes)
        self._keeper.use_model(self.predictor)

    def _activate(self) -> None:
        """Begins to work; nothing is left of it where that fails."""
        assert self.predictor and self.outputs and self.classes
        work = Pipeline(
            self,
            self.predictor,
            self.outputs,
            self.classes,
            self.transforms,
            self._records,
            self._keeper,
            self._image_group,
        )
        self._own_services.begin(self.classes, work.cameras)
        self.work = work
        logger.info("listening to %s", ", ".join(camera.input.topic for camera in work.cameras))

    def _free(self) -> None:
        with self.parameter_lock:  # a change under way is waited for
            self._prompts.apply = None
            self._own_services.use_classes(None)
        self._keeper.use_model(None)
        for part in (*self.outputs.values(), self.classes):
            if part is not None:
                part.close()
        self.outputs = {}
        self.classes = self.predictor = None
        give_back_memory()

    def _autostart(self) -> None:
        assert self._autostart_timer is not None
        self._autostart_timer.cancel()
        if self.trigger_configure() == SUCCESS and not self.ending:
            self.trigger_activate()

    def _on_second(self) -> None:
        work, vocabulary = self.work, self.classes
        remembers = parameters.value(self, "memory.enabled")
        state = NodeState(
            self.get_fully_qualified_name().lstrip("/"),
            self.predictor,
            self.failure,
            (vocabulary.facts() if vocabulary else {})
            | (self._keeper.facts() if vocabulary and remembers else {}),
            work.cameras.states() if work else resting_states(self, self.statistics),
            parameters.value(self, "silence_warning_s"),
            active=work is not None,
        )
        self._diagnostics.publish(state)
        self._own_services.memory.publish()
        if work:
            work.cameras.warn_of_silence(state.cameras, state.silence_s)
