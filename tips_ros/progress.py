# SPDX-License-Identifier: Apache-2.0
"""Progress of work that takes longer than people wait: a bar, or a line now and then."""

from __future__ import annotations

import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[Any]
else:  # Python 3.10 takes no subscript there
    _StreamHandler = logging.StreamHandler

logger = logging.getLogger(__name__)

FIRST_S = 3.0  # after which a line comes; the next ones after half of the time so far, but
EVERY_S = 10.0, 60.0  # not before the first of these, nor after the second
_TICK_S = 0.5
_ENOUGH = 3  # units from which on it can be said how long the others will take
_BYTES = "B"  # a unit that is told in MB
_bars = False


def show_bars() -> None:
    """From now on this process draws bars where its stderr is a terminal; a command does so.

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
        self.done = 0
        self._began = time.monotonic()
        self._due = self._began + FIRST_S
        self._lock = threading.Lock()
        self._bar: Any = _bar(what, total, unit, delay_s) if _on_a_terminal() else None
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def update(self, count: int = 1) -> None:
        """So many units more are done."""
        with self._lock:
            self.done += count
        if self._bar is not None:
            self._bar.update(count)

    def note(self, text: str) -> None:
        """Adds a note about what is being done, or about the result so far."""
        self._note = text
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)

    def close(self) -> None:
        """Ends it; nothing is told any more."""
        self._ended.set()
        self._ticker.join()
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> WorkProgress:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_S):
            if self._bar is not None:
                self._bar.refresh()
            elif time.monotonic() >= self._due:
                now = time.monotonic()
                soonest, latest = EVERY_S
                self._due = now + min(max((now - self._began) / 2, soonest), latest)
                logger.info("%s", self._line())

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
        if self._total and _ENOUGH <= self.done < self._total:
            left_s = seconds / self.done * (self._total - self.done)
            words.append(f"about {left_s:.0f} s to go")
        return f"{self._what}: {', '.join(filter(None, words))}"


class LogHandler(_StreamHandler):
    """Logs to stderr, beside a bar that may be there."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        if not _on_a_terminal() or (tqdm := _tqdm()) is None:
            super().emit(record)
            return
        tqdm.write(self.format(record), file=sys.stderr)


def say(text: str) -> None:
    """Prints a line of the result, beside a bar that may be there."""
    if _on_a_terminal() and (tqdm := _tqdm()) is not None:
        tqdm.write(text, file=sys.stdout)
        sys.stdout.flush()
    else:
        print(text, flush=True)


def _on_a_terminal() -> bool:
    return _bars and sys.stderr is not None and sys.stderr.isatty()


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:  # then there are lines
        return None
    return tqdm


def _bar(what: str, total: int | None, unit: str, delay_s: float) -> Any:
    tqdm = _tqdm()
    if tqdm is None:
        return None
    scaled = unit == _BYTES
    return tqdm(
        total=total, desc=what, unit=unit or "it", delay=delay_s, unit_scale=scaled,
        dynamic_ncols=True, miniters=1, file=sys.stderr,
    )  # fmt: skip
