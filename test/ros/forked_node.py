# SPDX-License-Identifier: Apache-2.0
"""Processes of the node that are soon there: each is forked off one that has imported it all.

They are as real as any: with signals, exit status and a graph of their own. What imports do, and
what Python does before and after, is for processes that are started as users start them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tips_ros.ros.main"])
_PROGRAM = """
import os
for number, path in ((1, {out!r}), (2, {error!r})):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, number)
os.environ.clear()
os.environ.update({environment!r})
{patch}
from tips_ros.ros.main import run
run({arguments!r})
"""


class ForkedNode:
    """The process of `tips_node` with some arguments.

    Attributes:
        pid: of the process.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        out: Path,
        error: Path | None = None,
        patch: str = "",
        **environment: str,
    ) -> None:
        """Starts it.

        Args:
            arguments: of the executable, without its name.
            out, error: files for what it says; what goes to stderr is in the first, too, where no
                second is named.
            patch: a program that it runs before.
            environment: variables on top of this process's.
        """
        program = _PROGRAM.format(
            out=str(out),
            error=str(error or out),
            environment={**os.environ, **environment},
            patch=patch,
            arguments=["tips_node", *arguments],
        )
        self._process = _SERVER.Process(target=exec, args=(program, {"__name__": "__main__"}))
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """As of `subprocess.Popen`; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout_s: float | None = None) -> int:
        """Waits for its end."""
        self._process.join(timeout_s)
        assert self.returncode is not None, f"it still runs after {timeout_s} s"
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends it, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)
