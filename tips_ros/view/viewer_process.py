# SPDX-License-Identifier: Apache-2.0
"""Rerun's own server as a process of ours: on loopback alone, and silent about its use."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tips_ros.errors import UserError

LOOPBACK = "127.0.0.1"
_START_PATIENCE_S = 60.0  # its program is large, and a disk may be slow
_END_PATIENCE_S = 5.0
_POLL_S = 0.05
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class ViewerProcess:
    """A running server of scenes and of the web viewer that the wheel brings; a context manager.

    Attributes:
        scenes_port: takes scenes from here and gives them to viewers, gRPC.
        pages_port: the files of the web viewer.
    """

    def __init__(self, memory: str = "1GiB") -> None:
        """Starts it.

        Args:
            memory: the most that is kept for viewers that come later, such as `1GiB`.

        Raises:
            UserError: it does not start; says why.
        """
        self.scenes_port, self.pages_port = _free_ports(2)
        self._folder = tempfile.TemporaryDirectory(prefix="tips_ros_view_")
        folder = Path(self._folder.name)
        self._log = folder / "rerun.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(str(_program()), "--serve-web", "--bind", LOOPBACK),
                    *("--port", str(self.scenes_port)),
                    *("--web-viewer-port", str(self.pages_port)),
                    *("--server-memory-limit", memory),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_silent_environment(folder),
                start_new_session=True,  # Ctrl-C reaches us alone: it ends when we are done
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def scenes_url(self) -> str:
        """The address to send scenes to, from this machine."""
        return f"rerun+http://{LOOPBACK}:{self.scenes_port}/proxy"

    @property
    def ended(self) -> bool:
        """Whether the process is no longer there."""
        return self._process.poll() is not None

    def last_words(self) -> str:
        """The last line that it printed."""
        lines = _COLOURS.sub("", self._log.read_text(errors="replace")).splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_PATIENCE_S
        for port in (self.scenes_port, self.pages_port):
            while not _answers(port):
                if self.ended:
                    raise UserError(f"rerun's viewer does not start: {self.last_words()}")
                if time.monotonic() > deadline:
                    raise UserError(
                        f"rerun's viewer did not answer within {_START_PATIENCE_S:.0f} s; its "
                        f"last word: {self.last_words()}"
                    )
                time.sleep(_POLL_S)

    def __enter__(self) -> ViewerProcess:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _program() -> Path:
    """The wheel's own program, without the Python that starts it: what is ended is this."""
    spec = importlib.util.find_spec("rerun_cli")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    program = next((path for path in (Path(f, "rerun") for f in folders) if path.is_file()), None)
    if program is None:
        raise UserError("rerun is not installed as a whole: install rerun-sdk again")
    return program


def _silent_environment(folder: Path) -> dict[str, str]:
    """An environment in which it has its reports of use switched off, whatever the user's says."""
    config = folder / "config" / "rerun"
    config.mkdir(parents=True)
    # All the keys that it writes itself: a file that lacks one would be made anew, switched on.
    settings = {
        "analytics_enabled": False,
        "analytics_id": "",
        "metadata": {},
        "config_file_path": str(config / "analytics.json"),
        "data_dir_path": str(folder / "data"),
    }
    (config / "analytics.json").write_text(json.dumps(settings), encoding="utf-8")
    places = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")}
    return {**os.environ, **places, "TELEMETRY_ENABLED": "false"}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _answers(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True
