# SPDX-License-Identifier: Apache-2.0
"""The demo's node shown in a browser: `tips_ros view` as a process in the demo's graph."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from tips_ros.demo.recorded_answers import ANSWERS
from tips_ros.progress import say

_PATIENCE_S = 10.0
_LAST_WORDS_S = 1.0  # a browser that it opened may hold its output open
_COMES_AND_GOES = re.compile(rf".*{re.escape(ANSWERS)} is (?:not )?there")


class LiveView:
    """A view that is started once the graph is known; a context manager that ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Starts it in the graph of these variables; it says itself where it is to be seen."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tips_ros", "view", "--node", ANSWERS],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **environment},
        )
        assert self._process.stdout is not None
        self._listener = threading.Thread(
            target=_pass_on, args=(self._process.stdout,), daemon=True
        )
        self._listener.start()

    def wait(self) -> None:
        """Waits until somebody ends it by Ctrl-C, or it ended by itself."""
        if self._process is not None:
            with suppress(KeyboardInterrupt):  # it is how a look ends, and reaches the view, too
                self._process.wait()
            self._hear_out()

    def _hear_out(self) -> None:
        if self._listener is not None:
            self._listener.join(_LAST_WORDS_S)

    def close(self) -> None:
        """Ends it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> LiveView:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _pass_on(output: IO[str]) -> None:
    """Says what it says beside our bar; that the node comes and goes is ours to know."""
    with output:
        for line in output:
            if not _COMES_AND_GOES.match(line):
                say(line.rstrip("\n"))
