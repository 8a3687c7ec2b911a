# SPDX-License-Identifier: Apache-2.0
"""Checks that a model directory's files are still those that were fetched; needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from tips_ros.catalogue import RemoteFile, readable_size
from tips_ros.downloads.checksum_file import CHECKSUMS, ChecksumFile, hash_file
from tips_ros.downloads.content import find_fault
from tips_ros.downloads.part_file import part_size
from tips_ros.downloads.progress import Bar


class FileState(Enum):
    """The state of a file."""

    GOOD = "as recorded"
    UNRECORDED = "whole, but its hash was never recorded"
    ABSENT = "not here"
    LOST = "recorded, but not here any more"
    BAD = "not what it should be"


class FileReport(NamedTuple):
    """One file: how it is, what to tell about it, and its SHA-256 where it is there."""

    file: RemoteFile
    verdict: FileState
    note: str
    sha256: str | None = None

    @property
    def is_problem(self) -> bool:
        """Whether somebody has to do something."""
        return self.verdict in (FileState.BAD, FileState.LOST)


def verify(
    directory: Path, files: Sequence[RemoteFile], progress: Bar | None = None
) -> list[FileReport]:
    """Compares the files with the ledger. DownloadError when the ledger can't be read."""
    progress = progress or Bar("checking")
    ledger = ChecksumFile(directory)
    paths = [directory / file.name for file in files]
    with progress.run(sum(path.stat().st_size for path in paths if path.is_file())):
        return [_report(directory, file, ledger, progress) for file in files]


def _report(directory: Path, file: RemoteFile, ledger: ChecksumFile, progress: Bar) -> FileReport:
    path, recorded = directory / file.name, ledger.get(file.name)
    if not path.is_file():
        if part := part_size(path):
            note = f"{readable_size(part)} of about {readable_size(file.size)} are here"
            return FileReport(file, FileState.ABSENT, note)
        verdict = FileState.ABSENT if recorded is None else FileState.LOST
        return FileReport(file, verdict, verdict.value)
    progress.label(file.name)
    sha256 = hash_file(path, progress.advance)
    if recorded is not None and recorded != sha256:
        note = f"changed: {CHECKSUMS} recorded {recorded}"
        return FileReport(file, FileState.BAD, note, sha256)
    if (wrong := find_fault(path, file)) is not None:
        return FileReport(file, FileState.BAD, wrong, sha256)
    verdict = FileState.UNRECORDED if recorded is None else FileState.GOOD
    return FileReport(file, verdict, verdict.value, sha256)
