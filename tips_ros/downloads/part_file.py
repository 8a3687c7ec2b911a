# SPDX-License-Identifier: Apache-2.0
"""A file that is still arriving: `NAME.part`, what is known of its origin, and its hash so far."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tips_ros.downloads.connection import RemoteState
from tips_ros.downloads.errors import DownloadError

CHUNK = 1 << 18  # bytes read and written at a time


class PartFile:
    """`NAME.part` beside the target NAME; a context manager.

    Beside it lies `NAME.part.json`: which version of the remote file the bytes belong to. Without
    it they can't be continued, and are dropped.

    Attributes:
        size: bytes that are there.
        origin: what the server said when the file was begun.
    """

    def __init__(self, target: Path, advanced: Callable[[int], object]) -> None:
        """`advanced` is told the change of `size`."""
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self._note = target.with_name(target.name + ".part.json")
        self._advanced = advanced
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self.size = 0
        self.origin = RemoteState(None, None)

    def __enter__(self) -> PartFile:
        """Opens it and hashes the bytes that are there."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self.path, flags, 0o666), "r+b")
        try:
            self._take_up(self._file)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        if self.size == 0:  # nothing to go on from
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)

    def restart(self, origin: RemoteState) -> None:
        """Drops what is there; what is written from now on is of `origin`."""
        file = self._opened()
        # Emptied before the note is replaced: a stop in between must not join two versions.
        file.seek(0)
        file.truncate()
        self._advanced(-self.size)
        self.size = 0
        self._hash = hashlib.sha256()
        self.origin = origin
        note = {"size": origin.size, "validator": origin.validator}
        # Removed first: where it is a link, what it points to is not ours to write.
        self._note.unlink(missing_ok=True)
        with self._space():
            self._note.write_text(json.dumps(note), encoding="utf-8")

    def write(self, chunk: bytes) -> None:
        """Appends; DownloadError when the disk is full."""
        with self._space():
            self._opened().write(chunk)
        self._took(chunk)

    @property
    def sha256(self) -> str:
        """Of what is there, lower-case hex."""
        return self._hash.hexdigest()

    def flush(self) -> None:
        """Hands what was written to the disk."""
        with self._space():
            file = self._opened()
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        """Gives the file its final name, at once."""
        self.flush()
        self._close()
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)
        # The new name has to survive a power cut too.
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Removes what is there."""
        self._close()
        self._advanced(-self.size)
        self.size = 0
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _take_up(self, file: BinaryIO) -> None:
        origin, there = self._read_note(), os.fstat(file.fileno()).st_size
        if origin is None or (origin.size is not None and there > origin.size):
            self.restart(RemoteState(None, None))
            return
        self.origin = origin
        while chunk := file.read(CHUNK):
            self._took(chunk)

    def _took(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)
        self._advanced(len(chunk))

    def _opened(self) -> BinaryIO:
        assert self._file is not None, "a PartFile is used inside its with statement"
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            with self._space():
                self._file.close()
            self._file = None

    def _read_note(self) -> RemoteState | None:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            size, validator = note["size"], note["validator"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        sizes = size is None or (type(size) is int and size >= 0)
        return RemoteState(size, validator) if sizes and _is_header(validator) else None

    @contextlib.contextmanager
    def _space(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise DownloadError(
                f"{self.path}: the disk is full; make room and give the same command: it goes on "
                "from what is there"
            ) from error


def part_size(target: Path) -> int:
    """Bytes of `target` that an earlier, interrupted download left."""
    part = target.with_name(target.name + ".part")
    return part.stat().st_size if part.is_file() else 0


def _is_header(value: object) -> bool:
    """Whether it is nothing, or may be sent back to the server as a header."""
    return value is None or (isinstance(value, str) and value.isascii() and value.isprintable())
