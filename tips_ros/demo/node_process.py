# SPDX-License-Identifier: Apache-2.0
"""The node as a process of its own, as on a robot."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_PATIENCE_S = 10.0
# [WARN] [1700000000.123456789] [tips]: what it is about
_COMPLAINT = re.compile(r"^\[(?:WARN|ERROR|FATAL)\] \[[\d.]+\] \[[^\]]+\]: (.*)$", re.MULTILINE)


class NodeProcess:
    """A running `tips_node`; a context manager that always ends it."""

    def __init__(
        self,
        folder: Path,
        parameters: Mapping[str, str | int],
        remappings: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> None:
        """Starts the node.

        Args:
            folder: where its log and its parameters are written; it must exist.
            parameters: of the node.
            remappings: name in the node → name in the graph.
            environment: variables on top of this process's.
        """
        # In a file, because on a command line `model:=7` would be a number.
        parameter_file = folder / "parameters.yaml"
        parameter_file.write_text(json.dumps({"/**": {"ros__parameters": dict(parameters)}}))
        self._log_file = folder / "node.log"
        arguments = ["--ros-args", "--params-file", str(parameter_file)]
        for name, live in remappings.items():
            arguments += ["-r", f"{name}:={live}"]
        with self._log_file.open("wb") as log:
            # In a session of its own, Ctrl-C reaches us alone: the node ends when we are done.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tips_ros.ros.main", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment, "RCUTILS_COLORIZED_OUTPUT": "0"},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is no longer there."""
        return self._process.poll() is not None

    @property
    def log(self) -> str:
        """Everything it has printed up to now."""
        return self._log_file.read_text(errors="replace")

    def complaints(self) -> list[str]:
        """Its warnings and errors, each once, in the order they came."""
        return list(dict.fromkeys(_COMPLAINT.findall(self.log)))

    def last_words(self) -> str:
        """Its last error, or else the last line that it printed."""
        lines = self.complaints() or self.log.split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def close(self) -> None:
        """Ends it as Ctrl-C does; by force when that takes too long."""
        if self.ended:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            pass
        finally:  # also when Ctrl-C is pressed once more
            if not self.ended:
                self._process.kill()
                self._process.wait()

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
