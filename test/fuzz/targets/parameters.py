# SPDX-License-Identifier: Apache-2.0
"""Parameters of any type and size, and files of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tips_ros.ros.parameters.checks import check_value
from tips_ros.ros.parameters.declaration import ParameterSpec
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.parameters.types import as_declared
from tips_ros.ros.startup.arguments import ArgumentError
from tips_ros.ros.startup.params_file import read_parameters

from ..mutations import ODD_FLOATS, ODD_NUMBERS, mutated_text
from ..scratch import scratch_file
from ..target import Target, refusal

_TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ("[0, 1]", "(1, 2)", "(" * 300, "[" * 3000, "{a: b}", "off", "1e400", "!!x y", "((1)")
    ),
)
_NUMBERS = st.one_of(st.sampled_from(ODD_FLOATS), st.floats())
_WHOLE = st.one_of(st.sampled_from(ODD_NUMBERS), st.integers(-(2**63), 2**63 - 1))
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    _WHOLE,
    _NUMBERS,
    _TEXTS,
    st.binary(max_size=9),
    st.lists(st.booleans(), max_size=3),
    st.lists(_WHOLE, max_size=4),
    st.lists(_NUMBERS, max_size=4),
    st.lists(_TEXTS, max_size=4),
)
_YAML = """/**:
  ros__parameters:
    model: demo
    points:
      stride: 2
      max_range_m: 5.0
    prompts: [door, cup]
/robot/tips:
  ros__parameters: {rectify: true}
"""


def check_parameter(case: tuple[ParameterSpec, Any]) -> None:
    """A value of the declared type within its range, or a refusal."""
    declared, value = case
    with refusal(ValueError):
        meant = as_declared(declared, declared.name, value)
        assert meant.type_.value == declared.type_id
        check_value(declared, declared.name, meant.value)


def check_file(content: bytes) -> None:
    """Parameters by name, or a refusal that names the file."""
    path = scratch_file("params.yaml", content)
    with refusal(ArgumentError):
        found = read_parameters("params_file", str(path), "/robot/tips")
        assert all(isinstance(name, str) for name in found)


TARGETS = (
    Target("parameters", st.tuples(st.sampled_from(PARAMETERS), _VALUES), check_parameter),
    Target("parameter files", mutated_text([_YAML]), check_file),
)
