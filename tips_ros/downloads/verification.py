# SPDX-License-Identifier: Apache-2.0
"""Whether the files of a model directory are still those that were fetched; no network needed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from tips_ros.catalogue import RemoteFile, readable_size
from tips_ros.downloads.content import what_is_wrong
from tips_ros.downloads.ledger import LEDGER_NAME, Ledger, hash_file
from tips_ros.downloads.part_file import part_size
from tips_ros.downloads.progress import Bar


class Verdict(Enum):
    """The state of a file."""

    GOOD = "as recorded"
    UNRECORDED = "whole, but its hash was never recorded"
    ABSENT = "not here"
    LOST = "recorded, but not here any more"
    BAD = "not what it should be"


class FileReport(NamedTuple):
    """One file: how it is, what to tell about it, and its SHA-256 where it is there."""

    file: RemoteFile
    verdict: Verdict
    note: str
    sha256: str | None = None

    @property
    def is_problem(self) -> bool:
        """Whether somebody has to do something."""
        return self.verdict in (Verdict.BAD, Verdict.LOST)


def verify(
    directory: Path, files: Sequence[RemoteFile], progress: Bar | None = None
) -> list[FileReport]:
    """Compares the files with the ledger. DownloadError when the ledger can't be read."""
    progress = progress or Bar("checking")
    ledger = Ledger(directory)
    paths = [directory / file.name for file in files]
    with progress.over(sum(path.stat().st_size for path in paths if path.is_file())):
        return [_report(directory, file, ledger, progress) for file in files]


def _report(directory: Path, file: RemoteFile, ledger: Ledger, progress: Bar) -> FileReport:
    path, recorded = directory / file.name, ledger.get(file.name)
    if not path.is_file():
        if part := part_size(path):
            note = f"{readable_size(part)} of about {readable_size(file.size)} are here"
            return FileReport(file, Verdict.ABSENT, note)
        verdict = Verdict.ABSENT if recorded is None else Verdict.LOST
        return FileReport(file, verdict, verdict.value)
    progress.label(file.name)
    sha256 = hash_file(path, progress.advance)
    if recorded is not None and recorded != sha256:
        note = f"changed: {LEDGER_NAME} recorded {recorded}"
        return FileReport(file, Verdict.BAD, note, sha256)
    if (wrong := what_is_wrong(path, file)) is not None:
        return FileReport(file, Verdict.BAD, wrong, sha256)
    verdict = Verdict.UNRECORDED if recorded is None else Verdict.GOOD
    return FileReport(file, verdict, verdict.value, sha256)
