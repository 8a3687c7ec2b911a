# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM: the first ends the process in good order, the second at once."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, NoReturn

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
END_WITHIN_S = 1.8
_THREADS_S = 0.2


class EndOnSignal:
    """A context in which a signal is noticed at once, whatever the main thread is doing.

    Python runs its own handlers in the main thread, between two of its instructions: a call that
    takes long holds them up. Here the signal's number comes through a socket to a thread.
    """

    def __init__(
        self, on_first: Callable[[], None], may_take_longer: Callable[[], bool] = lambda: False
    ) -> None:
        """
        Args:
            on_first: called once, in another thread, at the first signal; it must not wait.
            may_take_longer: whether something runs that nobody can break off. When nothing does
                and the context has not ended 1.8 s later, the process is ended.
        """
        self._on_first, self._may_take_longer = on_first, may_take_longer
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._signals, self._wakeup = socket.socketpair()
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1

    def __enter__(self) -> EndOnSignal:
        self._wakeup.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, _on_signal)
        self._begin(self._watch, "tips signals")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._wakeup.close()
        for thread in self._threads:  # they hold what `on_first` holds
            thread.join(_THREADS_S)

    def _begin(self, target: Callable[[], None], name: str) -> None:
        self._threads.append(threading.Thread(target=target, name=name, daemon=True))
        self._threads[-1].start()

    def _watch(self) -> None:
        if not self._next():
            return
        self._begin(self._enforce, "tips deadline")
        try:
            self._on_first()
        except Exception:
            logger.exception("not ended in good order")
        if number := self._next():
            end_now(128 + number)

    def _next(self) -> int:
        """The number of the next signal; 0 once the context has ended."""
        while received := self._signals.recv(1):
            if received[0] in _SIGNALS:
                return received[0]
        return 0

    def _enforce(self) -> None:
        while not self._ended.wait(END_WITHIN_S):
            if not self._may_take_longer():
                end_now(0)


def end_now(code: int) -> NoReturn:
    """Ends the process without waiting for any of its threads."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def _on_signal(number: int, frame: object) -> None:
    """A handler of Python's: the number goes through the socket only where there is one."""
