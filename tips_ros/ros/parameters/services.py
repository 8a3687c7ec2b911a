# SPDX-License-Identifier: Apache-2.0
"""The services `~/set_parameters`, `~/get_parameters` … that `ros2 param` talks to."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Sequence
from typing import Any

from rcl_interfaces.msg import ListParametersResult, SetParametersResult
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_service import ParameterService

from tips_ros.ros.parameters.checks import RELATED
from tips_ros.ros.topics.guarded_node import describe

logger = logging.getLogger(__name__)
_TRIES = 10


class ParameterServices(ParameterService):
    """rclpy's services, but for these: what is set in one call is checked together, and no call
    goes without an answer.
    """

    def __init__(self, node: Node, group: CallbackGroup | None = None) -> None:
        """
        Args:
            node: whose parameters they are.
            group: the callback group of the services; None is the node's own.
        """
        self._node = weakref.ref(node)
        self._in_group = _InGroup(node, group)
        super().__init__(self._in_group)

    def _get_node(self) -> Node:
        node = self._node()
        if node is None:
            raise ReferenceError("the node of these parameter services is gone")
        return node

    def _set_parameters_callback(self, request: Any, response: Any) -> Any:
        response.results = self._set(request.parameters)
        return response

    def _set_parameters_atomically_callback(self, request: Any, response: Any) -> Any:
        response.result = _set_together(self._get_node(), request.parameters)
        return response

    def _get_parameters_callback(self, request: Any, response: Any) -> Any:
        """All values of one moment: a set that is under way is seen whole or not at all."""
        node = self._get_node()
        moment = node.parameter_snapshot.as_dict()  # type: ignore[attr-defined]
        values = []
        for name in request.names:
            if not node.has_parameter(name):
                return response  # as rclpy does: no values for a name that isn't there
            kind = Parameter.Type(node.get_parameter_type(name))
            value = moment.get(name, node.get_parameter(name).value)
            values.append(Parameter(name, kind, value).get_parameter_value())
        response.values = values
        return response

    def _list_parameters_callback(self, request: Any, response: Any) -> Any:
        for _ in range(_TRIES):
            try:
                return super()._list_parameters_callback(request, response)
            except RuntimeError:  # a topic came or went, with its parameters, meanwhile
                response.result = ListParametersResult()
        return response

    def _set(self, messages: Sequence[Any]) -> list[SetParametersResult]:
        """The result of each: all at once, or else all that can be.

        The service promises nothing about those beside one that is refused, so that
        `ros2 param load` of a whole file depends on the order of its lines: a range of 6 to 10
        after one of 0 to 5 is refused by its lower end. Set together they are what they are.
        """
        node = self._get_node()
        together = _set_together(node, messages)
        if len(messages) == 1:
            return [together]
        if together.successful:  # what it says is of one or the other, and in the log
            return [SetParametersResult(successful=True)] * len(messages)
        results: dict[int, SetParametersResult] = {}
        for indices in _groups([message.name for message in messages]):
            result = _set_together(node, [messages[i] for i in indices])
            for i in indices:
                alone = result.successful or len(indices) == 1
                results[i] = result if alone else _set_together(node, [messages[i]])
        return [results[i] for i in range(len(messages))]


class _InGroup:
    """The part of a node that rclpy's class needs, with a callback group for the services."""

    def __init__(self, node: Node, group: CallbackGroup | None) -> None:
        self._create = node.create_service
        self._group = group
        self.get_name = node.get_name

    def create_service(self, *args: Any, **kwargs: Any) -> Any:
        """Creates a service of the node."""
        return self._create(*args, callback_group=self._group, **kwargs)


def _groups(names: Sequence[str]) -> list[list[int]]:
    """The positions of names that are checked against each other, and of each other one."""
    groups: dict[Any, list[int]] = {}
    for i, name in enumerate(names):
        related = next((group for group in RELATED if name in group), i)
        groups.setdefault(related, []).append(i)
    return [*groups.values()]


def _set_together(node: Node, messages: Sequence[Any]) -> SetParametersResult:
    try:
        parameters = [Parameter.from_parameter_msg(message) for message in messages]
    except (TypeError, ValueError) as error:  # as of a type that ROS doesn't have
        return SetParametersResult(successful=False, reason=f"no parameter value: {error}")
    try:
        return node.set_parameters_atomically(parameters)
    except Exception as error:  # whoever asks gets an answer, and the node goes on
        logger.exception("parameters could not be set")
        return SetParametersResult(successful=False, reason=describe(error))
