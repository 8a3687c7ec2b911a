# SPDX-License-Identifier: Apache-2.0
"""The lower bounds in docs/jetson.md are what its formula gives for the numbers beside them."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "jetson.md").read_text(encoding="utf-8")
GFLOP = {name: float(n) for name, n in re.findall(r"(B|L|SO400m|g) (\d{3,4})\b", PAGE)}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| (AGX|Orin) ", line)
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_bound_is_flop_over_peak(row: list[str]):
    peak = float(row[2]) * 1e12
    bounds_ms = [float(cell) for cell in row[4:]]
    expected_ms = [gflop * 1e9 / peak * 1e3 for gflop in GFLOP.values()]
    assert list(GFLOP) == ["B", "L", "SO400m", "g"]
    assert bounds_ms == pytest.approx(expected_ms, rel=0.005, abs=0.05)


@pytest.mark.parametrize("row", [row for row in ROWS if "GHz" in row[1]], ids=lambda row: row[0])
def test_a_peak_is_multiprocessors_times_clock(row: list[str]):
    match = re.fullmatch(r"(\d+) SM at ([\d.]+) GHz", row[1])
    assert match is not None
    assert float(row[2]) == pytest.approx(int(match[1]) * 2048 * float(match[2]) / 1e3, rel=0.01)


def test_all_modules_are_there():
    assert len(ROWS) == 6
