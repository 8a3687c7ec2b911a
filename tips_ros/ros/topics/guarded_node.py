# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node that no callback can end, and in which slow work holds up nothing else."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.callback_groups import (
    CallbackGroup,
    MutuallyExclusiveCallbackGroup,
    ReentrantCallbackGroup,
)
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from tips_ros.log_throttle import LogThrottle
from tips_ros.ros.topics import qos

logger = logging.getLogger(__name__)
_CLOCK = "/clock"


class GuardedNode(LifecycleNode):
    """Guards each callback, and sorts them into groups by what may wait for what.

    An exception of a callback is logged with its traceback, and a service answers with
    `success: false` and the reason. A transition may load a model for minutes and new prompts may
    be encoded for seconds: what asks for the state, reads parameters or sets the clock goes on
    meanwhile.

    A callback that outlasts the node, because the machine is slow, fails in silence: what it would
    have touched is gone, and so is whoever asked.

    Attributes:
        transition_group: transitions, one after the other.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        # All of it before rclpy's own constructor, which creates services and `/clock`.
        self.transition_group: CallbackGroup = MutuallyExclusiveCallbackGroup()
        self._parameter_group: CallbackGroup = MutuallyExclusiveCallbackGroup()
        self._clock_group: CallbackGroup = MutuallyExclusiveCallbackGroup()
        self._shared_group: CallbackGroup = ReentrantCallbackGroup()
        self._guard_log = LogThrottle(logger)
        self._is_gone = False
        super().__init__(name, **kwargs)
        for service in self.services:
            if service.srv_type is ChangeState:
                service.callback = self._guard_service(
                    self._guard_transition(service.callback), ChangeState
                )
                service.callback_group = self.transition_group
                self.transition_group.add_entity(service)

    @property
    def default_callback_group(self) -> CallbackGroup:
        """The group of what names none: its callbacks wait for nothing."""
        return self._shared_group

    def create_service(
        self, srv_type: Any, srv_name: str, callback: Callable[..., Any], **kwargs: Any
    ) -> Any:
        """Creates a service as rclpy does, guarded, and with room for ten calls at once."""
        if srv_type in (SetParameters, SetParametersAtomically):
            kwargs["callback_group"] = self._parameter_group
        kwargs.setdefault("qos_profile", qos.requests())
        guarded = self._guard_service(callback, srv_type)
        return super().create_service(srv_type, srv_name, guarded, **kwargs)

    def create_subscription(
        self, msg_type: Any, topic: str, callback: Callable[..., Any], qos: Any, **kwargs: Any
    ) -> Any:
        """Creates a subscription as rclpy does, guarded."""
        if topic == _CLOCK:  # in order: taken by two threads at once, time would go back
            kwargs["callback_group"] = self._clock_group
        guarded = self._guard(callback, f"a message on {topic}")
        return super().create_subscription(msg_type, topic, guarded, qos, **kwargs)

    def create_timer(self, period_s: float, callback: Callable[..., Any], **kwargs: Any) -> Any:
        """Creates a timer as rclpy does, guarded."""
        guarded = self._guard(callback, f"timer {getattr(callback, '__name__', callback)}")
        return super().create_timer(period_s, guarded, **kwargs)

    def create_steady_timer(
        self, period_s: float, callback: Callable[..., Any], group: CallbackGroup
    ) -> Any:
        """Creates a timer of wall time: it goes on where simulated time stands still."""
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        return self.create_timer(period_s, callback, callback_group=group, clock=steady)

    def destroy_node(self) -> None:
        """Destroys it as rclpy does."""
        self._is_gone = True
        super().destroy_node()

    def _guard_transition(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """A transition that the state machine does not have here is a client's mistake."""

        @functools.wraps(callback)
        def changed(request: Any, response: Any) -> Any:
            try:
                return callback(request, response)
            except RuntimeError as error:  # RCLError
                wanted = request.transition.label or request.transition.id
                logger.warning("transition %s refused: %s", wanted, str(error).split(", at ")[0])
                response.success = False
                return response

        return changed

    def _guard(self, callback: Callable[..., Any], what: str) -> Callable[..., Any]:
        @functools.wraps(callback)
        def guarded(*args: Any) -> Any:
            try:
                return callback(*args)
            except Exception as error:
                if not self._is_gone:
                    self._guard_log.error(what, "%s: %s", what, describe(error), cause=error)
                return None

        return guarded

    def _guard_service(self, callback: Callable[..., Any], srv_type: Any) -> Callable[..., Any]:
        @functools.wraps(callback)
        def guarded(request: Any, response: Any) -> Any:
            try:
                return callback(request, response)
            except Exception as error:
                name = srv_type.__name__
                if not self._is_gone:
                    self._guard_log.error(name, "%s failed: %s", name, describe(error), cause=error)
                return _refusal(srv_type, request, describe(error))

        return guarded


def describe(error: BaseException) -> str:
    """An unforeseen error in one line: its kind and what it says."""
    return f"{type(error).__name__}: {error}"


def _refusal(srv_type: Any, request: Any, reason: str) -> Any:
    """A response that says no, as far as the type of the service has words for it."""
    response = srv_type.Response()
    refused = SetParametersResult(successful=False, reason=reason)
    if srv_type is SetParameters:
        response.results = [refused for _ in request.parameters]
    elif srv_type is SetParametersAtomically:
        response.result = refused
    elif hasattr(response, "success"):
        response.success = False
        if hasattr(response, "message"):
            response.message = reason
    return response
