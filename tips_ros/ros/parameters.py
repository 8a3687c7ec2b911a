# SPDX-License-Identifier: Apache-2.0
"""The node's parameters while it runs: declared, checked as a whole, read."""

from __future__ import annotations

import logging
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from tips_ros.ros.outputs import OutputOptions
from tips_ros.ros.parameter_table import PARAMETERS

logger = logging.getLogger(__name__)

_BY_NAME = {declared.name: declared for declared in PARAMETERS}


def declare_all(node: Node) -> None:
    """Declares every parameter and refuses bad values, at start-up as later, with a reason.

    Raises:
        ValueError: a bad value in the launch or the parameters file.
    """
    _warn_of_unknown(node)
    node.add_on_set_parameters_callback(lambda parameters: _check(node, parameters))
    for declared in PARAMETERS:
        try:
            node.declare_parameter(declared.name, declared.default, declared.descriptor())
        except InvalidParameterTypeException as error:
            raise ValueError(
                f"parameter {declared.name} must be of the type of {declared.default!r}: "
                f"{error.args[0] if error.args else error}"
            ) from error
        except InvalidParameterValueException as error:
            raise ValueError(f"parameter {declared.name}: {error}") from error


def value(node: Node, name: str) -> Any:
    """The parameter's value now."""
    return node.get_parameter(name).value


def input_size(node: Node) -> tuple[int, int] | None:
    """(h, w) the network is to see, or None for the model's own."""
    height, width = value(node, "input_height"), value(node, "input_width")
    if bool(height) != bool(width):
        raise ValueError("set both input_height and input_width, or leave both 0")
    return (height, width) if height else None


def output_options(node: Node) -> OutputOptions:
    """What the user wants of the outputs now."""
    return OutputOptions(
        scale=value(node, "output_scale"),
        rectified=value(node, "rectified"),
        overlay_alpha=value(node, "semantic.overlay_alpha"),
        points_stride=value(node, "points.stride"),
        points_min_range_m=value(node, "points.min_range_m"),
        points_max_range_m=value(node, "points.max_range_m") or float("inf"),
    )


def _check(node: Node, parameters: list[Parameter]) -> SetParametersResult:
    """Refuses what ranges can't express; says when a change will be felt."""
    new = {parameter.name: parameter.value for parameter in parameters}
    for name, given in new.items():
        declared = _BY_NAME.get(name)
        if declared and declared.choices and given not in declared.choices:
            return _refusal(f"{given!r}: choose one of {', '.join(declared.choices)}")
    nearest, farthest = (
        new.get(name, value(node, name) if node.has_parameter(name) else 0.0)
        for name in ("points.min_range_m", "points.max_range_m")
    )
    if 0.0 < farthest <= nearest:
        return _refusal(
            f"points.max_range_m {farthest} must be 0 or above points.min_range_m {nearest}"
        )
    for name in new:
        declared = _BY_NAME.get(name)
        if declared and declared.felt == "at configure" and node.has_parameter(name):
            logger.info("%s is felt after deactivate, cleanup, configure and activate", name)
    return SetParametersResult(successful=True)


def _refusal(reason: str) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=reason)


def _warn_of_unknown(node: Node) -> None:
    """A misspelt name in a YAML file would otherwise be ignored without a word."""
    # rclpy has no public way to the overrides of parameters that nobody declared.
    overrides = getattr(node, "_parameter_overrides", {})
    for name in overrides:
        if name not in _BY_NAME and not name.startswith(("qos_overrides.", "use_sim_time")):
            logger.warning("there is no parameter %s; it is ignored", name)
