# SPDX-License-Identifier: Apache-2.0
"""One address for a browser: passes on rerun's web viewer and its scenes, and nothing else.

The web viewer of the wheel would load fonts from the network and report its use there. What passes
here tells the browser to ask this address alone, which the browser holds to.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import logging
import socket
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

from tips_ros.errors import UserError
from tips_ros.view.viewer_process import LOOPBACK, ViewerProcess

logger = logging.getLogger(__name__)

DEFAULT_PORT = 9090
_PIECE = 1 << 16
_POLICY = (
    "default-src 'self' blob: data:; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self' blob: data:"
)
_PASSED_ON = ("content-type", "rerun-final-length")  # the second is the size, for its progress
_BETWEEN_HOPS = {"connection", "content-length", "transfer-encoding", "server", "date"}


class WebServer:
    """Serves a browser in threads; a context manager.

    Attributes:
        url: the address to open on this machine.
    """

    def __init__(self, viewer: ViewerProcess, host: str, port: int) -> None:
        """Listens.

        Args:
            viewer: whose pages and scenes are passed on.
            host: address to listen at; `127.0.0.1` is for this machine alone.
            port: 0 takes any that is free.

        Raises:
            UserError: the address is taken, or none of this machine.
        """
        try:
            self._server = _Server((host, port), viewer)
        except (OSError, OverflowError) as error:
            raise UserError(_reason(error, host, port)) from error
        self.port = int(self._server.server_address[1])
        shown = LOOPBACK if ipaddress.ip_address(self._address()).is_unspecified else host
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _address(self) -> str:
        return str(self._server.server_address[0]).partition("%")[0]

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> WebServer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser holds its stream of scenes open
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], viewer: ViewerProcess) -> None:
        self.viewer = viewer
        self.host = address[0]
        if ":" in self.host:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Logs what a browser that went away leaves behind, where somebody debugs."""
        logger.debug("a request of %s ended early", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Passes on a file of the web viewer; the bare address leads to the scene."""
        if not self._is_addressed():
            return
        split = urlsplit(self.path)
        if split.path == "/" and not split.query:
            scenes = quote(f"rerun+http://{self.headers['Host']}/proxy", safe="")
            self.send_response(302)
            self.send_header("Location", f"/?url={scenes}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._pass_on(self.server.viewer.pages_port, "GET", None, {})

    def do_POST(self) -> None:
        """Passes on a call of the viewer for scenes, and the stream that answers it."""
        if not self._is_addressed():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in (*_BETWEEN_HOPS, "host", "origin", "accept-encoding")
        }
        self._pass_on(self.server.viewer.scenes_port, "POST", body, headers)

    def _pass_on(
        self, port: int, method: str, body: bytes | None, headers: dict[str, str]
    ) -> None:
        with closing(http.client.HTTPConnection(LOOPBACK, port)) as asked:
            try:
                asked.request(method, self.path, body, headers)
                answer = asked.getresponse()
            except OSError:
                self.send_error(502, "the viewer has ended")
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                passed = method == "POST" or name.lower() in _PASSED_ON
                if passed and name.lower() not in _BETWEEN_HOPS:
                    self.send_header(name, value)
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := answer.read1(_PIECE):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def _is_addressed(self) -> bool:
        """Whether this address is meant: a page elsewhere may give it a name of its own."""
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        known = (self.server.host, "localhost", socket.gethostname().lower())
        if name in known or _is_ip(name):
            return True
        self.send_error(403, "open it by its IP address, or give --host this name")
        return False

    def log_message(self, format: str, *args: object) -> None:
        """Logs requests where somebody debugs."""
        logger.debug(format, *args)


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _reason(error: Exception, host: str, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; end what uses it, or choose another with --port"
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"port {port} needs root; choose one from 1024 on with --port"
    return f"--host {host} --port {port} can't be listened at: {error}"
