# SPDX-License-Identifier: Apache-2.0
"""Watches the node from outside: its lifecycle state and what it says in /diagnostics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.srv import GetState
from rclpy.node import Node

_DROPPED = "dropped, "
# An answer that takes longer is taken for lost: those that a server sends before it has found the
# client never arrive.
_ANSWER_PATIENCE_S = 2.0


@dataclass(frozen=True)
class NodeReport:
    """One status out of /diagnostics.

    Attributes:
        at: when it came, time.monotonic.
        failed: the status is an error.
        message: what the node says of itself.
        values: its numbers and names as text, by what they are called there.
    """

    at: float
    failed: bool
    message: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def received(self) -> int:
        """Frames that reached the node since it became active."""
        return int(self.values.get("frames received", 0))

    @property
    def published(self) -> int:
        """Frames that it answered."""
        return int(self.values.get("frames published", 0))

    @property
    def drops(self) -> dict[str, int]:
        """Cause → frames that ended without an answer."""
        return {
            key.removeprefix(_DROPPED): int(value)
            for key, value in self.values.items()
            if key.startswith(_DROPPED)
        }

    @property
    def all_accounted(self) -> bool:
        """Whether each frame received was answered or dropped: none waits or is in work."""
        return self.received == self.published + sum(self.drops.values())


class NodeWatch:
    """Never blocks: it has what came until now."""

    def __init__(self, node: Node, name: str = "tips") -> None:
        """Subscribes to /diagnostics and makes a client.

        Args:
            node: who watches; it must be spun elsewhere.
            name: of the watched node.
        """
        self._status_name = f"{name}: "
        self.report: NodeReport | None = None
        self._client = node.create_client(GetState, f"/{name}/get_state")
        self._pending: Any = None
        self._asked_at = 0.0
        self._state = ""
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def state(self) -> str:
        """The lifecycle state that the node told last, `""` before; asks again each time."""
        if self._pending is not None:
            if self._pending.done():
                self._state = self._pending.result().current_state.label
                self._pending = None
            elif time.monotonic() > self._asked_at + _ANSWER_PATIENCE_S:
                self._client.remove_pending_request(self._pending)
                self._pending = None
        if self._pending is None and self._client.service_is_ready():
            self._pending = self._client.call_async(GetState.Request())
            self._asked_at = time.monotonic()
        return self._state

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(self._status_name):
                self.report = NodeReport(
                    time.monotonic(),
                    status.level == DiagnosticStatus.ERROR,
                    status.message,
                    {value.key: value.value for value in status.values},
                )
