# SPDX-License-Identifier: Apache-2.0
"""A value as somebody wrote it, in the type that its parameter has.

`5` for a double, `[0, 0, 1]` for a list of numbers and `90.0` for an integer are what they stand
for. ROS gives an empty list no type of its own; `ros2 param set` sends a list of whole and broken
numbers as a text, and so does `SetParameter` of launch_ros with every list.
"""

from __future__ import annotations

import ast
import reprlib
from typing import Any

from rclpy.parameter import Parameter

from tips_ros.ros.parameters.declaration import ITEMS, ParameterSpec
from tips_ros.texts.yaml_text import load_yaml

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_INT_END = 2.0**63
LONGEST_TEXT = 10_000  # characters
_MOST_ITEMS = 10_000
_LIST_EXAMPLES = {str: "['door', 'cup']", float: "[0.5, 1.0]"}


def as_declared(declared: ParameterSpec, name: str, value: Any) -> Parameter:
    """The parameter with this value, of the declared type.

    Args:
        declared: its entry in the table.
        name: its own name or a camera's.
        value: as rclpy hands it over; None is an empty list in a YAML file.

    Raises:
        ValueError: it is of another kind; says what to write.
    """
    _check_length(name, value)
    meant = _scalar(declared, value) if declared.items is None else _list(declared, value)
    if meant is None:
        raise ValueError(f"{name} must be {describe_type(declared)}, not {_describe_value(value)}")
    return Parameter(name, Parameter.Type(declared.type_id), meant)


def _check_length(name: str, value: Any) -> None:
    """Nobody means as much as this, and it would be told again in answers and in the log."""
    items = [] if value is None or isinstance(value, (bool, int, float)) else [value]
    if items and not isinstance(value, str):
        items = list(value) if hasattr(value, "__iter__") else []
        if len(items) > _MOST_ITEMS:
            raise ValueError(f"{name} has {len(items)} items; there may be {_MOST_ITEMS}")
    longest = max((len(item) for item in items if isinstance(item, str)), default=0)
    if longest > LONGEST_TEXT:
        raise ValueError(f"{name} has a text of {longest} characters; there may be {LONGEST_TEXT}")


def _scalar(declared: ParameterSpec, value: Any) -> Any:
    kind = type(declared.default)
    if type(value) is kind:
        return value
    if value is False and "off" in (declared.choices or ()):  # as YAML reads the word
        return "off"
    if kind is float and type(value) is int:
        return float(value)
    if kind is int and type(value) is float and value.is_integer() and abs(value) < _INT_END:
        return int(value)
    return None


def _list(declared: ParameterSpec, value: Any) -> list[Any] | None:
    if value is None:
        return []
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return None
    listed = list(value)
    if listed == [""]:  # an empty list to those ROS releases whose files can't hold one
        return []
    kinds = (int, float) if declared.items is float else (str,)
    if any(isinstance(item, bool) or not isinstance(item, kinds) for item in listed):
        return None
    return [float(item) for item in listed] if declared.items is float else listed


def _from_text(text: str) -> Any:
    """The list that a text stands for; None, or something else, where it is none."""
    try:
        # In round brackets it comes from `SetParameter` of a launch file.
        return ast.literal_eval(text) if text.startswith("(") else load_yaml(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # nested without end
        return None


def describe_type(declared: ParameterSpec) -> str:
    """Describes in words the type that a parameter's value has."""
    if declared.items is not None:
        return f"a list of {ITEMS[declared.items]}, as in {_LIST_EXAMPLES[declared.items]}"
    return _KINDS[type(declared.default)]


def _describe_value(value: Any) -> str:
    """The value as it was given, with what may have gone wrong."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {reprlib.repr(value)}"
    if isinstance(value, bool):
        return f"{str(value).lower()} (yes, no, on and off mean true and false, unless in quotes)"
    return reprlib.repr(value if isinstance(value, (int, float)) else list(value))
