# SPDX-License-Identifier: Apache-2.0
"""Every warning and error that the package logs, found in its code, as the table of a page.

`python test/docs/message_catalogue.py --write docs/messages.md`: messages, levels and files come
from the code, cause and remedy stay as they stand in the page. A new message has none yet, and a
test says so.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tips_ros"
BEGIN, END = "<!-- messages -->", "<!-- end of the messages -->"
_HEAD = ("| level | message | cause | remedy |", "|---|---|---|---|")
_LEVELS = {"warning": "WARN", "warn_once": "WARN", "error": "ERROR", "exception": "ERROR"}
# What forwards the messages of others, and what ends a command line.
_NOT_OURS = {"ros/process/log_forwarding.py", "log_throttle.py", "perception/images/stream.py"}
_NOT_LOGGED = {"parser", "self"}


class Message(NamedTuple):
    """A message as the code has it, … where something is put in."""

    file: str
    level: str
    text: str


class Row(NamedTuple):
    """A row of the page."""

    message: Message
    cause: str
    remedy: str


@lru_cache(maxsize=1)
def messages() -> tuple[Message, ...]:
    """All messages at WARN or above, by file, each once."""
    found: dict[Message, None] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        file = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (message := _message(file, node)):
                found[message] = None
    return tuple(sorted(found))


def rows_of(page: str) -> list[Row]:
    """The rows that stand in a page."""
    table = page.partition(BEGIN)[2].partition(END)[0]
    rows, file = [], ""
    for line in table.splitlines():
        if line.startswith("### "):
            file = line.removeprefix("### ").strip("`")
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[0] in ("WARN", "ERROR"):
            text = cells[1].strip("`").replace(r"\|", "|")
            rows.append(Row(Message(file, cells[0], text), cells[2], cells[3]))
    return rows


def write(page: str) -> str:
    """The page with the messages of today; cause and remedy as they were."""
    known = {row.message: row for row in rows_of(page)}
    lines, file = [BEGIN], ""
    for message in messages():
        if message.file != file:
            file = message.file
            lines.append("")
            lines += [f"### `{file}`", "", *_HEAD]
        row = known.get(message, Row(message, "", ""))
        text = message.text.replace("|", r"\|")
        lines.append(f"| {message.level} | `{text}` | {row.cause} | {row.remedy} |")
    return page.partition(BEGIN)[0] + "\n".join([*lines, "", END, ""])


def _message(file: str, node: ast.Call) -> Message | None:
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _LEVELS:
        return None
    owner, level = ast.unparse(node.func.value), _LEVELS[node.func.attr]
    is_own = owner == "self" and node.func.attr == "warn_once"
    if (owner in _NOT_LOGGED and not is_own) or (file in _NOT_OURS and not is_own):
        return None
    told = [text for argument in node.args if (text := _text(argument)) is not None]
    # The first argument of a throttle is what it is throttled by.
    is_throttled = "throttle" in owner or "once" in owner + node.func.attr or "_log" in owner
    given = [_text(argument) for argument in node.args[1 if is_throttled else 0 :]]
    text = next((text for text in given if text is not None), told[-1] if told else None)
    return Message(file, level, "…" if text is None else text)


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"%\.?\d*[srdfgi]", "…", node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (v.value if isinstance(v, ast.Constant) else "…" for v in node.values)
        return "".join(map(str, parts))
    return None


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the page anew, or prints its messages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="PAGE")
    given = parser.parse_args(argv)
    if given.write is None:
        for message in messages():
            print(*message, sep="  ")
        return
    given.write.write_text(write(given.write.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
