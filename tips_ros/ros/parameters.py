# SPDX-License-Identifier: Apache-2.0
"""The node's parameters while it runs: declared, checked as a whole, read."""

from __future__ import annotations

import copy
import logging
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from tips_ros.ros.camera_names import ONLY, cameras_named, parameter_name
from tips_ros.ros.declared import ITEMS, Declared
from tips_ros.ros.frame import OutputOptions
from tips_ros.ros.parameter_table import PARAMETERS

logger = logging.getLogger(__name__)

_BY_NAME = {declared.name: declared for declared in PARAMETERS}
_LIST_TYPES = {str: Parameter.Type.STRING_ARRAY, float: Parameter.Type.DOUBLE_ARRAY}


def declare_all(node: Node) -> None:
    """Declares every parameter and refuses bad values, at start-up as later, with a reason.

    Those of a single camera are declared for each that `cameras` names, too, and begin with the
    value that is for all.

    Raises:
        ValueError: a bad value in the launch or the parameters file.
    """
    node.add_on_set_parameters_callback(lambda parameters: _check(node, parameters))
    for declared in PARAMETERS:
        _declare(node, declared, declared.name, declared.default)
    cameras = [camera for camera in cameras_named(value(node, "cameras")) if camera != ONLY]
    for declared in PARAMETERS:
        for camera in cameras if declared.per_camera else ():
            name = parameter_name(camera, declared.name)
            _declare(node, declared, name, value(node, declared.name))
    _warn_of_unknown(node)


def _declare(node: Node, declared: Declared, name: str, default: Any) -> None:
    descriptor = declared.descriptor()
    descriptor.read_only = False  # until it has its value
    try:
        node.declare_parameter(name, default, descriptor)
    except InvalidParameterTypeException as error:
        raise ValueError(
            f"parameter {name} must be of the type of {declared.default!r}: "
            f"{error.args[0] if error.args else error}"
        ) from error
    except InvalidParameterValueException as error:
        raise ValueError(f"parameter {name}: {error}") from error
    if declared.items is not None and not plain(name, node.get_parameter(name).value):
        # Whatever an empty list was written as, it is one of that type now.
        empty = Parameter(name, _LIST_TYPES[declared.items], [])
        node.set_parameters_atomically([empty])
    if declared.felt == "at start":
        final = copy.copy(node.describe_parameter(name))
        final.read_only = True
        node.set_descriptor(name, final)


def value(node: Node, name: str, camera: str = ONLY) -> Any:
    """The parameter's value now, where it is one of a camera's for that camera."""
    own = parameter_name(camera, name) if _BY_NAME[name].per_camera else name
    return plain(own, node.get_parameter(own).value)


def plain(name: str, given: Any) -> Any:
    """A parameter's value as rclpy has it → the value it stands for; a list is a list.

    A parameters file can't hold an empty list for every ROS release: `['']` is one, too.
    """
    declared = _declared(name)
    if declared is None or declared.items is None:
        return given
    return [] if given is None or list(given) == [""] else [declared.items(x) for x in given]


def input_size(node: Node) -> tuple[int, int] | None:
    """(h, w) the network is to see, or None for the model's own."""
    height, width = value(node, "input_height"), value(node, "input_width")
    if bool(height) != bool(width):
        raise ValueError("set both input_height and input_width, or leave both 0")
    return (height, width) if height else None


def output_options(node: Node, camera: str = ONLY) -> OutputOptions:
    """What the user wants of a camera's outputs now."""
    return OutputOptions(
        scale=value(node, "output_scale"),
        rectified=value(node, "rectified", camera),
        overlay_alpha=value(node, "semantic.overlay_alpha"),
        points_stride=value(node, "points.stride"),
        points_min_range_m=value(node, "points.min_range_m"),
        points_max_range_m=value(node, "points.max_range_m") or float("inf"),
        points_edge_jump=value(node, "points.edge_jump"),
        points_max_grazing_deg=value(node, "points.max_grazing_deg"),
        points_include=value(node, "points.include"),
        points_exclude=value(node, "points.exclude"),
        points_roi=value(node, "points.roi", camera),
        filtered_voxel_m=value(node, "points_filtered.voxel_m"),
        filtered_outlier_neighbors=value(node, "points_filtered.outlier_neighbors"),
        filtered_outlier_std=value(node, "points_filtered.outlier_std"),
        filtered_target_frame=value(node, "points_filtered.target_frame", camera),
    )


def _check(node: Node, parameters: list[Parameter]) -> SetParametersResult:
    """Refuses what ranges can't express; says when a change will be felt."""
    new = {parameter.name: parameter.value for parameter in parameters}
    for name, given in new.items():
        declared = _declared(name)
        if declared and not _fits(declared, given, node.has_parameter(name)):
            items = ITEMS[declared.items or str]
            return _refusal(f"{name} must be a list of {items}, as in [a, b], not {given!r}")
    for name, given in new.items():
        declared = _declared(name)
        if declared and declared.choices and given not in declared.choices:
            return _refusal(f"{given!r}: choose one of {', '.join(map(str, declared.choices))}")
        if declared and declared.check is not None:
            try:
                declared.check(plain(name, given))
            except ValueError as error:
                return _refusal(f"{name}: {error}")
    nearest, farthest = (
        new.get(name, value(node, name) if node.has_parameter(name) else 0.0)
        for name in ("points.min_range_m", "points.max_range_m")
    )
    if 0.0 < farthest <= nearest:
        return _refusal(
            f"points.max_range_m {farthest} must be 0 or above points.min_range_m {nearest}"
        )
    for name in new:
        declared = _declared(name)
        if declared and declared.felt == "at configure" and node.has_parameter(name):
            logger.info("%s is felt after deactivate, cleanup, configure and activate", name)
    return SetParametersResult(successful=True)


def _declared(name: str) -> Declared | None:
    """The entry of a parameter's own name, or of a camera's: `front.rotation_deg`."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    entry = _BY_NAME.get(name.partition(".")[2])
    return entry if entry is not None and entry.per_camera else None


def _fits(declared: Declared, given: Any, is_set: bool) -> bool:
    """Whether a list is one of the right items; rclpy checks the types of all else.

    An empty list in a YAML file comes as None. At run time None would undeclare the parameter.
    """
    if declared.items is None:
        return True
    if given is None:
        return not is_set
    numbers = declared.items is float
    wanted = (int, float) if numbers else (str,)
    listed = hasattr(given, "__iter__") and not isinstance(given, str)
    return listed and all(isinstance(x, wanted) and not isinstance(x, bool) for x in given)


def _refusal(reason: str) -> SetParametersResult:
    return SetParametersResult(successful=False, reason=reason)


def _warn_of_unknown(node: Node) -> None:
    """A misspelt name in a YAML file would otherwise be ignored without a word."""
    # rclpy has no public way to the overrides of parameters that nobody declared.
    overrides = getattr(node, "_parameter_overrides", {})
    for name in overrides:
        if not node.has_parameter(name) and not name.startswith(("qos_overrides.", "use_sim_time")):
            logger.warning("there is no parameter %s; it is ignored", name)
