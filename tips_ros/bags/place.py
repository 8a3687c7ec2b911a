# SPDX-License-Identifier: Apache-2.0
"""Places where a bag may be written."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterable
from pathlib import Path

from tips_ros.bags import metadata
from tips_ros.bags.errors import BagError
from tips_ros.bags.storage.mcap_records import MAGIC

MCAP = ".mcap"
_OTHER_STORAGES = (".db3", ".bag", ".zst", ".zstd")


def workshop_prefix(path: Path) -> str:
    """Start of the name of the folder that a bag is written in, beside its final place."""
    return f".{path.name}."


def find_leftovers(path: Path) -> list[Path]:
    """Folders beside a place in which writers are at work, or were when they were killed."""
    if not path.parent.is_dir():
        return []
    prefix = workshop_prefix(path)
    # Those of a.mcap, which may be at work, begin as those of a do.
    return sorted(
        folder
        for folder in path.parent.glob(f"{glob.escape(prefix)}*")
        if "." not in folder.name.removeprefix(prefix) and folder.is_dir()
    )


def remove_leftovers(places: Iterable[Path]) -> None:
    """Removes what writers that were killed left beside these places. None may be at work there."""
    for path in places:
        for folder in find_leftovers(path):
            shutil.rmtree(folder, ignore_errors=True)


def check_place(path: Path, *, overwrite: bool = False) -> None:
    """Refuses a path at which no bag may come to be; it is looked at and not touched.

    Args:
        path: a folder, or a file that ends in .mcap.
        overwrite: a bag that is there may be replaced; anything else never.

    Raises:
        BagError: it may not.
    """
    if path.suffix in _OTHER_STORAGES:
        raise BagError(f"{path}: bags are written as mcap; name a folder, or {path.stem}{MCAP}")
    if not path.exists():
        return
    if not _is_bag(path):
        raise BagError(f"{path} exists and is not a bag; choose another name")
    if not overwrite:
        raise BagError(f"{path} exists; remove it, add --overwrite, or choose another name")


def _is_bag(path: Path) -> bool:
    if path.is_dir():
        return path.suffix != MCAP and (path / metadata.NAME).is_file()
    if path.suffix != MCAP or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
