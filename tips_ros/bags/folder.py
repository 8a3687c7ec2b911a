# SPDX-License-Identifier: Apache-2.0
"""The files of a bag: those that metadata.yaml names, or those that are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tips_ros.bags import metadata
from tips_ros.bags.errors import BagError
from tips_ros.bags.metadata import BagMetadata, read_metadata
from tips_ros.bags.results import holds_results

_STORAGES = (".mcap", ".db3")
_PACKED = (".zstd", ".zst")
_NAMED_IN_ERRORS = 3


@dataclass
class BagFiles:
    """The files of a bag to open; `notes` are lines about what was assumed."""

    paths: list[Path]
    metadata: BagMetadata = BagMetadata()
    notes: list[str] = field(default_factory=list)


def is_storage(path: Path) -> bool:
    """Whether a file is named like one of a bag, packed or not."""
    return _unpacked_name(path.name).endswith(_STORAGES)


def find_files(path: Path) -> BagFiles:
    """The files of the bag at a path: a folder, or one file of it.

    Raises:
        BagError: nothing there that could be a ROS 2 bag.
    """
    if not path.exists():
        raise BagError(f"{path} does not exist; give the folder of a ROS 2 bag")
    if path.is_dir():
        return _of_folder(path)
    if path.suffix != ".bag" and not is_storage(path):  # that of ROS 1 is explained by its content
        raise BagError(f"{path} is not a ROS 2 bag; give its folder, a .mcap or a .db3 file")
    return BagFiles([path])


def _of_folder(folder: Path) -> BagFiles:
    there = sorted(p for p in folder.iterdir() if p.is_file() and is_storage(p))
    described = read_metadata(folder)
    if described is None:
        return _without_metadata(folder, there)
    named = [folder / name for name in described.files]
    present = [_find_stored(path) for path in named]
    found = [path for path in present if path is not None]
    lost = [path.name for path, is_there in zip(named, present, strict=True) if is_there is None]
    if not found:
        bag = _without_metadata(folder, there)
        why = f"{metadata.NAME} names none of its files"
        if lost:
            why = f"{_list(lost)}, which {metadata.NAME} names, is not there"
        return BagFiles(bag.paths, described, [f"{folder}: {why}: {_read(bag.paths)}"])
    bag = BagFiles(found, described)
    if lost:
        bag.notes.append(
            f"{folder}: {_list(lost)}, named in {metadata.NAME}, is not there; the rest is read"
        )
    if strangers := [p.name for p in there if p not in found and not _is_twin(p, found)]:
        bag.notes.append(
            f"{folder}: {metadata.NAME} does not name {_list(strangers)}, which is not read; "
            f"`ros2 bag reindex` would take it in"
        )
    return bag


def _without_metadata(folder: Path, there: list[Path]) -> BagFiles:
    # A recorder that was stopped while it packed a file leaves it and a part of the packed one.
    files = [p for p in there if not _is_twin(p, there)]
    if not files:
        raise BagError(_no_bag(folder))
    recorded = [p for p in files if not holds_results(p)] or files
    results = [p.name for p in files if p not in recorded]
    files = recorded
    storages = {Path(_unpacked_name(p.name)).suffix for p in files}
    if len(storages) > 1:
        raise BagError(
            f"{folder} has no {metadata.NAME}, and files of both storages ({_list(files)}); "
            f"give one of the files, or part them into two folders"
        )
    is_there = (folder / metadata.NAME).exists()
    how = "cannot be understood in" if is_there else "is missing in"
    notes = [f"{metadata.NAME} {how} {folder}: {_read(files)}"]
    if results:
        notes.append(f"{folder}: results of tips_ros are not read: {_list(results)}")
    return BagFiles(files, BagMetadata(), notes)


def _read(files: list[Path]) -> str:
    if len(files) == 1:
        return f"{files[0].name} is read"
    return f"the {len(files)} files there are read as one bag"


def _no_bag(folder: Path) -> str:
    if any(folder.glob("*.bag")):
        return f"{folder} holds ROS 1 bags; convert one of them with `rosbags-convert`"
    inner = sorted(p.parent for p in folder.glob(f"*/{metadata.NAME}"))
    if inner:
        return f"{folder} is a folder of bags; give one of them: {_list(inner)}"
    return (
        f"{folder} has no {metadata.NAME} and no storage files; "
        f"give the folder of a ROS 2 bag, or an .mcap or .db3 file"
    )


def _find_stored(path: Path) -> Path | None:
    """The file, or what somebody has packed or unpacked since it was named; None without any."""
    plain = path.with_name(_unpacked_name(path.name))
    for candidate in (path, plain, *(plain.with_name(plain.name + end) for end in _PACKED)):
        if candidate.is_file():
            return candidate
    return None


def _is_twin(path: Path, others: list[Path]) -> bool:
    """Whether it is a packed file that is there unpacked, too, or the other way around."""
    plain = path.with_name(_unpacked_name(path.name))
    return path != plain and plain in others


def _unpacked_name(name: str) -> str:
    return next((name.removesuffix(end) for end in _PACKED if name.endswith(end)), name)


def _list(things: list[Path] | list[str]) -> str:
    names = [t.name if isinstance(t, Path) else t for t in things]
    more = len(names) - _NAMED_IN_ERRORS
    return ", ".join(names[:_NAMED_IN_ERRORS]) + (f" and {more} more" if more > 0 else "")
