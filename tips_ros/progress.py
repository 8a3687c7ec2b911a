# SPDX-License-Identifier: Apache-2.0
"""Progress of work that takes longer than people wait: a bar, or a line now and then."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tips_ros.pace import Pace
from tips_ros.texts.printable import printable

if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[Any]
else:  # Python 3.10 takes no subscript there
    _StreamHandler = logging.StreamHandler

logger = logging.getLogger(__name__)

FIRST_S = 3.0  # after which a line comes; the next ones after half of the time so far, but
EVERY_S = 10.0, 60.0  # not before the first of these, nor after the second
_TICK_S = 0.5
_BYTES = "B"  # a unit that is told in MB
_bars = False


def show_bars() -> None:
    """Has this process draw bars where its stderr is a terminal; commands call it.

    Elsewhere, and in a node, whose log is not its own, lines are logged.
    """
    global _bars
    _bars = True


class WorkProgress:
    """Tells of one work from its beginning to `close`; a context manager.

    It has a thread of its own, so that work is told of that says nothing for minutes.
    """

    def __init__(self, what: str, total: int | None = None, unit: str = "", *, delay_s: float = 0):
        """
        Args:
            what: is done, as in `building engines`.
            total: how many units it is; None where nobody knows.
            unit: one of them, as in `image`.
            delay_s: a bar comes after this, so that none flashes by; lines wait by themselves.
        """
        self._what, self._total, self._unit = what, total, unit
        self._note = ""
        self._below: tuple[str, ...] = ()
        self._rows: list[Any] = []
        self.done = 0
        self._began = time.monotonic()
        self._due = self._began + FIRST_S
        self._pace = Pace()
        self._lock = threading.Lock()
        self._has_bar = _on_a_terminal() and _tqdm() is not None
        self._bar: Any = None
        self._bar_due = self._began + delay_s
        if not delay_s:
            self._draw()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def update(self, count: int = 1) -> None:
        """Adds to the number of units done."""
        with self._lock:
            self.done += count
            if self._bar is not None:
                self._bar.update(count)

    def note(self, text: str) -> None:
        """Adds a note about what is being done, or about the result so far."""
        self._note = text

    def show_below(self, lines: Iterable[str]) -> None:
        """Shows lines below the bar, in place of those before; only a terminal has them."""
        self._below = tuple(lines)

    @property
    def has_bar(self) -> bool:
        """Whether there is a bar, or will be, and lines below it would be seen."""
        return self._has_bar

    def close(self) -> None:
        """Ends it; nothing is told any more."""
        self._ended.set()
        self._ticker.join()
        if self._bar is not None:
            for row in reversed(self._rows):  # first, so that the bar stays where it is
                row.close()
            self._bar.close()

    def __enter__(self) -> WorkProgress:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_S):
            self._pace.add(time.monotonic() - self._began, self.done)
            if self._has_bar:
                self._draw()
            elif time.monotonic() >= self._due:
                now = time.monotonic()
                soonest, latest = EVERY_S
                self._due = now + min(max((now - self._began) / 2, soonest), latest)
                logger.info("%s", self._line())

    def _draw(self) -> None:
        """Draws the bar, once it is due, and what is below it."""
        if not self._has_bar or time.monotonic() < self._bar_due:
            return
        with self._lock:
            if self._bar is None:
                self._bar = _bar(self._what, self._total, self._unit, self.done)
        self._bar.set_postfix_str(", ".join(filter(None, [self._note, self._time_left()])))
        columns = _columns() if self._below else 0
        for number, line in enumerate(self._below):
            if number == len(self._rows):
                self._rows.append(_row(number + 1))
            self._rows[number].set_description_str(line[: columns - 1])

    def _amount(self, count: int, with_unit: bool = False) -> str:
        if self._unit == _BYTES:
            return f"{count / 1e6:.0f} MB"
        many = "" if count == 1 or not self._unit else "s"
        return f"{count} {self._unit}{many}".rstrip() if with_unit else str(count)

    def _line(self) -> str:
        seconds = time.monotonic() - self._began
        words = [self._note, f"{seconds:.0f} s so far"]
        if self._total:
            words.insert(0, f"{self._amount(self.done)} of {self._amount(self._total, True)}")
        elif self.done:
            words.insert(0, self._amount(self.done, True))
        words.append(self._time_left())
        return f"{self._what}: {', '.join(filter(None, words))}"

    def _time_left(self) -> str:
        left_s = self._pace.left_s(time.monotonic() - self._began, self.done, self._total or 0)
        return "" if left_s is None else f"about {readable_duration(left_s)} to go"


def readable_duration(seconds: float) -> str:
    """Seconds as people say them, no more exact than a forecast is: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class LogHandler(_StreamHandler):
    """Logs to stderr, beside a bar that may be there."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's text, harmless to a terminal whatever a file or a bag has brought in."""
        return printable(super().format(record), keep="\n")

    def emit(self, record: logging.LogRecord) -> None:
        """One line about the work so far."""
        if not _on_a_terminal() or (tqdm := _tqdm()) is None:
            super().emit(record)
            return
        tqdm.write(self.format(record), file=sys.stderr)


def _columns() -> int:
    """Width of the terminal; 80 where it does not tell."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def say(text: str) -> None:
    """Prints a line of the result, beside a bar that may be there."""
    if _on_a_terminal() and (tqdm := _tqdm()) is not None:
        tqdm.write(text, file=sys.stdout)
        sys.stdout.flush()
    else:
        print(text, flush=True)


def _on_a_terminal() -> bool:
    """Whether a bar would be seen: tqdm hides it where a terminal doesn't tell how high it is.

    Those of containers, recordings and serial lines often don't.
    """
    if not _bars or sys.stderr is None or not sys.stderr.isatty():
        return False
    try:
        return os.get_terminal_size(sys.stderr.fileno()).lines > 1
    except (OSError, ValueError):
        return False


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:  # then there are lines
        return None
    return tqdm


def _row(position: int) -> Any:
    """A line below a bar, which goes when it is closed."""
    tqdm = _tqdm()
    return tqdm(
        bar_format="{desc}", position=position, leave=False, file=sys.stderr, dynamic_ncols=True
    )


def _bar(what: str, total: int | None, unit: str, done: int) -> Any:
    tqdm = _tqdm()
    scaled = unit == _BYTES
    # Its own forecast swings with each unit, and comes with the first.
    form = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}, {rate_fmt}{postfix}]" if total else None
    if not total and not unit:  # nothing is counted
        form = "{desc}: {elapsed}{postfix}"
    return tqdm(
        bar_format=form,
        total=total, desc=what, unit=unit or "it", initial=done, unit_scale=scaled,
        dynamic_ncols=True, miniters=1, file=sys.stderr,
    )  # fmt: skip
