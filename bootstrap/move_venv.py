# SPDX-License-Identifier: Apache-2.0
"""Sets the paths in a virtual environment right after its folder was moved or copied.

The scripts in bin/ and the CMake files of the ROS wheels hold absolute paths. Safe to run again.
"""

import re
import sys
from pathlib import Path

_CMAKE, _SHELL = (".cmake", ".pth"), (".sh", ".bash", ".zsh", ".dsv", ".fish")
# The kernel reads no more of a first line, and takes what follows a space for an argument.
_LONGEST_INTERPRETER = 120


def moved(content: bytes, before: str, now: str) -> bytes:
    """Returns a file's content with the environment's path before replaced by that of now."""
    # Not /a/.venv in /a/.venv-other.
    path = re.compile(re.escape(before.encode()) + rb"(?![\w.-])")
    content = path.sub(lambda _: now.encode(), content)
    first, _, rest = content.partition(b"\n")
    if re.fullmatch(rb"#!" + re.escape(now.encode()) + rb"/bin/python[\d.]*", first):
        interpreter = first[2:].decode()
        if " " in interpreter or len(interpreter) > _LONGEST_INTERPRETER:
            # A script for sh that hands itself to Python, for which those lines are a string.
            start = f"#!/bin/sh\n'''exec' \"{interpreter}\" \"$0\" \"$@\"\n' '''\n"
            return start.encode() + rest
    return content


def main() -> None:
    """Changes the files of the environment in argument 1, made at the place in argument 2."""
    venv, before = Path(sys.argv[1]), sys.argv[2]
    files = [path for path in (venv / "bin").iterdir() if not path.is_symlink()]
    for folder in ("share", "lib"):
        files += [p for p in (venv / folder).rglob("*") if p.suffix in _CMAKE + _SHELL]
    changed = 0
    for path in files:
        if not path.is_file():
            continue
        content = path.read_bytes()
        if before.encode() not in content or b"\0" in content:
            continue
        path.write_bytes(moved(content, before, str(venv)))
        changed += 1
    print(f"{changed} files changed")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}; mend that, and give the same command again")
