# SPDX-License-Identifier: Apache-2.0
"""Class lists in text files: the user's own and those that come with the package."""

from __future__ import annotations

import stat
from pathlib import Path

from tips_ros.perception.classes.class_list import ClassList, class_list
from tips_ros.resources import share_dir

_MAX_LIST_BYTES = 100_000


def load_class_list(path: str | Path) -> ClassList:
    """Read a text file with one name per line, as `read_lines` does.

    Raises:
        OSError: the file cannot be read.
        ValueError: not text, or not a valid list; the message names the file.
    """
    lines = read_lines(path)
    try:
        return class_list(lines)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_lines(path: str | Path) -> list[str]:
    """The lines of a UTF-8 text file, but for empty lines and comments, which begin with #.

    Raises:
        OSError: the file cannot be read.
        ValueError: not a file, not text, or larger than any list; the message names the file.
    """
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
        raise ValueError(f"{path}: not a file; name a text file with one class a line")
    if status.st_size > _MAX_LIST_BYTES:
        raise ValueError(f"{path}: larger than {_MAX_LIST_BYTES} bytes; this is no class list")
    with Path(path).open("rb") as file:
        stored = file.read(status.st_size)  # no more: files of /proc say 0 and may never end
    try:
        lines = [line.strip() for line in stored.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8 text; save the class names as plain text") from None
    return [line for line in lines if line and not line.startswith("#")]


def shipped_lists() -> dict[str, Path]:
    """The class lists that come with the package, by name: `ade20k`, `indoor_robot`, …"""
    return {file.stem: file for file in sorted((share_dir() / "config" / "classes").glob("*.txt"))}


def ade20k() -> ClassList:
    """The 150 classes of the ADE20K scene parsing benchmark, in its order (id 0 = wall)."""
    return load_class_list(shipped_lists()["ade20k"])
