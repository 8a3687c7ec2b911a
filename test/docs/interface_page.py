#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/interfaces.md, the definitions of messages and services, out of msg/ and srv/.

    python test/docs/interface_page.py --write docs/interfaces.md
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
_HEAD = """\
# Messages and services, field by field

[Index](README.md)

Written by `python test/docs/interface_page.py --write docs/interfaces.md` from `msg/` and `srv/`:
change them there. Who publishes or answers them, and under which names: [topics.md](topics.md). A
subscriber, and a service from Python: [subscribers.md](subscribers.md). In a sourced workspace,
`ros2 interface show tips_ros/msg/DepthInfo` shows one.
"""
# In running text: what is code already, names (an underscore would be read as emphasis), and pages.
_CODE = re.compile(r"(`[^`]*`)")
_NAME = re.compile(r"(~/[\w/]+|\w*[a-z]_\w+)")
_PAGE = re.compile(r"\bdocs/(\w+\.md)")
_KINDS = (("Messages", "msg"), ("Services", "srv"))


def document() -> str:
    """Returns the whole page."""
    parts = [_HEAD]
    for title, kind in _KINDS:
        parts.append(f"\n## {title}\n")
        for path in sorted((SOURCE / kind).glob(f"*.{kind}")):
            about, definition = _split(path.read_text(encoding="utf-8"))
            parts.append(f"\n### {path.stem}\n\n{about}\n\n```text\n{definition}\n```\n")
    return "".join(parts)


def _split(text: str) -> tuple[str, str]:
    """Returns the comment that a definition begins with, as prose, and the rest as it is."""
    lines = text.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    prose = "\n".join(line.removeprefix("#").strip() for line in lines[:count])
    pieces = _CODE.split(prose)
    pieces[::2] = [_PAGE.sub(r"[\1](\1)", _NAME.sub(r"`\1`", text)) for text in pieces[::2]]
    return "".join(pieces), "\n".join(lines[count:]).strip("\n")


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", metavar="FILE", type=Path, required=True)
    parser.parse_args().write.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
