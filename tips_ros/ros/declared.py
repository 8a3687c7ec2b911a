# SPDX-License-Identifier: Apache-2.0
"""What there is to say of one parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

# `at once`: the next frame. `at configure`: set it, then run the lifecycle transitions
# deactivate, cleanup, configure, activate. `at start`: only in the launch or the YAML file.
Felt = Literal["at once", "at configure", "at start"]
ITEMS: dict[type, str] = {str: "texts", float: "numbers"}


@dataclass(frozen=True)
class Declared:
    """One parameter. `low` and `high` are inclusive; `choices` are all there are.

    A list is empty by default; `items` is the type of what is in it.
    """

    name: str
    default: bool | int | float | str | list[Any]
    felt: Felt
    unit: str
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | tuple[int, ...] = ()
    items: type[str] | type[float] | None = None  # of a list; None: it is no list
    check: Callable[[Any], None] | None = None  # ValueError for what ranges can't express
    per_camera: bool = False  # each of several cameras has its own: <camera>.<name>

    @property
    def default_text(self) -> str:
        """The default as a parameters file has it."""
        if self.default == "":
            return '""'
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    def descriptor(self) -> ParameterDescriptor:
        """What `ros2 param describe` shows."""
        unit = f" [{self.unit}]" if self.unit else ""
        descriptor = ParameterDescriptor(
            description=f"{self.description}{unit} Felt {self.felt}.",
            read_only=self.felt == "at start",
            # An empty list has no type: `ros2 param set` sends one of bools, a YAML file none.
            dynamic_typing=self.items is not None,
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
