# SPDX-License-Identifier: Apache-2.0
"""Each command that loads a model has the hardware choose the precision."""

from __future__ import annotations

import pytest

from tips_ros.cli import build_parser


@pytest.mark.parametrize(
    "line", [["infer", "a.png"], ["bag", "IN", "OUT"], ["eval", "DATA"], ["bench"]]
)
def test_the_default_is_auto(line: list[str]):
    precision = build_parser(line[:1]).parse_args(line).precision
    assert precision in ("auto", ["auto"])


def test_the_node_has_it_too():
    from tips_ros.ros.parameters.table import PARAMETERS

    assert next(p for p in PARAMETERS if p.name == "precision").default == "auto"
