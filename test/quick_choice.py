# SPDX-License-Identifier: Apache-2.0
"""Kinds of tests, and what `./run test --quick` takes of each; hooks of pytest for conftest.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Fixture → the marker of whatever uses it; files and tests of another kind say theirs.
MARKED_BY = {"graph_with": "live", "shared_golden": "reference", "open3d": "slow"}
# Of these most make whole results with whole models, or start process after process.
SLOW = {"bootstrap", "commands", "demo", "evaluation", "offline", "training"}
# Whose tests take longest begin first: of several processes none is left alone with one of them.
_FIRST = {"churn", "training", "demo", "faults", "test_bags_ray.py"}
# What every test of a file is, where the file says so; those of nodes are live.
_ALL_OF_A_KIND = re.compile(r"^pytestmark = .*mark\.(live|slow|reference)", re.MULTILINE)
_NODE = "test_node_"  # begins the names of those, in the folder of the node itself


def quick_expression() -> str:
    """The expression that --quick gives to -m, as `./run` says it."""
    script = (HERE.parent / "bootstrap" / "run_tests.sh").read_text("utf-8")
    (expression,) = re.findall(r'-m "(quick [^"]+)"', script)
    return str(expression)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out the files of which --quick takes nothing: reading them costs half of its time."""
    if not collection_path.name.startswith("test_") or collection_path.suffix != ".py":
        return None
    if not config.option.markexpr or config.option.markexpr != quick_expression():
        return None
    text = collection_path.read_text("utf-8")
    is_left_out = (
        _folder(collection_path) in SLOW
        or (collection_path.parent == HERE / "ros" and collection_path.name.startswith(_NODE))
        or _ALL_OF_A_KIND.search(text)
    )
    return True if is_left_out and "mark.quick" not in text else None


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what a folder or a fixture tells of a test; the longest come first."""
    items.sort(key=lambda item: not {_folder(item.path), item.path.name} & _FIRST)
    for item in items:
        if _folder(item.path) in SLOW:
            item.add_marker("slow")
        for fixture in MARKED_BY.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKED_BY[fixture])


def _folder(path: Path) -> str:
    """The folder of test/ that a test lies in; empty for another one's."""
    return path.relative_to(HERE).parts[0] if path.is_relative_to(HERE) else ""
