# SPDX-License-Identifier: Apache-2.0
"""Docstrings begin with what a thing is or does: with a noun or a verb."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tips_ros"
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
BESIDE = ("benchmarks", "training", "test/churn", "test/fuzz", "test/soak")
_QUESTIONS = "What|Where|Which|How|Who|Whose|When|Why|Whatever|Whoever"
_PREPOSITIONS = "Of|As|At most|Between|By|For|From|In|Into|Over|To|Until|With|Without"
_ELSEWISE = re.compile(rf"({_QUESTIONS}|{_PREPOSITIONS})\b")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def elsewise(text: str) -> list[str]:
    """First lines of docstrings that begin with a question word or in the middle of a phrase.

    What returns a bool may say "Whether".
    """
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, _DOCUMENTED)]
    said = {node: ast.get_docstring(node) or "" for node in nodes}
    return [
        doc.splitlines()[0]
        for node, doc in said.items()
        if _ELSEWISE.match(doc) or (doc.startswith("Whether ") and not _answers(node))
    ]


def _answers(node: ast.AST) -> bool:
    returns = getattr(node, "returns", None)
    return returns is not None and "bool" in ast.unparse(returns)


def elsewise_in(files: list[Path]) -> dict[str, list[str]]:
    """The same of files, by their names; those without any are left out."""
    found = {path.name: elsewise(path.read_text(encoding="utf-8")) for path in files}
    return {name: lines for name, lines in found.items() if lines}


def test_a_question_and_half_a_phrase_are_found():
    found = elsewise('"""How it is."""\ndef f():\n    """Of a frame."""')
    assert found == ["How it is.", "Of a frame."]
    assert elsewise('def f() -> int:\n    """Whether it is."""') == ["Whether it is."]
    assert elsewise('def f() -> bool:\n    """Whether it is."""') == []
    assert elsewise('"""A way."""\nclass A:\n    """Offers it."""\n    def f(self): ...') == []


def test_every_package_is_looked_at():
    assert {"model", "perception", "messages", "ros", "bags", "offline", "commands"} <= {*FOLDERS}


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_say_what_a_thing_is_or_does(folder: str):
    files = sorted((PACKAGE / folder).rglob("*.py"))
    assert files and elsewise_in(files) == {}


def test_so_do_those_of_the_modules_beside_the_packages():
    files = sorted(PACKAGE.glob("*.py"))
    assert files and elsewise_in(files) == {}


@pytest.mark.parametrize("folder", BESIDE)
def test_so_do_those_beside_the_product(folder: str):
    if not (ROOT / folder).is_dir():
        pytest.skip(f"{folder}/ is not in this copy")
    assert elsewise_in(sorted((ROOT / folder).rglob("*.py"))) == {}
