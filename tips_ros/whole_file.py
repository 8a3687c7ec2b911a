# SPDX-License-Identifier: Apache-2.0
"""Files that are there whole or not at all, however many processes write them."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)


class NotWritten(OSError):
    """A file that could not be written; its text is one line with the name and what to do."""

    def __str__(self) -> str:
        """The line."""
        return explain_unwritten(self, Path(self.filename or "the file"))


def is_full(error: OSError) -> bool:
    """Whether it says that a disk, or a user's share of one, is full."""
    return error.errno in _FULL


def explain_unwritten(error: OSError, place: Path) -> str:
    """Says in one line what could not be written, and what to do.

    Args:
        error: why.
        place: what was to be written, where the error names none.
    """
    # NumPy says of a full disk only how much it wrote.
    reason = error.strerror or f"{error}: is the disk full?"
    name = error.filename if isinstance(error.filename, str) else place
    remedy = "make room there" if not error.strerror or is_full(error) else "see to that"
    return (
        f"{name} cannot be written ({reason}); nothing of it was kept: {remedy}, "
        f"or choose another place"
    )


def write_atomically(file: Path, content: bytes, *, durable: bool = False) -> None:
    """Writes a small file, and its folders where they are missing.

    What is there and no file, such as /dev/null or a pipe, is written to as it is.

    Args:
        file: to be written.
        content: of it.
        durable: it outlives a power cut once this returns, for what can't be made again.

    Raises:
        NotWritten: it can't be; nothing has changed.
    """
    try:
        _write(file, content, durable)
    except OSError as error:
        # A disk that becomes full names no file, and other errors our part of it.
        raise NotWritten(error.errno, error.strerror, str(file)) from error


def _write(file: Path, content: bytes, durable: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    part = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as opened:
            opened.write(content)
            if durable:
                opened.flush()
                os.fsync(opened.fileno())
        os.replace(part, file)
        if durable:
            _sync_folder(file.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Has the names in it outlive a power cut, where its disk knows how."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def stage_folder(folder: Path, stale: Iterable[str] = ()) -> Iterator[Path]:
    """A folder to write files to that come into `folder`, made where it is missing, at the end.

    After an error none of them comes, and a folder that was made for them goes again.

    Args:
        folder: where they are to be.
        stale: names that go when they come, unless one of them has that name.

    Raises:
        OSError: `folder` can't be written to.
    """
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder))
    come: set[str] = set()
    try:
        yield stage
        for file in stage.iterdir():
            os.replace(file, folder / file.name)
            come.add(file.name)
        for name in set(stale) - come:
            (folder / name).unlink(missing_ok=True)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise
    stage.rmdir()
