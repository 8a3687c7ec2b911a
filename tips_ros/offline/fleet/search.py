# SPDX-License-Identifier: Apache-2.0
"""Search for the bags in folders."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from tips_ros.bags import BagError, metadata
from tips_ros.bags.folder import is_storage
from tips_ros.bags.results import holds_results
from tips_ros.progress import say

_NAMED = 3  # bags in a line


class FoundBag(NamedTuple):
    """A bag, and its name among those that were found with it."""

    path: Path
    name: PurePath  # its path below the folder that was searched; a file's ends in .mcap


def find_bags(places: Sequence[str], beside: Path) -> list[FoundBag]:
    """The bags at some places, sorted by place and name.

    A folder with a metadata.yaml is one bag; elsewhere each file of a bag is one. Bags that we
    wrote are left out, with a line, unless they are all that there is.

    Args:
        places: bags, folders of bags at any depth, and patterns such as `day*/front_*`.
        beside: a folder that is not searched, however it is named: that of the results.

    Raises:
        BagError: there is none, or two have the same name.
    """
    found: list[FoundBag] = []
    for place in places:
        matches = _matches(place)
        others = [path for path in matches if not _is_within(path, beside)]
        if matches and not others and len(places) > 1:
            continue  # the shell's `*` names the results' folder, too
        there = [bag for path in others for bag in _below(path, beside.resolve())]
        if not there:
            raise BagError(f"{place}: no bags there; give bags, folders of bags, or a pattern")
        found += there
    folders = {bag.path.resolve() for bag in found}
    # `**` matches a bag's folder and the files in it.
    found = [bag for bag in found if bag.path.resolve().parent not in folders]
    by_name: dict[PurePath, FoundBag] = {}
    for bag in _without_results(found):
        other = by_name.setdefault(bag.name, bag)
        if other.path.resolve() != bag.path.resolve():
            raise BagError(
                f"{other.path} and {bag.path} would both become {bag.name}; give a folder "
                "that holds both, or process one after the other into two folders"
            )
    return list(by_name.values())


def _without_results(bags: list[FoundBag]) -> list[FoundBag]:
    results = [bag for bag in bags if holds_results(bag.path)]
    if not results or len(results) == len(bags):
        return bags
    more = f" and {len(results) - _NAMED} more" if len(results) > _NAMED else ""
    named = ", ".join(str(bag.path) for bag in results[:_NAMED])
    say(f"left out, as tips_ros wrote it: {named}{more}")
    return [bag for bag in bags if bag not in results]


def _is_within(path: Path, folder: Path) -> bool:
    return folder.resolve() in (path.resolve(), *path.resolve().parents)


def _matches(place: str) -> list[Path]:
    if Path(place).exists():
        return [Path(place)]
    return [Path(match) for match in sorted(glob.glob(place, recursive=True))]


def _below(place: Path, beside: Path) -> Iterator[FoundBag]:
    if _is_bag(place):
        yield FoundBag(place, _as_mcap(PurePath(place.resolve().name), place))
        return
    if place.is_dir():
        for path in _walk(place, beside):
            yield FoundBag(path, _as_mcap(path.relative_to(place), path))


def _walk(folder: Path, beside: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.resolve() == beside:
            continue
        if _is_bag(path):
            yield path
        elif path.is_dir():
            yield from _walk(path, beside)


def _as_mcap(name: PurePath, path: Path) -> PurePath:
    """The name of the result, which is an mcap file where the bag is a file."""
    if path.is_dir():
        return name
    while is_storage(Path(name)):
        name = name.with_suffix("")
    return name.with_name(f"{name.name}.mcap")


def _is_bag(path: Path) -> bool:
    if path.is_dir():
        return (path / metadata.NAME).is_file()
    return path.is_file() and is_storage(path)
