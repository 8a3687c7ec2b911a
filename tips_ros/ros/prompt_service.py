# SPDX-License-Identifier: Apache-2.0
"""The service that replaces the classes: it sets the parameters and tells what came of it."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode

from tips_ros.ros.prompt_parameters import set_prompts
from tips_ros.ros.vocabulary import Vocabulary
from tips_ros.srv import SetPrompts


class PromptService:
    """`~/set_prompts`.

    In the node's own callback group, as its parameter services and transitions are: so a change
    by the service, one by a parameter and a transition come one after the other.
    """

    def __init__(self, node: LifecycleNode, vocabulary: Vocabulary) -> None:
        self._node = node
        self._vocabulary: Vocabulary | None = vocabulary
        self._service = node.create_service(SetPrompts, "~/set_prompts", self._on_call)

    def close(self) -> None:
        """Destroys the service, and lets go of the classes: an executor may hold it for a while."""
        self._node.destroy_service(self._service)
        self._vocabulary = None

    def _on_call(
        self, request: SetPrompts.Request, response: SetPrompts.Response
    ) -> SetPrompts.Response:
        vocabulary = self._vocabulary
        if vocabulary is None:  # it was asked before the cleanup, and is answered after
            response.success, response.message = False, "the node is not configured any more"
            return response
        result = set_prompts(self._node, request.prompts, request.background, request.thresholds)
        response.success = result.successful
        response.message = vocabulary.message if result.successful else result.reason
        if result.successful:
            seconds, nanoseconds = divmod(vocabulary.active_from_ns, 10**9)
            response.active_from.sec, response.active_from.nanosec = seconds, nanoseconds
        response.names = list(vocabulary.classes.values())
        response.ids = list(vocabulary.classes)
        return response
