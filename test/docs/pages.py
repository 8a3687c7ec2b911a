# SPDX-License-Identifier: Apache-2.0
"""The documentation: pages, their blocks of code, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[2]
PAGES = (
    *(SOURCE / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((SOURCE / "docs").glob("*.md")),
    *(SOURCE / folder / "README.md" for folder in ("benchmarks", "training", "samples")),
    SOURCE / "models" / "demo" / "README.md",
    SOURCE / "docker" / "README.md",
)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Words that an inline piece of code begins with where it is a command.
_COMMANDS = r"(\./run|tips_ros|tips_node|tips_view|ros2|pip|python3?|pytest|colcon|uv|rosdep|sudo)"
# Of commands that are spoken of, not written out.
_UNFINISHED = re.compile(r"…|CMD")


class Command(NamedTuple):
    """A command line and the page that it is on."""

    page: str
    line: str


def name(page: Path) -> str:
    """A page's path in the tree."""
    return str(page.relative_to(SOURCE))


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of code in a language."""
    text = page.read_text(encoding="utf-8")
    return [code for found, code in _BLOCK.findall(text) if found == language]


def commands() -> Iterator[Command]:
    """Every command line of every page, in blocks and in running text."""
    for page in PAGES:
        for block in blocks(page, "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                line = re.sub(r"(^|\s+)#.*", "", line).strip()
                if line:
                    yield Command(name(page), line)
        text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
        for span in re.findall(r"`([^`]+)`", text):
            span = " ".join(span.split())
            if re.match(rf"(\w+=\S+ )*{_COMMANDS}( |$)", span) and not _UNFINISHED.search(span):
                yield Command(name(page), span)


def assignments() -> Iterator[Command]:
    """Pieces such as `rviz:=true` in running text."""
    for page in PAGES:
        text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
        for span in re.findall(r"`((?:-[pr] )?[\w.~/]+:=[^`]*)`", text):
            yield Command(name(page), span)
