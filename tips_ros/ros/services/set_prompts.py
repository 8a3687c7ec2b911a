# SPDX-License-Identifier: Apache-2.0
"""The service that replaces the classes: it sets the parameters and tells what came of it."""

from __future__ import annotations

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.parameters.node import ParameterNode
from tips_ros.ros.parameters.prompts import requested_settings, set_prompts
from tips_ros.srv import SetPrompts


class SetPromptsService:
    """`~/set_prompts`, one call after the other. Lives as long as the node: each call is answered.

    Words are encoded before parameters are touched: whoever sets another one does not wait.

    Attributes:
        vocabulary: of the model; None while there is none, which is then the answer. Whoever
            changes it holds the node's `parameter_lock`.
    """

    def __init__(self, node: ParameterNode) -> None:
        self._node = node
        self.vocabulary: ClassManager | None = None
        node.create_service(
            SetPrompts,
            "~/set_prompts",
            self._on_call,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def _on_call(
        self, request: SetPrompts.Request, response: SetPrompts.Response
    ) -> SetPrompts.Response:
        wanted = request.prompts, request.background, request.thresholds
        vocabulary, reason = self.vocabulary, ""
        try:
            if vocabulary is not None:
                vocabulary.prepare(requested_settings(self._node, *wanted))
        except (ValueError, OSError, RuntimeError) as error:
            reason = str(error)
        with self._node.parameter_lock:  # the answer is of this change
            if vocabulary is None or vocabulary is not self.vocabulary:
                response.success = False
                response.message = (
                    "the node is not configured: configure it first, or set the parameter prompts"
                )
                return response
            if not reason:
                result = set_prompts(self._node, *wanted)
                reason = "" if result.successful else result.reason
            response.success = not reason
            response.message = reason or vocabulary.message
            if response.success:
                seconds, nanoseconds = divmod(vocabulary.active_from_ns, 10**9)
                response.active_from.sec, response.active_from.nanosec = seconds, nanoseconds
            response.names = list(vocabulary.classes.values())
            response.ids = list(vocabulary.classes)
        return response
