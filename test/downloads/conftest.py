# SPDX-License-Identifier: Apache-2.0
"""A local HTTP server that misbehaves as told, and small files to be fetched from it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import socket
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tips_ros.catalogue import RemoteFile
from tips_ros.downloads import retries
from tips_ros.downloads.connection import Connection
from tips_ros.downloads.model_download import ModelDownload


@dataclass(frozen=True)
class Behaviour:
    """The manner of one answer; without arguments, as a good server does.

    Attributes:
        status: given instead of a file when it is not 200.
        drop_after: the connection is closed after so many bytes of the body.
        abruptly: it is reset instead.
        announce: added to the true Content-Length.
        ranges: whether Range is understood.
        if_range: whether If-Range is.
        body: sent instead of the file.
        headers: sent besides; a None takes a header away.
    """

    status: int = 200
    drop_after: int | None = None
    abruptly: bool = False
    announce: int = 0
    ranges: bool = True
    if_range: bool = True
    body: bytes | None = None
    headers: dict[str, str | None] = field(default_factory=dict)


@dataclass
class Served:
    """A file of the server: its behaviours are used up one per GET, then `finally_` holds."""

    content: bytes
    behaviours: list[Behaviour]
    finally_: Behaviour
    head: Behaviour


@dataclass
class Asked:
    """One request and what was answered."""

    method: str
    path: str
    range: str | None
    if_range: str | None
    status: int = 0
    sent: int = 0


class Server:
    """Holds the files and remembers the requests."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.log: list[Asked] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._http.handle_error = lambda request, address: None  # clients may go away
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/mirror/"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def offer(
        self,
        path: str,
        content: bytes,
        *behaviours: Behaviour,
        always: Behaviour | None = None,
        head: Behaviour | None = None,
    ) -> None:
        """Serves `content` below the mirror's address."""
        always = always or Behaviour()
        self.files[f"/mirror/{path}"] = Served(
            content, list(behaviours), always, head or Behaviour(headers=always.headers)
        )

    @property
    def gets(self) -> list[Asked]:
        return [asked for asked in self.log if asked.method == "GET"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_HEAD(self) -> None:
                _answer(server, self)

            def do_GET(self) -> None:
                _answer(server, self)

        return Handler


def tag_of(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.md5(content).hexdigest()}"'


def _answer(server: Server, handler: BaseHTTPRequestHandler) -> None:
    asked = Asked(
        handler.command, handler.path, handler.headers["Range"], handler.headers["If-Range"]
    )
    server.log.append(asked)
    served = server.files.get(handler.path)
    if served is None:
        behaviour, content = Behaviour(404, body=b"no such file"), b""
    else:
        content = served.content
        if handler.command == "HEAD":
            behaviour = served.head
        else:
            behaviour = served.behaviours.pop(0) if served.behaviours else served.finally_
    headers: dict[str, str | None] = {"ETag": tag_of(content)}
    asked.status, body = behaviour.status, content if behaviour.body is None else behaviour.body
    wanted = re.fullmatch(r"bytes=(\d+)-", asked.range or "")
    same = not behaviour.if_range or asked.if_range in (None, tag_of(content))
    if wanted and behaviour.ranges and behaviour.status == 200 and same:
        start = int(wanted[1])
        if start < len(body):
            asked.status = 206
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:]
        else:
            asked.status = 416
            headers["Content-Range"] = f"bytes */{len(body)}"
            body = b""
    headers["Content-Length"] = str(len(body) + behaviour.announce)
    headers.update(behaviour.headers)
    handler.send_response(asked.status)
    for name, value in headers.items():
        if value is not None:
            handler.send_header(name, value)
    handler.end_headers()
    if handler.command == "HEAD":
        return
    if behaviour.drop_after is not None:
        body = body[: behaviour.drop_after]
    asked.sent = len(body)
    handler.wfile.write(body)
    handler.wfile.flush()
    if behaviour.abruptly:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets these tests talk to their own server where a proxy is configured."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    with contextlib.closing(running):
        yield running


def npz(seed: int = 0, count: int = 5000, names: tuple[str, ...] = ("blocks.0.weight",)) -> bytes:
    """A small .npz of random numbers, about 4 × count bytes per name."""
    rng = np.random.default_rng(seed)
    packed = io.BytesIO()
    np.savez(packed, **{name: rng.random(count, np.float32) for name in names})
    return packed.getvalue()


def damaged(content: bytes) -> bytes:
    """One bit of the numbers is wrong; the zip's directory is whole."""
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@dataclass(frozen=True)
class Kit:
    """All that a test of a download needs: a file, its content, and the download itself."""

    server: Server
    directory: Path
    pauses: list[float]
    vision: RemoteFile
    head: RemoteFile
    tokenizer: RemoteFile
    content: bytes
    Behaviour: type[Behaviour]
    npz: Callable[..., bytes]
    damaged: Callable[[bytes], bytes]

    def sleep(self, pause_s: float) -> None:
        """Does not sleep; a download that never gives up fails the test instead of hanging it."""
        self.pauses.append(pause_s)
        assert len(self.pauses) < 100

    def download(self, *files: RemoteFile, mirror: str | None = None, **options) -> list:
        """Downloads the files (default: the image tower) and returns what was told."""
        told: list = []
        ModelDownload(
            self.directory,
            Connection(mirror or self.server.url, timeout_s=10.0),
            told=told.append,
            **options,
        ).run(files or (self.vision,))
        return told

    @property
    def target(self) -> Path:
        return self.directory / self.vision.name

    @property
    def names(self) -> list[str]:
        """Names of the files in the directory."""
        return sorted(path.name for path in self.directory.iterdir())

    def leave_part(self, content: bytes, count: int) -> None:
        """An earlier download of `content` was interrupted after `count` bytes."""
        self.directory.mkdir(parents=True, exist_ok=True)
        part = self.directory / f"{self.vision.name}.part"
        part.write_bytes(content[:count])
        tag = tag_of(content).replace('"', '\\"')
        part.with_name(f"{part.name}.json").write_text(
            f'{{"size": {len(content)}, "validator": "{tag}"}}'
        )


@pytest.fixture
def kit(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    content = npz()
    folder = "v2_0/checkpoints"
    kit = Kit(
        server,
        tmp_path / "models" / "tiny",
        [],
        RemoteFile("vision", f"{folder}/pytorch/tiny_vision.npz", len(content), "pytorch"),
        RemoteFile("depth", f"{folder}/scenic/tiny_depth_dpt.zip", 20_000),
        RemoteFile("tokenizer", "v1_0/checkpoints/tokenizer.model", 1_000),
        content,
        Behaviour,
        npz,
        damaged,
    )
    monkeypatch.setattr(retries.time, "sleep", kit.sleep)
    monkeypatch.setattr(retries.random, "random", lambda: 0.0)
    return kit


@pytest.fixture
def zip_of() -> Callable[[dict[str, bytes]], bytes]:
    def pack(entries: dict[str, bytes]) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in entries.items():
                archive.writestr(name, data)
        return packed.getvalue()

    return pack
