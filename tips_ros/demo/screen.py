# SPDX-License-Identifier: Apache-2.0
"""A demonstration on a terminal: how far it is, and its numbers just now below that."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable

from tips_ros.demo.live_numbers import LiveNumbers, lines
from tips_ros.demo.live_view import LiveView
from tips_ros.demo.observer import DemoProgress, Observer
from tips_ros.progress import WorkProgress

_EVERY_S = 0.5


class Screen(Observer):
    """Shows a session on a terminal; a context manager. Elsewhere a line comes now and then."""

    def __init__(self, view: LiveView | None = None) -> None:
        """
        Args:
            view: is started in the session's graph.
        """
        self._progress: WorkProgress | None = None
        self._view = view
        self._shown_s = -math.inf

    def graph(self, environment: dict[str, str]) -> None:
        """Says how to watch it otherwise, and has it shown in the browser."""
        if environment and shutil.which("ros2"):
            variables = " ".join(f"{name}={value}" for name, value in environment.items())
            print(f"to watch: {variables} ros2 topic list", file=sys.stderr)
        if self._view is not None:
            self._view.start(environment)

    def frames(self, progress: DemoProgress) -> None:
        """Moves the bar."""
        if self._progress is None:
            self._progress = WorkProgress("playing", progress.total, "frame")
        self._progress.note(f"{progress.answered} answered")
        self._progress.update(progress.played - self._progress.done)

    def numbers(self, read: Callable[[], LiveNumbers]) -> None:
        """Shows the numbers, twice a second, where they can be seen."""
        bar, now_s = self._progress, time.monotonic()
        if bar is None or not bar.has_bar or now_s < self._shown_s + _EVERY_S:
            return
        bar.show_below(lines(read()))
        self._shown_s = now_s

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._progress is not None:
            self._progress.close()
