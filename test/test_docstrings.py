# SPDX-License-Identifier: Apache-2.0
"""Docstrings begin with what a thing is or does: with a noun or a verb."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "tips_ros"
FOLDERS = ("perception", "messages", "ros", "replay")
_ELSEWISE = re.compile(r"(What|Where|Which|How|Who|Whose|When|Why|Of|As)\b")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def elsewise(text: str) -> list[str]:
    """First lines of docstrings that begin with a question word or in the middle of a phrase."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, _DOCUMENTED)]
    said = [ast.get_docstring(node) or "" for node in nodes]
    return [doc.splitlines()[0] for doc in said if _ELSEWISE.match(doc)]


def test_a_question_and_half_a_phrase_are_found():
    found = elsewise('"""How it is."""\ndef f():\n    """Of a frame."""')
    assert found == ["How it is.", "Of a frame."]
    assert elsewise('"""A way."""\nclass A:\n    """Offers it."""\n    def f(self): ...') == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_say_what_a_thing_is_or_does(folder):
    files = sorted((SOURCE / folder).rglob("*.py"))
    found = {path.name: elsewise(path.read_text(encoding="utf-8")) for path in files}
    assert files and {name: lines for name, lines in found.items() if lines} == {}
