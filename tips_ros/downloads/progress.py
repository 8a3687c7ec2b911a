# SPDX-License-Identifier: Apache-2.0
"""What a user sees while bytes arrive."""

from __future__ import annotations

from tips_ros.progress import WorkProgress


class Progress:
    """Counts and shows nothing; the base of what does show something."""

    def begin(self, total: int) -> None:
        """A run of `total` bytes starts."""

    def label(self, text: str) -> None:
        """Says what is being worked on now."""

    def advance(self, count: int) -> None:
        """`count` more bytes are done; negative when they have to be done again."""

    def end(self) -> None:
        """The run is over, well or not."""


class Bar(Progress):
    """Over all files: a bar on a terminal, elsewhere a line now and then."""

    def __init__(self, what: str = "downloading") -> None:
        self._what = what
        self._progress: WorkProgress | None = None

    def begin(self, total: int) -> None:
        if total:
            self._progress = WorkProgress(self._what, total, "B")

    def label(self, text: str) -> None:
        if self._progress is not None:
            self._progress.note(text)

    def advance(self, count: int) -> None:
        if self._progress is not None:
            self._progress.update(count)

    def end(self) -> None:
        if self._progress is not None:
            self._progress.close()
            self._progress = None
