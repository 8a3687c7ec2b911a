# SPDX-License-Identifier: Apache-2.0
"""Parameter files: what the node will read of them, and what is said of those it can't."""

from pathlib import Path

import pytest

from tips_ros.ros.startup.arguments import ArgumentError
from tips_ros.ros.startup.params_file import read_parameters


@pytest.fixture
def read(tmp_path: Path):
    """Reads a text as a parameters file for /robot1/tips."""

    def make(text: str, node: str = "/robot1/tips"):
        file = tmp_path / "my.yaml"
        file.write_text(text, encoding="utf-8")
        return read_parameters("params_file", str(file), node)

    return make


@pytest.mark.parametrize(
    "name", ["/**", "/robot1/tips", "robot1/tips", "/*/tips", "/**/tips", "/robot*/*", "'**'"]
)
def test_sections_count_whose_name_is_the_node_s(read, name):
    text = f"{name}: {{ros__parameters: {{points: {{stride: 2}}, front.rotation_deg: 90}}}}"
    assert read(text) == {"points.stride": 2, "front.rotation_deg": 90}


@pytest.mark.parametrize("name", ["/tips", "tips", "/robot2/tips", "/*", "/robot1/tips/x"])
def test_sections_of_other_nodes_do_not_count(read, name):
    assert read(f"{name}: {{ros__parameters: {{model: x}}}}") == {}


def test_namespaces_may_be_levels_of_the_file(read):
    assert read("robot1: {tips: {ros__parameters: {model: x}}}") == {"model": "x"}


def test_a_name_in_full_counts_more_than_one_with_wildcards(read):
    full, wild = "/robot1/tips: {ros__parameters: {a: 1}}", "/**: {ros__parameters: {a: 2, b: 3}}"
    assert read(f"{full}\n{wild}") == read(f"{wild}\n{full}") == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/**:\n  ros__parameters:\n    model: a: b\n", "not YAML: line 3, column 13: mapping"),
        ("/**:\n\tros__parameters: {}\n", "not YAML: line 2, column 1: found character"),
        ("a: [1, 2", "not YAML: line 1, column 9"),
        ("a: \x00", "not YAML: "),
        ("model: demo\n", "no `ros__parameters:` below a node's name"),
        ("- a\n", "no `ros__parameters:`"),
        ("", "no `ros__parameters:`"),
    ],
)
def test_a_file_that_can_not_be_read_is_one_line_with_the_place_and_the_fix(read, text, reason):
    with pytest.raises(ArgumentError) as refused:
        read(text)
    said = str(refused.value)
    assert said.startswith("params_file:=")
    assert reason in said
    assert said.endswith("start from a copy of config/tips.yaml")
    assert "\n" not in said


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path):
    binary = tmp_path / "x.png"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    for path, reason in [(tmp_path / "gone", "no such file"), (tmp_path, "no such file"),
                         (binary, "not a text file")]:  # fmt: skip
        with pytest.raises(ArgumentError, match=reason):
            read_parameters("params_file", str(path), "/tips")
