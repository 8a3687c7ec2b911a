# SPDX-License-Identifier: Apache-2.0
"""One file: fetched in as many pieces as it takes, checked as a whole, then given its name."""

from __future__ import annotations

import logging
from pathlib import Path

from tips_ros.catalogue import RemoteFile, readable_size
from tips_ros.downloads.connection import Answer, Connection, RemoteState
from tips_ros.downloads.content import what_is_wrong
from tips_ros.downloads.errors import DownloadError, Interruption
from tips_ros.downloads.part_file import CHUNK, PartFile
from tips_ros.downloads.patience import Patience, Tries
from tips_ros.downloads.progress import Progress

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
        self,
        file: RemoteFile,
        path: str,
        directory: Path,
        *,
        connection: Connection,
        patience: Patience,
        progress: Progress,
    ) -> None:
        self._file = file
        self._path = path
        self._target = directory / file.name
        self._connection = connection
        self._patience = patience
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
                self._pieces = 1 if part.size else 0
                self._receive(part, remote)
                part.flush()
                wrong = self._what_is_wrong(part, recorded)
                if wrong is None:
                    part.finish()
                    return part.sha256
                joined = self._pieces > 1
                part.discard()
            if last or not joined:
                break
            # Pieces that don't fit are nobody's fault and cured by one fetch in one go.
            logger.warning(
                "%s: put together from pieces, but %s; fetching it again from the start",
                self._file.name,
                wrong,
            )
        raise DownloadError(f"{self._connection.url(self._path)}: not kept, because {wrong}")

    def _what_is_wrong(self, part: PartFile, recorded: str | None) -> str | None:
        self._progress.label(f"{self._file.name}: checking")
        wrong = what_is_wrong(part.path, self._file)
        if wrong is None and recorded is not None and part.sha256 != recorded:
            wrong = (
                f"its SHA-256 is {part.sha256}, but SHA256SUMS recorded {recorded} when it was "
                "fetched first; if the new file is to be trusted, remove that line there"
            )
        return wrong

    def _receive(self, part: PartFile, remote: RemoteState) -> None:
        """Until all bytes are there."""
        if part.size and part.size == remote.size and part.origin == remote:
            return
        if part.size:
            logger.info("%s: going on after %s", self._file.name, readable_size(part.size))
        tries = Tries(self._file.name, self._patience)
        best = part.size
        while True:
            self._progress.label(self._file.name)
            try:
                self._one_answer(part)
                return
            except Interruption as cause:
                # A server that starts over each time makes no progress, however much it sends.
                whole = f" of {readable_size(part.origin.size)}" if part.origin.size else ""
                tries.failed(
                    cause,
                    progressed=part.size > best,
                    advice=f"{readable_size(part.size)}{whole} are kept, and the same command "
                    "goes on from there; or try another --mirror",
                )
                best = max(best, part.size)

    def _one_answer(self, part: PartFile) -> None:
        """Asks for what is missing and writes what comes. Interruption when that was not all."""
        with self._connection.get(self._path, part.size, part.origin.validator) as answer:
            if answer.status == 416:
                self._nothing_left(part, answer)
                return
            url = self._connection.url(self._path)
            refuse_too_large(self._file, answer.state.size or 0, url)
            if answer.status == 206 and not _continues(answer, part):
                part.restart(RemoteState(None, None))
                raise Interruption("the file changed on the server")
            if answer.status == 200 or part.size == 0:
                if part.size:
                    logger.info("%s: the server starts it over", self._file.name)
                part.restart(answer.state)
                self._pieces = 0
            self._pieces += 1
            while chunk := answer.read(CHUNK):
                part.write(chunk)
                refuse_too_large(self._file, part.size, url)
        whole = part.origin.size
        if whole is not None and part.size != whole:
            raise Interruption(
                f"the connection ended after {part.size:,} of {whole:,} bytes that were announced"
            )

    def _nothing_left(self, part: PartFile, answer: Answer) -> None:
        """The server has nothing after what is there: right if that is all."""
        whole = part.origin.size if answer.state.size is None else answer.state.size
        if part.size != whole or part.origin.size not in (None, whole):
            was = part.origin.size
            part.restart(RemoteState(None, None))
            if was is None or whole is None:
                raise Interruption("what is here does not fit the file on the server")
            raise Interruption(f"the server announced {was:,} bytes but has {whole:,}")


def _continues(answer: Answer, part: PartFile) -> bool:
    """Whether the bytes of a 206 belong after those that are there."""
    old, new = part.origin, answer.state
    return (
        answer.start == part.size
        and (old.size is None or new.size is None or old.size == new.size)
        and (old.validator is None or new.validator is None or old.validator == new.validator)
    )
