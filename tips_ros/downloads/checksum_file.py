# SPDX-License-Identifier: Apache-2.0
"""The hashes of a model directory's files: trusted on first use, compared from then on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from tips_ros.downloads.errors import DownloadError
from tips_ros.whole_file import write_atomically

CHECKSUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_LARGEST = 1_000_000  # bytes; ten lines are usual
_CHUNK = 1 << 20  # bytes


class ChecksumFile:
    """`SHA256SUMS` in a model directory, in the format of `sha256sum` (which can check it too)."""

    def __init__(self, directory: Path) -> None:
        """Reads what is recorded; nothing recorded is fine.

        Raises:
            DownloadError: a line that is none.
        """
        self.path = directory / CHECKSUMS
        self._hashes = self._read()

    def get(self, name: str) -> str | None:
        """The recorded SHA-256 of the file called `name`, lower-case hex."""
        return self._hashes.get(name)

    def record(self, name: str, sha256: str) -> None:
        """Adds a file, and stores the ledger at once, so that no stop loses the entry."""
        # Somebody else may have added a line since.
        self._hashes = {**self._read(), name: sha256}
        lines = (f"{value}  {key}\n" for key, value in sorted(self._hashes.items()))
        write_atomically(self.path, "".join(lines).encode())

    def _read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        if self.path.stat().st_size > _LARGEST:
            raise DownloadError(f"{self.path}: too large to be a list of hashes; move it away")
        hashes: dict[str, str] = {}
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            match = _LINE.fullmatch(line)
            if match is None:
                raise DownloadError(
                    f"{self.path}, line {number}: not a SHA-256 and a file name; "
                    "correct or remove the line"
                )
            hashes[match[2]] = match[1].lower()
        return hashes


def hash_file(path: Path, advanced: Callable[[int], object] = lambda count: None) -> str:
    """SHA-256 of a file's bytes, lower-case hex; `advanced` is told how many were read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            advanced(len(chunk))
    return digest.hexdigest()
