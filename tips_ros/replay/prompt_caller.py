# SPDX-License-Identifier: Apache-2.0
"""Calls a node's ~/set_prompts with what somebody types."""

from __future__ import annotations

import threading

from rclpy.node import Node

from tips_ros.perception.language.prompt_syntax import split_entries
from tips_ros.srv import SetPrompts

_PATIENCE_S = 60.0  # words that are new are encoded by a large model on a small computer


class PromptCaller:
    """A client of one node's service."""

    def __init__(self, node: Node, watched: str) -> None:
        """
        Args:
            node: who calls; it is spun elsewhere.
            watched: the whole name of the node whose classes are set.
        """
        self._name = f"/{watched.strip('/')}/set_prompts"
        self._client = node.create_client(SetPrompts, self._name)

    def call(self, line: str) -> str:
        """Sets the classes of a line, `red cup, chair: sofa | seat`; returns what to tell of it."""
        try:
            prompts = [entry for entry in split_entries(line) if entry]
        except ValueError as error:
            return f"not sent: {error}"
        if not self._client.service_is_ready():
            return f"not sent: nobody offers {self._name}"
        future = self._client.call_async(SetPrompts.Request(prompts=prompts))
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        if not done.wait(_PATIENCE_S):
            self._client.remove_pending_request(future)
            return f"{self._name} did not answer within {_PATIENCE_S:.0f} s"
        answer = future.result()
        if not answer.success:
            return f"refused: {answer.message}"
        return f"classes: {', '.join(answer.names)}"
