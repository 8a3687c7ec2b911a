# SPDX-License-Identifier: Apache-2.0
"""The address for a browser: one port, this machine alone, and no word to the network."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest

pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")

from tips_ros.errors import UserError
from tips_ros.view.viewer_process import LOOPBACK, ViewerProcess
from tips_ros.view.web import WebServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def viewer() -> Iterator[ViewerProcess]:
    with ViewerProcess() as process:
        yield process


@pytest.fixture
def web(viewer: ViewerProcess) -> Iterator[WebServer]:
    with WebServer(viewer, LOOPBACK, 0) as server:
        yield server


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def answer(web: WebServer, path: str, host: str | None = None) -> Answer:
    with closing(http.client.HTTPConnection(LOOPBACK, web.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Host": host} if host else {})
        with connection.getresponse() as found:
            return Answer(found.status, found.headers, found.read())


def test_the_bare_address_leads_to_the_scene_by_the_same_address(web: WebServer):
    found = answer(web, "/")
    assert found.status == 302
    assert found.headers["Location"] == f"/?url=rerun%2Bhttp%3A%2F%2F127.0.0.1%3A{web.port}%2Fproxy"


@pytest.mark.parametrize("path", ["/?url=x", "/re_viewer.js", "/re_viewer_bg.wasm"])
def test_the_files_of_the_wheel_come_and_may_ask_this_address_alone(web: WebServer, path: str):
    found = answer(web, path)
    assert found.status == 200 and len(found.body) > 1000
    policy = found.headers["Content-Security-Policy"]
    assert "connect-src 'self'" in policy and "http" not in policy


def test_a_name_that_a_page_elsewhere_gives_this_address_is_refused(web: WebServer):
    assert answer(web, "/", "evil.example").status == 403
    assert answer(web, "/", f"localhost:{web.port}").status == 302


def test_a_port_in_use_is_said_with_the_option_for_another(viewer: ViewerProcess):
    with (
        socket.create_server((LOOPBACK, 0)) as taken,
        pytest.raises(UserError, match=r"in use; .* choose another with --port"),
    ):
        WebServer(viewer, LOOPBACK, taken.getsockname()[1])


def test_an_address_of_another_machine_is_said(viewer: ViewerProcess):
    with pytest.raises(UserError, match="--host 192.0.2.1"):
        WebServer(viewer, "192.0.2.1", 0)


def test_all_that_is_opened_listens_on_loopback_and_ends_with_it():
    with ViewerProcess() as process, WebServer(process, LOOPBACK, 0) as web:
        ports = {process.scenes_port, process.pages_port, urlsplit(web.url).port}
        sockets = psutil.net_connections("tcp")
        found = {s.laddr.port: s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
        assert {found[port] for port in ports} == {LOOPBACK}
    assert process.ended
    with pytest.raises(OSError):
        socket.create_connection((LOOPBACK, process.scenes_port), timeout=1)


def test_reports_of_use_are_off_whatever_the_user_has_set(tmp_path: Path, viewer: ViewerProcess):
    """Nothing is written where rerun notes a user that it reports on, by its server nor by us."""
    program = (
        "import time, rerun as rr; from tips_ros.view.viewer_process import ViewerProcess\n"
        "with ViewerProcess() as viewer:\n"
        "    recording = rr.RecordingStream('tips_ros')\n"
        "    recording.connect_grpc(viewer.scenes_url)\n"
        "    recording.log('x', rr.TextLog('y')); recording.flush(); recording.disconnect()\n"
        "    print(viewer._log.read_text())\n"
    )
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **home, "XDG_DATA_HOME": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not [path for path in tmp_path.rglob("*") if "analytics" in path.name]
    assert "collects anonymous usage data" not in done.stdout + done.stderr
    (settings,) = Path(viewer._folder.name).rglob("analytics.json")
    assert json.loads(settings.read_text())["analytics_enabled"] is False
