# SPDX-License-Identifier: Apache-2.0
"""The values that parameters can have, each alone and all together."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from typing import Any

from tips_ros.ros.parameters.declaration import UNBOUNDED, ParameterSpec

# Parameters that are checked against each other: of several that are set in one call, these are
# set together, in whichever order they come.
RELATED = (
    ("points.min_range_m", "points.max_range_m"),
    ("prompts", "prompt_background", "prompt_thresholds"),
)
_ROUNDING = 1e-6  # of a limit that went through a float32; rclpy's own


def check_value(declared: ParameterSpec, name: str, value: Any) -> None:
    """ValueError, which names the parameter, for a value outside its range or choices."""
    if declared.choices and value not in declared.choices:
        choices = ", ".join(map(str, declared.choices))
        raise ValueError(f"{name} can't be {reprlib.repr(value)}: choose one of {choices}")
    if declared.low is not None and declared.high is not None:
        near = any(math.isclose(value, end, rel_tol=_ROUNDING) for end in _ends(declared))
        if not near and not declared.low <= value <= declared.high:
            hint = "; 0 is no limit" if value == math.inf and declared.high >= UNBOUNDED else ""
            raise ValueError(f"{name} must be {declared.range_text}, not {value}{hint}")
    if declared.check is not None:
        try:
            declared.check(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error


def check_together(values: Mapping[str, Any]) -> None:
    """ValueError for values, by full name, that can't be beside each other."""
    nearest, farthest = values["points.min_range_m"], values["points.max_range_m"]
    if 0.0 < farthest <= nearest:
        raise ValueError(
            f"points.max_range_m {farthest} must be 0 or above points.min_range_m {nearest}"
        )


def _ends(declared: ParameterSpec) -> tuple[float, ...]:
    return tuple(
        end for end in (declared.low, declared.high) if end is not None and end < UNBOUNDED
    )
