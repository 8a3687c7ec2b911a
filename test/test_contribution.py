# SPDX-License-Identifier: Apache-2.0
"""The first things that somebody who wants to help meets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

SOURCE = Path(__file__).resolve().parents[1]
TEMPLATES = SOURCE / ".github" / "ISSUE_TEMPLATE"
FORMS = sorted(path for path in TEMPLATES.glob("*.yml") if path.name != "config.yml")
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def test_contributing_is_one_page():
    text = (SOURCE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 75
    for command in ("./run lint", "./run test", "./run churn", "./run fuzz", "./run soak"):
        assert command in text
    assert "pre-commit install" in text


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
class TestEachFormForAnIssue:
    def test_is_one_that_the_forge_reads(self, form: Path):
        found = yaml.safe_load(form.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= set(found)
        ids = [field.get("id") for field in found["body"] if field["type"] != "markdown"]
        assert all(ids) and len(set(ids)) == len(ids)
        assert {field["type"] for field in found["body"]} <= KINDS
        for field in found["body"]:
            needed = "value" if field["type"] == "markdown" else "label"
            assert field["attributes"][needed]

    def test_asks_for_something(self, form: Path):
        body = yaml.safe_load(form.read_text(encoding="utf-8"))["body"]
        assert any(field.get("validations", {}).get("required") for field in body)


def test_who_reports_a_fault_is_asked_for_the_doctor_s_word():
    text = (TEMPLATES / "bug_report.yml").read_text(encoding="utf-8")
    assert "tips_ros doctor" in text and "SECURITY.md" in text


def test_files_that_the_forms_name_are_there():
    for name in ("docs/troubleshooting.md", "docs/messages.md", "SECURITY.md", "docs/topics.md"):
        assert (SOURCE / name).is_file()
