# SPDX-License-Identifier: Apache-2.0
"""The other side of the graph: a node that calls services and says how long they took."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

import rclpy
from findings import Findings
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile

from tips_ros.ros.process.executor import NodeExecutor

# On a machine that is busy; without load each of these takes milliseconds.
ANSWER_S = 120.0
_LOST_S = 15.0  # then an answer is taken for lost
_APPEARS_S = 120.0
# A client knows of its service before the service knows where to send answers, and such an answer
# is lost in the middleware.
_MATCHES_S = 2.0
# By default a client keeps ten answers: of more that come at once some would be lost on this side.
_DEEP = QoSProfile(depth=500)


class Client:
    """A node in a domain of its own; `close` ends it.

    Attributes:
        node: for publishers and subscriptions.
        longest_s: by service, the longest that an answer took.
        ending: the node under test is about to go: it need not answer any more.
    """

    def __init__(self, domain: int, findings: Findings) -> None:
        self._findings = findings
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.node = Node("churn", context=self._context)
        self._executor = NodeExecutor(num_threads=4, context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self.longest_s: defaultdict[str, float] = defaultdict(float)
        self.ending = False

    def send(self, type_: Any, name: str, request: Any) -> Any:
        """Asks a service of the node; its future, or None where the service does not come up."""
        with self._lock:
            is_new = name not in self._clients
            if is_new:
                self._clients[name] = self.node.create_client(
                    type_, f"/tips/{name}", qos_profile=_DEEP
                )
            client = self._clients[name]
        end = time.monotonic() + _APPEARS_S
        while not client.service_is_ready():
            if time.monotonic() > end:
                self._findings.add(f"no service {name}")
            if self.ending or self._findings.first:
                return None
            time.sleep(0.05)
        if is_new:
            time.sleep(_MATCHES_S)
        return client.call_async(request)

    def answer(self, future: Any, name: str, within_s: float = ANSWER_S) -> Any:
        """The answer of a service; None where none came in time, which is wrong."""
        if future is None:
            return None
        came, begin = threading.Event(), time.monotonic()
        future.add_done_callback(lambda _: came.set())
        given_up = False
        while not came.wait(0.2) and not given_up:
            late = time.monotonic() - begin > within_s
            given_up = late or self.ending or bool(self._findings.first)
        if not came.is_set():
            if late and not self.ending:
                self._findings.add(f"no answer of {name} within {within_s:.0f} s")
            return None
        self.longest_s[name] = max(self.longest_s[name], time.monotonic() - begin)
        return future.result()

    def call(self, type_: Any, name: str, request: Any, **options: Any) -> Any:
        """Sends a request and waits for its answer; arguments as of `send` and `answer`."""
        return self.answer(self.send(type_, name, request), name, **options)

    def state(self) -> str:
        """The node's lifecycle state; empty where it does not tell."""
        answer = self.call(GetState, "get_state", GetState.Request())
        return "" if answer is None else answer.current_state.label

    def set(self, **values: Any) -> list[bool]:
        """Sets parameters; whether each was taken."""
        parameters = []
        for name, value in values.items():
            typed = value if isinstance(value, Parameter) else Parameter("", value=value)
            parameters.append(Parameter(name, typed.type_, typed.value).to_parameter_msg())
        request = SetParameters.Request(parameters=parameters)
        asked = self.send(SetParameters, "set_parameters", request)
        end = time.monotonic() + _LOST_S
        while asked is not None and not asked.done() and time.monotonic() < end:
            time.sleep(0.1)
        if asked is not None and not asked.done():
            # DDS may lose the answer to whom the service has not discovered yet; it may be asked
            # twice, as the same values are set.
            asked = self.send(SetParameters, "set_parameters", request)
        answer = self.answer(asked, "set_parameters")
        return [] if answer is None else [result.successful for result in answer.results]

    def close(self) -> None:
        """Ends it."""
        self.ending = True
        self._executor.stop()
        self._thread.join(10)
        self._executor.shutdown(10)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)
