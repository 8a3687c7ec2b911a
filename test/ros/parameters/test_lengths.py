# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent as a parameter has an end, and so has the refusal."""

from __future__ import annotations

import pytest

from tips_ros.ros.parameters.checks import check_value
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.parameters.types import as_declared

LISTS = [declared for declared in PARAMETERS if declared.items is not None]
ENDLESS = ["x" * 100_000, "[" * 20_000, "(" * 20_000]
ENDLESS += [["x" * 100_000], ["a"] * 20_000, [1.0] * 20_000]


@pytest.mark.parametrize("declared", PARAMETERS, ids=lambda declared: declared.name)
def test_an_endless_value_is_refused_in_a_line_that_ends(declared):
    for value in ENDLESS:
        with pytest.raises(ValueError) as refused:
            check_value(declared, declared.name, as_declared(declared, declared.name, value).value)
        assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("declared", LISTS, ids=lambda declared: declared.name)
@pytest.mark.parametrize("text", ["[" * 3000, "(" * 300, "{a: " * 2000, "2020-13-45", "!!x y"])
def test_a_text_that_is_no_list_is_refused(declared, text):
    with pytest.raises(ValueError, match="must be a list"):
        as_declared(declared, declared.name, text)
