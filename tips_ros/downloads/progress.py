# SPDX-License-Identifier: Apache-2.0
"""What a user sees while bytes arrive."""

from __future__ import annotations

from tqdm import tqdm


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
    """A progress bar over all files; nothing at all where the output is no terminal."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def begin(self, total: int) -> None:
        if total == 0:
            return
        self._bar = tqdm(
            total=total, unit="B", unit_scale=True, disable=None, dynamic_ncols=True, miniters=1
        )

    def label(self, text: str) -> None:
        if self._bar is not None:
            self._bar.set_description(text)

    def advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
