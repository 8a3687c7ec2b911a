# SPDX-License-Identifier: Apache-2.0
"""One file: fetched in as many pieces as it takes, checked as a whole, then given its name."""

from __future__ import annotations

import logging
from pathlib import Path

from tips_ros.catalogue import RemoteFile, readable_size
from tips_ros.downloads.checksum_file import CHECKSUMS, hash_file
from tips_ros.downloads.connection import Answer, Connection, RemoteState
from tips_ros.downloads.content import find_fault
from tips_ros.downloads.errors import DownloadError, Interruption
from tips_ros.downloads.part_file import CHUNK, PartFile
from tips_ros.downloads.progress import Bar
from tips_ros.downloads.retries import new_retries

logger = logging.getLogger(__name__)


def largest_plausible(file: RemoteFile) -> int:
    """Bytes above which a file can't be the one that is wanted."""
    return 4 * file.size + 64 * 10**6


def refuse_too_large(file: RemoteFile, size: int, url: str) -> None:
    """DownloadError when `size` bytes at `url` are too many for `file`."""
    if size > largest_plausible(file):
        raise DownloadError(
            f"{url}: {readable_size(size)} or more, where about {readable_size(file.size)} are "
            "expected: this is not the file; try another --mirror"
        )


class Fetch:
    """Brings one file into a directory.

    Args:
        file: what it is; its name is the only name that is written.
        path: where it is on the server.
        directory: where it goes.
    """

    def __init__(
        self, file: RemoteFile, path: str, directory: Path, connection: Connection, progress: Bar
    ) -> None:
        self._file, self._path, self._url = file, path, connection.url(path)
        self._target = directory / file.name
        self._connection = connection
        self._progress = progress
        self._pieces = 0  # that the file on disk is made of

    def run(self, remote: RemoteState, recorded: str | None) -> str:
        """Fetches the file, continuing what is there, and returns its SHA-256.

        Args:
            remote: what the server said about it before.
            recorded: the SHA-256 it had when it was fetched first, None when this is the first
                time.

        Raises:
            DownloadError: the file could not be had, or is not what it should be. A part that
                arrived well stays for the next time.
        """
        for last in (False, True):
            with PartFile(self._target, self._progress.advance) as part:
                self._progress.advance(part.size)
                self._pieces = 1 if part.size else 0
                self._receive(part, remote)
                part.flush()
                self._progress.label(f"{self._file.name}: checking")
                sha256 = hash_file(part.path)
                wrong = find_fault(part.path, self._file)
                if wrong is None and recorded not in (None, sha256):
                    wrong = (
                        f"its SHA-256 is {sha256}, but {CHECKSUMS} recorded {recorded} when it "
                        "was fetched first; if the new file is to be trusted, remove that line "
                        "there"
                    )
                if wrong is None:
                    part.finish()
                    return sha256
                part.restart()
            if last or self._pieces == 1:
                break
            # Pieces that don't fit are nobody's fault and cured by one fetch in one go.
            logger.warning(
                "%s: put together from pieces, but %s; fetching it again from the start",
                self._file.name,
                wrong,
            )
        raise DownloadError(f"{self._url}: not kept, because {wrong}")

    def _receive(self, part: PartFile, remote: RemoteState) -> None:
        """Until all bytes are there."""
        if part.size and part.size == remote.size and part.origin == remote:
            return
        if part.size:
            logger.info("%s: going on after %s", self._file.name, readable_size(part.size))
        retries, best = new_retries(), part.size
        while True:
            self._progress.label(self._file.name)
            try:
                self._one_answer(part)
                return
            except Interruption as cause:
                # A server that starts over each time makes no progress, however much it sends.
                if part.size > best:
                    retries, best = new_retries(), part.size
                whole = f" of {readable_size(part.origin.size)}" if part.origin.size else ""
                advice = (
                    f"{readable_size(part.size)}{whole} are kept, and the same command goes on "
                    "from there; or try another --mirror"
                )
                retries = retries.wait(cause, self._file.name, advice)

    def _one_answer(self, part: PartFile) -> None:
        """Asks for what is missing and writes what comes. Interruption when that was not all."""
        with self._connection.get(self._path, part.size, part.origin.validator) as answer:
            refuse_too_large(self._file, answer.state.size or 0, self._url)
            if answer.status == 416 and _is_whole(part, answer.state):
                return
            if answer.status != 200 and not _continues(answer, part):
                part.restart()
                raise Interruption("the file there is not the one that was announced")
            if answer.status == 200 or part.size == 0:
                part.restart(answer.state)
                self._pieces = 0
            self._pieces += 1
            for chunk in answer.chunks(CHUNK):
                part.write(chunk)
                refuse_too_large(self._file, part.size, self._url)
        whole = part.origin.size
        if whole is not None and part.size != whole:
            raise Interruption(
                f"the connection ended after {part.size:,} of {whole:,} bytes that were announced"
            )


def _is_whole(part: PartFile, now: RemoteState) -> bool:
    """Whether nothing is missing, by what was said first and now."""
    return part.size in (part.origin.size, now.size) and _agree(part.origin.size, now.size)


def _continues(answer: Answer, part: PartFile) -> bool:
    """Whether the bytes of an answer belong after those that are there."""
    return (
        answer.status == 206
        and answer.start == part.size
        and _agree(part.origin.size, answer.state.size)
        and _agree(part.origin.validator, answer.state.validator)
    )


def _agree(before: object, now: object) -> bool:
    return before is None or now is None or before == now
