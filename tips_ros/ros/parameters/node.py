# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node whose parameters change as a whole or not at all, whoever sets them."""

from __future__ import annotations

import difflib
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from tips_ros.ros.parameters.checks import check_together, check_value
from tips_ros.ros.parameters.per_camera import PerCamera
from tips_ros.ros.parameters.services import ParameterServices
from tips_ros.ros.parameters.snapshot import Snapshot
from tips_ros.ros.parameters.table import entry_of
from tips_ros.ros.parameters.types import as_declared, describe_type
from tips_ros.ros.topics.guarded_node import GuardedNode
from tips_ros.ros.topics.names import ONLY

logger = logging.getLogger(__name__)


class ParameterNode(GuardedNode):
    """Sets of its parameters come one after the other, and readers see them between two.

    Attributes:
        parameter_snapshot: the values in force, to be read from any thread without waiting.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        # Before all else: rclpy declares parameters of its own.
        self.parameter_snapshot = Snapshot({})
        self._per_camera = PerCamera([ONLY])
        self.parameter_lock = threading.RLock()
        super().__init__(name, start_parameter_services=False, **kwargs)
        self._services_of_parameters = ParameterServices(self)

    def start_with(self, values: Mapping[str, Any], cameras: Sequence[str]) -> None:
        """Makes these values, of parameters that are declared, those in force.

        Args:
            values: by full name.
            cameras: as `PerCamera` wants them.

        Raises:
            ValueError: they can't be beside each other.
        """
        check_together(values)
        self._per_camera = PerCamera(cameras, given_at_start(self))
        self.parameter_snapshot = Snapshot(values)

    def set_parameters(self, parameter_list: list[Parameter]) -> list[SetParametersResult]:
        """Sets one after the other, as `set_parameters_atomically` does."""
        return [self.set_parameters_atomically([parameter]) for parameter in parameter_list]

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """Sets all of them, or none; the result's reason says why, or what it does not reach."""
        with self.parameter_lock:
            try:
                own, others = self._check(parameter_list)
            except ValueError as error:
                return SetParametersResult(successful=False, reason=str(error))
            changes = self._per_camera.spread(own)
            result = super().set_parameters_atomically([*others, *changes])
            if not result.successful:
                return result
            values = {parameter.name: parameter.value for parameter in changes}
            notes = [self._per_camera.note(own), _note_later(self.parameter_snapshot, values)]
            self._per_camera.remember(own)
            self.parameter_snapshot = self.parameter_snapshot.with_values(values)
        note = "; ".join(filter(None, notes))
        if note:
            logger.info("%s", note)
        return SetParametersResult(successful=True, reason=note)

    def _check(
        self, parameters: Sequence[Parameter]
    ) -> tuple[dict[str, Parameter], list[Parameter]]:
        """The table's parameters in the types they have, by name, and those of ROS itself."""
        own, others = {}, []
        for parameter in parameters:
            name = parameter.name
            if not self.has_parameter(name):
                raise ValueError(f"there is no parameter {name}{suggest_name(self, name)}")
            declared = entry_of(name)
            if declared is None:
                others.append(parameter)
                continue
            if parameter.value is None:  # rclpy would undeclare it
                raise ValueError(f"{name} must be {describe_type(declared)}, not taken away")
            own[name] = as_declared(declared, name, parameter.value)
            check_value(declared, name, own[name].value)
        new = {name: parameter.value for name, parameter in own.items()}
        check_together({**self.parameter_snapshot.as_dict(), **new})
        return own, others


def given_at_start(node: Node) -> list[str]:
    """The names of parameters that the command line or a file on it sets, declared or not."""
    # rclpy has no public way to them.
    return list(getattr(node, "_parameter_overrides", {}))


def suggest_name(node: ParameterNode, name: str) -> str:
    """A name like a misspelt one, in words; empty where there is none."""
    near = difflib.get_close_matches(name, node.parameter_snapshot.as_dict(), n=1)
    return f"; {near[0]} perhaps" if near else ""


def _note_later(before: Snapshot, values: Mapping[str, Any]) -> str:
    """The parameters whose change takes effect later only, in words."""
    old = before.as_dict()
    later = [
        name
        for name, value in values.items()
        if (declared := entry_of(name)) is not None
        and declared.applies == "at configure"
        and old[name] != value
    ]
    if not later:
        return ""
    return f"{', '.join(later)}: after deactivate, cleanup, configure and activate"
