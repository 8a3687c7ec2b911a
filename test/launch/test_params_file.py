# SPDX-License-Identifier: Apache-2.0
"""config/tips.yaml says of each parameter what the node says of it, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tips_ros.ros.parameters.declaration import ParameterSpec
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.parameters.yaml_file import document

TEXT = (Path(__file__).resolve().parents[2] / "config" / "tips.yaml").read_text(encoding="utf-8")


def flat(nested: dict, prefix: str = "") -> dict:
    """Parameters by their full names: {"points": {"stride": 1}} → {"points.stride": 1}."""
    names: dict = {}
    for key, value in nested.items():
        names |= (
            flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return names


def comments() -> dict[str, str]:
    """The comment above each entry, on one line, by the entry's full name."""
    found: dict[str, str] = {}
    folder, lines = "", []
    for line in TEXT.partition("ros__parameters:\n")[2].splitlines():
        if entry := re.fullmatch(r"( +)(\w+):(.*)", line):
            indent, key, value = entry.groups()
            folder = "" if len(indent) == 4 else folder
            if value:
                found[folder + key] = " ".join(lines)
            else:
                folder = f"{key}."
        lines = [*lines, line.strip("# ")] if line.strip().startswith("#") else []
    return found


def summary(declared: ParameterSpec) -> str:
    """The line below the description: unit, range or choices, default, when it applies."""
    default = str(declared.default).lower() if isinstance(declared.default, bool) else None
    if declared.default == "":
        default = '""'
    what = ""
    if declared.choices:
        *most, last = declared.choices
        what = f"{', '.join(map(str, most))} or {last}. "
    elif isinstance(declared.default, bool):
        what = "true or false. "
    elif declared.low is not None and declared.high is not None:
        up_to = "or more" if declared.high >= 1e9 else f"to {declared.high}"
        what = f"{declared.low} {up_to}. "
    unit = f"[{declared.unit}] " if declared.unit else ""
    applies = declared.applies.capitalize()
    said = json.dumps("off") if declared.default == "off" else declared.default
    return f"{unit}{what}Default {default or said}. {applies}."


def test_the_file_is_for_any_name_and_namespace():
    assert list(yaml.safe_load(TEXT)) == ["/**"]


def test_every_parameter_is_there_at_its_default_in_the_order_of_the_table():
    written = flat(yaml.safe_load(TEXT)["/**"]["ros__parameters"])
    assert list(written.items()) == [(p.name, p.default) for p in PARAMETERS]


@pytest.mark.parametrize("declared", PARAMETERS, ids=lambda p: p.name)
class TestEachEntry:
    def test_has_the_type_that_the_node_wants(self, declared: ParameterSpec):
        written = flat(yaml.safe_load(TEXT)["/**"]["ros__parameters"])
        assert type(written[declared.name]) is type(declared.default), "1 is no float: write 1.0"

    def test_has_the_description_and_the_numbers_of_the_node_above_it(
        self, declared: ParameterSpec
    ):
        assert comments()[declared.name] == f"{declared.description} {summary(declared)}"


def test_the_file_is_written_from_the_table():
    assert document() == TEXT, "run: python -m tips_ros.ros.parameters.yaml_file config/tips.yaml"
