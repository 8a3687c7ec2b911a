# SPDX-License-Identifier: Apache-2.0
"""The table of parameters in the docs is that of the code."""

from pathlib import Path

from tips_ros.ros.parameters.docs import document
from tips_ros.ros.parameters.table import PARAMETERS

PAGE = Path(__file__).parents[3] / "docs" / "parameters.md"


def test_the_page_in_the_docs_is_what_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "run: python -m tips_ros.ros.parameters.docs docs/parameters.md"
    )


def test_every_parameter_has_one_row_of_eight_cells():
    rows = [line for line in document().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [p.name for p in PARAMETERS]
    assert all(row.replace("\\|", "").count("|") == 9 for row in rows)
