# SPDX-License-Identifier: Apache-2.0
"""Checks that results can be written where a user wants them, before the work that makes them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from tips_ros.errors import UserError
from tips_ros.whole_file import explain_unwritten


def check_folder(
    folder: Path, names: Iterable[str], *, overwrite: bool, inputs: Iterable[Path] = ()
) -> None:
    """Checks files of these names in a folder that may be there.

    Args:
        folder: where results go.
        names: of the files that may be written or removed there.
        overwrite: whether those of an earlier call may be replaced.
        inputs: files that are read, and so are never replaced.

    Raises:
        UserError: it can't be.
    """
    names = set(names)
    for path in inputs:
        if path.name in names and _same(path.parent, folder):
            raise UserError(f"{path} is read and would be replaced; choose another --output")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} cannot be written: it is a file; choose another --output")
    for path in (folder / name for name in sorted(names)):
        if path.is_dir():
            raise UserError(f"{path} is a folder; remove it, or choose another --output")
    if not overwrite and folder.is_dir():
        there = sorted(path.name for path in folder.iterdir() if path.name in names)
        if there:
            more = f" and {len(there) - 1} more" if there[1:] else ""
            raise UserError(
                f"{folder} holds results already ({there[0]}{more}); add --overwrite to replace "
                "them, or choose another --output"
            )
    check_writable(folder)


def check_file(path: Path, option: str, *, overwrite: bool, inputs: Iterable[Path] = ()) -> None:
    """Checks one file.

    Args:
        path: of the file.
        option: that named it.
        overwrite: whether one that is there may be replaced.
        inputs: files and folders that are read.

    Raises:
        UserError: it can't be.
    """
    for read in inputs:
        if _same(path, read) or (path.exists() and read.is_dir() and _is_within(path, read)):
            raise UserError(f"{option} {path}: belongs to what is read; choose another")
    if path.is_dir():
        raise UserError(f"{option} {path}: is a folder; name a file")
    if path.is_file() and not overwrite:
        raise UserError(
            f"{option} {path}: exists; add --overwrite to replace it, or choose another name"
        )
    if not path.exists() or path.is_file():
        check_writable(path.parent)


def check_writable(folder: Path) -> None:
    """UserError unless files can be made in a folder, or in the nearest one above that is there."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{folder} cannot be written ({reason}); choose another place") from error


def write_error(error: OSError, folder: Path) -> UserError:
    """Error about results that could not be written, in one line."""
    return UserError(explain_unwritten(error, folder))


def _same(a: Path, b: Path) -> bool:
    return a.exists() and b.exists() and a.samefile(b)


def _is_within(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents
