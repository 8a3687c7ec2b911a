# SPDX-License-Identifier: Apache-2.0
"""A file that is still arriving: `NAME.part`, and what is known of its origin."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tips_ros.downloads.connection import RemoteState
from tips_ros.downloads.errors import DownloadError

CHUNK = 1 << 18  # bytes read and written at a time
_UNKNOWN = RemoteState(None, None)


class PartFile:
    """`NAME.part` beside the target NAME; a context manager.

    Beside it lies `NAME.part.json`: which version of the remote file the bytes belong to. Without
    it they can't be continued, and are dropped.

    Attributes:
        size: bytes that are there.
        origin: what the server said when the file was begun.
    """

    def __init__(self, target: Path, advanced: Callable[[int], object]) -> None:
        """`advanced` is told by how much `size` changes from what it is at first."""
        self._target = target
        self.path = part_path(target)
        self._note = self.path.with_name(self.path.name + ".json")
        self._advanced = advanced
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self.path, flags, 0o666), "r+b")
        self.size = self._file.seek(0, os.SEEK_END)
        self.origin = self._read_note()

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        if self.size == 0:  # nothing to go on from
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)

    def restart(self, origin: RemoteState = _UNKNOWN) -> None:
        """Drops what is there; what is written from now on is of `origin`."""
        # Emptied before the note is replaced: a stop in between must not join two versions.
        self._file.seek(0)
        self._file.truncate()
        self._advanced(-self.size)
        self.size, self.origin = 0, origin
        # Removed first: where it is a link, what it points to is not ours to write.
        self._note.unlink(missing_ok=True)
        with self._space():
            self._note.write_text(json.dumps(origin._asdict()), encoding="utf-8")

    def write(self, chunk: bytes) -> None:
        """Appends; DownloadError when the disk is full."""
        with self._space():
            self._file.write(chunk)
        self.size += len(chunk)
        self._advanced(len(chunk))

    def flush(self) -> None:
        """Hands what was written to the disk."""
        with self._space():
            self._file.flush()
            os.fsync(self._file.fileno())

    def finish(self) -> None:
        """Gives the file its final name, at once."""
        self._close()
        self.path.replace(self._target)
        self._note.unlink(missing_ok=True)

    def _close(self) -> None:
        with self._space():
            self._file.close()

    def _read_note(self) -> RemoteState:
        """The origin of what is there; what has none, or is too long for it, is dropped."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(self._note.read_text(encoding="utf-8"))
            size, validator = note["size"], note["validator"]
            fits = size is None or (type(size) is int and size >= self.size)
            if fits and _is_header(validator):
                return RemoteState(size, validator)
        self._file.truncate(0)
        self._file.seek(0)
        self.size = 0
        return _UNKNOWN

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


def part_path(target: Path) -> Path:
    """The place of the bytes of `target` that have arrived so far."""
    return target.with_name(target.name + ".part")


def part_size(target: Path) -> int:
    """Bytes of `target` that an earlier, interrupted download left."""
    part = part_path(target)
    return part.stat().st_size if part.is_file() else 0


def _is_header(value: object) -> bool:
    """Whether it is nothing, or may be sent back to the server as a header."""
    return value is None or (isinstance(value, str) and value.isascii() and value.isprintable())
