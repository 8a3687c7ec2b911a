# SPDX-License-Identifier: Apache-2.0
"""The declaration of one parameter: name, default, range, unit, and when a change applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, ParameterType

# `at once`: the next frame. `at configure`: set it, then run the lifecycle transitions
# deactivate, cleanup, configure, activate. `at start`: only in the launch or the YAML file.
Applies = Literal["at once", "at configure", "at start"]
ITEMS: dict[type, str] = {str: "texts", float: "numbers"}
UNBOUNDED = 1e9  # as the upper end of a range: there is none that anybody would meet
_IN_WORDS: dict[Applies, str] = {
    "at once": "Takes effect at once.",
    "at configure": "Takes effect at the next configure.",
    "at start": "Can be set at start only.",
}
_TYPES = {
    bool: ParameterType.PARAMETER_BOOL,
    int: ParameterType.PARAMETER_INTEGER,
    float: ParameterType.PARAMETER_DOUBLE,
    str: ParameterType.PARAMETER_STRING,
}
_LIST_TYPES: dict[type, int] = {
    str: ParameterType.PARAMETER_STRING_ARRAY,
    float: ParameterType.PARAMETER_DOUBLE_ARRAY,
}


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter. `low` and `high` are inclusive; `choices` are all there are.

    A list is empty by default; `items` is the type of what is in it.
    """

    name: str
    default: bool | int | float | str | list[Any]
    applies: Applies
    unit: str
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | tuple[int, ...] = ()
    items: type[str] | type[float] | None = None  # of a list; None: it is no list
    check: Callable[[Any], None] | None = None  # ValueError for what ranges can't express
    per_camera: bool = False  # each of several cameras has its own: <camera>.<name>

    @property
    def type_id(self) -> int:
        """The type of its values, as rcl_interfaces/ParameterType numbers them."""
        return _LIST_TYPES[self.items] if self.items is not None else _TYPES[type(self.default)]

    @property
    def applies_text(self) -> str:
        """The moment when a change takes effect, as a sentence."""
        return _IN_WORDS[self.applies]

    @property
    def range_text(self) -> str:
        """`0 to 90` or `0 or more`; empty where it has no range."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.low} or more" if self.high >= UNBOUNDED else f"{self.low} to {self.high}"

    @property
    def default_text(self) -> str:
        """The default as a parameters file has it."""
        if isinstance(self.default, str) and yaml.safe_load(self.default) != self.default:
            return f'"{self.default}"'  # such as off, which YAML takes for false
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    def descriptor(self) -> ParameterDescriptor:
        """Returns the descriptor that `ros2 param describe` shows."""
        unit = f" [{self.unit}]" if self.unit else ""
        descriptor = ParameterDescriptor(
            type=self.type_id,
            description=f"{self.description}{unit} {self.applies_text}",
            read_only=self.applies == "at start",
        )
        if self.items is not None:
            descriptor.additional_constraints = f"a list of {ITEMS[self.items]}"
        if self.choices:
            descriptor.additional_constraints = f"one of: {', '.join(map(str, self.choices))}"
        if self.low is not None and self.high is not None:
            if isinstance(self.default, float):
                bounds = FloatingPointRange(from_value=float(self.low), to_value=float(self.high))
                descriptor.floating_point_range.append(bounds)
            else:
                steps = IntegerRange(from_value=int(self.low), to_value=int(self.high), step=1)
                descriptor.integer_range.append(steps)
        return descriptor
