# SPDX-License-Identifier: Apache-2.0
"""The report: aligned for people, plain data for programs, and whether anything is broken."""

from __future__ import annotations

import json

from tips_ros.doctor.findings import Finding, Section, Status, as_data, as_text, is_broken

SECTIONS = [
    Section("First", (Finding("a", "fine"), Finding("longer", "none", Status.ABSENT, "no x"))),
    Section("Second", (Finding("b", "word " * 40, Status.BROKEN, "mend it"),)),
]


def test_the_text_is_aligned_wrapped_and_marked():
    lines = as_text(SECTIONS).splitlines()
    assert lines[:4] == ["First", "  a       fine", "- longer  none: no x", ""]
    assert lines[4] == "Second" and lines[5].startswith("! b  word word")
    assert all(len(line) <= 100 for line in lines)
    assert lines[6].startswith("     word") and lines[-1].endswith("mend it")


def test_only_a_broken_thing_is_broken():
    assert is_broken(SECTIONS) and not is_broken(SECTIONS[:1]) and not is_broken([])


def test_the_data_is_the_same_as_json():
    data = json.loads(json.dumps(as_data(SECTIONS)))
    assert data["broken"] is True
    assert [section["title"] for section in data["sections"]] == ["First", "Second"]
    assert data["sections"][0]["findings"][1] == {
        "topic": "longer", "value": "none", "status": "absent", "advice": "no x",
    }  # fmt: skip
