# SPDX-License-Identifier: Apache-2.0
"""The node's parameters while it runs: declared, and read."""

from __future__ import annotations

import logging
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from tips_ros.messages.frame_result import OutputOptions
from tips_ros.ros.parameters import snapshot as parameter_snapshot
from tips_ros.ros.parameters.checks import check_value
from tips_ros.ros.parameters.declaration import ParameterSpec
from tips_ros.ros.parameters.node import ParameterNode, given_at_start, suggest_name
from tips_ros.ros.parameters.snapshot import Snapshot
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.parameters.types import as_declared
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.names import ONLY, cameras_named, parameter_name

logger = logging.getLogger(__name__)


def declare_all(node: ParameterNode) -> None:
    """Declares every parameter and refuses bad values with a reason.

    Those of a single camera are declared for each that `cameras` names, too, and begin with the
    value that is for all.

    Raises:
        ValueError: a bad value in the launch or the parameters file.
    """
    qos.check_overrides(getattr(node, "_parameter_overrides", {}))
    values = {d.name: _declare(node, d, d.name, d.default) for d in PARAMETERS}
    cameras = cameras_named(values["cameras"])
    for declared in PARAMETERS:
        for camera in cameras if declared.per_camera else ():
            if camera != ONLY:
                name = parameter_name(camera, declared.name)
                values[name] = _declare(node, declared, name, values[declared.name])
    node.start_with(values, cameras)
    _warn_of_unknown(node)


def snapshot(node: Node) -> Snapshot:
    """All values as they are together now. For a frame, ask once and read them from here."""
    return node.parameter_snapshot


def value(node: Node, name: str, camera: str = ONLY) -> Any:
    """The parameter's value now, where it is one of a camera's for that camera."""
    return snapshot(node).value(name, camera)


def as_python(name: str, given: Any) -> Any:
    """A parameter's value as rclpy has it → the value it stands for; a list is a list."""
    meant = parameter_snapshot.as_python(name, given)
    return list(meant) if isinstance(meant, tuple) else meant


def input_size(node: Node) -> tuple[int, int] | None:
    """(h, w) the network is to see, or None for the model's own."""
    now = snapshot(node)
    height, width = now.value("input_height"), now.value("input_width")
    if bool(height) != bool(width):
        raise ValueError("set both input_height and input_width, or leave both 0")
    return (height, width) if height else None


def output_options(node: Node, camera: str = ONLY) -> OutputOptions:
    """Returns the options of a camera's outputs as they are now."""
    return snapshot(node).output_options(camera)


def _declare(node: Node, declared: ParameterSpec, name: str, default: Any) -> Any:
    """Declares one and returns the value it begins with."""
    # Of any type at first: rclpy would refuse the 5 of a file for a double.
    given = node.declare_parameter(name, default, ParameterDescriptor(dynamic_typing=True))
    try:
        meant = as_declared(declared, name, given.value)
        check_value(declared, name, meant.value)
    except ValueError as error:
        raise ValueError(f"parameter {error}") from error
    node.set_descriptor(name, declared.descriptor(), meant.get_parameter_value())
    return meant.value


def _warn_of_unknown(node: Node) -> None:
    """A misspelt name in a YAML file would otherwise be ignored without a word."""
    for name in given_at_start(node):
        if not node.has_parameter(name) and not name.startswith(("qos_overrides.", "use_sim_time")):
            perhaps = suggest_name(node, name)
            logger.warning("there is no parameter %s%s; it is ignored", name, perhaps)
