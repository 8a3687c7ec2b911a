# SPDX-License-Identifier: Apache-2.0
"""All files of a model: what is there already, is there room, then one after the other."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tips_ros.catalogue import RemoteFile, readable_size
from tips_ros.downloads.checksum_file import CHECKSUMS, ChecksumFile, hash_file
from tips_ros.downloads.connection import Connection, RemoteState
from tips_ros.downloads.content import find_fault
from tips_ros.downloads.errors import DownloadError, Interruption, NotOnServer
from tips_ros.downloads.fetch import Fetch, refuse_too_large
from tips_ros.downloads.part_file import part_size
from tips_ros.downloads.progress import Bar
from tips_ros.downloads.retries import new_retries

_LEAST_MARGIN = 64 * 10**6  # bytes left free for everybody else


class Present(NamedTuple):
    """A file that is now in its place."""

    file: RemoteFile
    size: int
    sha256: str
    fetched: bool  # False: it was there before


class _Wanted(NamedTuple):
    """A file that has to be fetched, and where it was found."""

    file: RemoteFile
    path: str
    remote: RemoteState

    @property
    def size(self) -> int:
        return self.file.size if self.remote.size is None else self.remote.size


class ModelDownload:
    """Brings the files of a model into a directory, and into its ledger.

    Args:
        directory: made when it is not there.
        connection: where the files come from.
        told: called with each file as soon as it is in its place.
    """

    def __init__(
        self,
        directory: Path,
        connection: Connection,
        *,
        progress: Bar | None = None,
        told: Callable[[Present], object] = lambda present: None,
    ) -> None:
        self._directory = directory
        self._connection = connection
        self._progress = progress or Bar()
        self._told = told

    def run(self, files: Sequence[RemoteFile]) -> None:
        """Returns when all files are there and their hashes recorded.

        Raises:
            DownloadError: with the fix; the files that were complete before stay.
            OSError: the directory can't be read or written.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise DownloadError(
                f"{self._directory}: is no folder; choose another with --to"
            ) from error
        with _lock(self._directory):
            ledger = ChecksumFile(self._directory)
            there = [file for file in files if (self._directory / file.name).exists()]
            sizes = ((self._directory / file.name).stat().st_size for file in there)
            with self._progress.run(sum(sizes)):
                for file in there:
                    self._adopt(file, ledger)
            wanted = [self._ask_server(file) for file in files if file not in there]
            self._refuse_without_room(wanted)
            with self._progress.run(sum(item.size for item in wanted)):
                for item in wanted:
                    self._fetch(item, ledger)

    def _fetch(self, item: _Wanted, ledger: ChecksumFile) -> None:
        name = item.file.name
        fetch = Fetch(item.file, item.path, self._directory, self._connection, self._progress)
        sha256 = fetch.run(item.remote, ledger.get(name))
        ledger.record(name, sha256)
        size = (self._directory / name).stat().st_size
        self._told(Present(item.file, size, sha256, fetched=True))

    def _adopt(self, file: RemoteFile, ledger: ChecksumFile) -> None:
        """Keeps a file that is there; one that is not right is an error, never replaced."""
        path = self._directory / file.name
        self._progress.label(f"{file.name}: checking")
        size, sha256 = path.stat().st_size, hash_file(path, self._progress.advance)
        recorded = ledger.get(file.name)
        if recorded is None:
            # Copied here, or fetched by other means: trusted if it is whole and of the right size.
            remote = self._ask_server(file).remote
            if remote.size not in (None, size):
                raise DownloadError(
                    f"{path}: is there already with {size} bytes, the server's has {remote.size}; "
                    "move it away and give the same command again"
                )
        elif recorded != sha256:
            raise DownloadError(
                f"{path}: its SHA-256 is {sha256}, but {CHECKSUMS} recorded {recorded}: the file "
                "was changed or damaged; move it away and give the same command again"
            )
        if (wrong := find_fault(path, file)) is not None:
            raise DownloadError(
                f"{path}: is there already, but {wrong}; move it away, or choose another --to"
            )
        if recorded is None:
            ledger.record(file.name, sha256)
        self._told(Present(file, size, sha256, fetched=False))

    def _ask_server(self, file: RemoteFile) -> _Wanted:
        """Asks the server for size and version, under each name the file may have."""
        vague: _Wanted | None = None
        absent: list[NotOnServer] = []
        for path in (file.path, *file.also):
            try:
                remote = self._head(file, path)
            except NotOnServer as error:
                absent.append(error)
                continue
            if remote.size is not None:
                refuse_too_large(file, remote.size, self._connection.url(path))
                return _Wanted(file, path, remote)
            vague = vague or _Wanted(file, path, remote)
        if vague is not None:
            return vague
        raise DownloadError(
            f"{absent[0]}; a mirror has the folders of the official storage, so that "
            f"{file.path} is below its address"
        )

    def _head(self, file: RemoteFile, path: str) -> RemoteState:
        retries = new_retries()
        while True:
            try:
                return self._connection.head(path)
            except Interruption as cause:
                retries = retries.wait(cause, file.name)

    def _refuse_without_room(self, wanted: Sequence[_Wanted]) -> None:
        missing = sum(
            max(0, item.size - part_size(self._directory / item.file.name)) for item in wanted
        )
        free = shutil.disk_usage(self._directory).free
        needed = missing + max(_LEAST_MARGIN, missing // 20)
        if missing and free < needed:
            raise DownloadError(
                f"{self._directory}: {readable_size(free)} free, {readable_size(needed)} needed: "
                "make room, choose another place with --to, or fewer files with --only"
            )


@contextlib.contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Two downloads into one directory would write into each other's parts."""
    folder = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(folder)
        raise DownloadError(
            f"{directory}: another download into it is under way; wait for it to end"
        ) from error
    except OSError:
        pass  # a file system without locks
    try:
        yield
    finally:
        os.close(folder)
