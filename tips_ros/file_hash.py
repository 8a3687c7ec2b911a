# SPDX-License-Identifier: Apache-2.0
"""Hashes of files' contents, kept so that gigabytes are not read again each time."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from tips_ros.whole_file import write_atomically

_CHUNK_BYTES = 1 << 20
_SETTLED_NS = 2_000_000_000


class ContentHashes:
    """Hashes of files' contents, remembered on disk for as long as the files are not touched.

    A file counts as untouched while its size, inode, and times of modification and of change (to
    the nanosecond; the latter can't be set by anyone) are those it had when it was read. What was
    touched less than two seconds before is not remembered: the next change might come within one
    tick of the file system's clock, and would not be seen.

    Args:
        directory: where they are remembered; None for not at all.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def of(self, file: Path) -> str:
        """32 hexadecimal digits that tell the content.

        Raises:
            OSError: the file can't be read.
        """
        path = file.resolve()
        before = _state(path)
        if (known := self._look_up(path, before)) is not None:
            return known
        content = blake2b(digest_size=16)
        with path.open("rb") as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                content.update(chunk)
        found = content.hexdigest()
        if _state(path) == before and time.time_ns() - max(before[2:]) > _SETTLED_NS:
            self._remember(path, before, found)
        return found

    def _look_up(self, path: Path, state: list[int]) -> str | None:
        if self._directory is None:
            return None
        try:
            stored = json.loads(self._note(path).read_bytes())
            if stored["file"] == str(path) and stored["state"] == state:
                return str(stored["hash"])
        except (OSError, ValueError, TypeError, KeyError):
            pass  # not there, or damaged: it is made again
        return None

    def _remember(self, path: Path, state: list[int], found: str) -> None:
        if self._directory is None:
            return
        note = json.dumps({"file": str(path), "state": state, "hash": found})
        with suppress(OSError):  # then it is read again next time
            write_atomically(self._note(path), note.encode())

    def _note(self, path: Path) -> Path:
        assert self._directory is not None
        return self._directory / f"{blake2b(os.fsencode(path), digest_size=16).hexdigest()}.json"


def _state(path: Path) -> list[int]:
    """Changes whenever the file does; the two times come last."""
    stat = path.stat()
    return [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
