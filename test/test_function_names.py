# SPDX-License-Identifier: Apache-2.0
"""Functions are named by verbs or by the noun that they return, never by a lone participle."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "tips_ros"
_PARTICIPLE = re.compile(
    r"_*([a-z0-9]+ed|chosen|drawn|found|given|grown|held|kept|known|laid|left|lost|made|meant|seen|shown|"
    r"sought|taken|told|written)"
)
# The field's own words, a verb, and a state that is asked for.
_ALLOWED = {"strided", "rectified", "latched", "embed", "succeed", "paused"}


def participles(text: str) -> list[str]:
    """Names of functions and methods that are one participle; properties may be."""
    found = []
    for node in ast.parse(text).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for one in inside:
            if not isinstance(one, ast.FunctionDef) or one.name.strip("_") in _ALLOWED:
                continue
            is_property = any("property" in ast.unparse(d) for d in one.decorator_list)
            if _PARTICIPLE.fullmatch(one.name) and not is_property:
                found.append(one.name)
    return found


def test_a_participle_is_found_and_a_property_is_not():
    found = participles("def _moved(): ...\nclass A:\n    def kept(self): ...\n")
    assert found == ["_moved", "kept"]
    fine = "def move(): ...\ndef strided(): ...\nclass A:\n    @property\n    def kept(self): ...\n"
    assert participles(fine) == []


@pytest.mark.slow
def test_no_function_of_the_package_is_named_by_a_participle():
    files = sorted(PACKAGE.rglob("*.py"))
    found = {path.name: participles(path.read_text(encoding="utf-8")) for path in files}
    assert files and {name: names for name, names in found.items() if names} == {}
