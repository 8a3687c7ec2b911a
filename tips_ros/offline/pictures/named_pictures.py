# SPDX-License-Identifier: Apache-2.0
"""The pictures that a command line names: files, and all of a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tips_ros.errors import UserError
from tips_ros.perception.images.drawn_picture import is_drawn
from tips_ros.progress import say

# What OpenCV reads; of a folder nothing else is taken.
SUFFIXES = (
    *(".avif", ".bmp", ".dib", ".exr", ".gif", ".hdr", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"),
    *(".pgm", ".pic", ".png", ".pnm", ".ppm", ".pxm", ".ras", ".sr", ".tif", ".tiff", ".webp"),
)

_NAMED = 3  # pictures in a line


class NamedPicture(NamedTuple):
    """A picture file and what its results are called."""

    path: Path
    name: str  # no other picture has it, whatever a file system thinks of upper and lower case


def find_pictures(typed: Sequence[Path]) -> list[NamedPicture]:
    """Files as typed, and the picture files of folders, by name; those below are left out.

    So are, with a line, pictures that were drawn here, unless one of them is all that was typed: a
    folder, and a pattern of the shell, have the sheets of earlier calls in them.

    Raises:
        UserError: a file that is not there, or a folder without a picture.
    """
    paths = list(dict.fromkeys(path for given in typed for path in _open(given)))
    if len(typed) > 1:
        paths = _without_drawn(paths, ", ".join(str(given) for given in typed))
    return [NamedPicture(*pair) for pair in zip(paths, _names(paths), strict=True)]


def _open(given: Path) -> Iterable[Path]:
    if not given.is_dir():
        if not given.exists():
            raise UserError(f"{given}: there is no such file; name a picture, or a folder of them")
        return [given]
    found = sorted(p for p in given.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise UserError(f"{given}: no pictures in this folder (JPEG, PNG, TIFF, …); name another")
    return _without_drawn(found, str(given))


def _without_drawn(paths: Sequence[Path], where: str) -> list[Path]:
    drawn = [path for path in paths if is_drawn(path)]
    if drawn and len(drawn) == len(paths):
        raise UserError(
            f"{where}: no pictures but those that tips_ros drew ({_list_some(drawn)}); name others"
        )
    if drawn:
        say(f"left out, as tips_ros drew it: {_list_some(drawn)}")
    return [path for path in paths if path not in drawn]


def _list_some(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(str(path) for path in paths[:_NAMED]) + more


def _names(paths: Sequence[Path]) -> list[str]:
    """The stem; where several have it, the whole name; where that is not enough, a number too."""
    stems = Counter(path.stem.casefold() for path in paths)
    names = [path.stem if stems[path.stem.casefold()] == 1 else path.name for path in paths]
    times, taken = Counter(name.casefold() for name in names), set[str]()
    result = []
    for name in names:
        number, candidate = 1, name
        while candidate.casefold() in taken or (number > 1 and candidate.casefold() in times):
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate.casefold())
        result.append(candidate)
    return result
