# SPDX-License-Identifier: Apache-2.0
"""The demo's node shown in a browser: `tips_ros view` as a process in the demo's graph."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

from tips_ros.demo.recorded_answers import ANSWERS

_PATIENCE_S = 10.0


class LiveView:
    """A view that is started once the graph is known; a context manager that ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Starts it in the graph of these variables; it says itself where it is to be seen."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tips_ros", "view", "--node", ANSWERS],
            env={**os.environ, **environment},
        )

    def wait(self) -> None:
        """Waits until somebody ends it by Ctrl-C, or it ended by itself."""
        if self._process is not None:
            with suppress(KeyboardInterrupt):  # it is how a look ends, and reaches the view, too
                self._process.wait()

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
