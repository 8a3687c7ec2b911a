# SPDX-License-Identifier: Apache-2.0
"""The bar, or the lines, that a user sees while bytes arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tips_ros.progress import WorkProgress


class Bar:
    """Over all files of one work, and of the next."""

    def __init__(self, what: str = "downloading") -> None:
        self._what = what
        self._progress: WorkProgress | None = None

    @contextmanager
    def run(self, total: int) -> Iterator[None]:
        """A run of `total` bytes, which ends well or not."""
        if not total:
            yield
            return
        with WorkProgress(self._what, total, "B") as self._progress:
            yield
        self._progress = None

    def label(self, text: str) -> None:
        """Says what is being worked on now."""
        if self._progress is not None:
            self._progress.note(text)

    def advance(self, count: int) -> None:
        """`count` more bytes are done; negative when they have to be done again."""
        if self._progress is not None:
            self._progress.update(count)
