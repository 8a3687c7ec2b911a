# SPDX-License-Identifier: Apache-2.0
"""A mirror that misbehaves as told; pytest-httpserver serves it."""

from __future__ import annotations

import hashlib
import itertools
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer
    from werkzeug import Request, Response


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


class Asked(NamedTuple):
    """One request and what was answered."""

    method: str
    path: str
    range: str | None
    if_range: str | None
    status: int
    sent: int


class Mirror:
    """Holds the files and misbehaves as told; a file's behaviours are used up one per GET."""

    def __init__(self, server: HTTPServer) -> None:
        from werkzeug import Response

        self._answers: dict[str, Callable[[Request], Response]] = {}
        self._server = server
        self.url = server.url_for("/mirror/")
        self.close = server.stop
        self.forget = server.clear_log
        server.expect_request(re.compile("/mirror/.*")).respond_with_handler(
            lambda request: self._answers.get(request.path, lambda _: Response(status=404))(request)
        )

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
        head = head or Behaviour(headers=always.headers)
        gets = itertools.chain(behaviours, itertools.repeat(always))
        self._answers[f"/mirror/{path}"] = lambda request: _answer(
            request, content, head if request.method == "HEAD" else next(gets)
        )

    def withdraw(self, path: str) -> None:
        """Serves it no longer."""
        del self._answers[f"/mirror/{path}"]

    @property
    def log(self) -> list[Asked]:
        return [
            Asked(request.method, request.path, *map(request.headers.get, ("Range", "If-Range")),
                  response.status_code, len(response.get_data()))
            for request, response in self._server.log
        ]  # fmt: skip

    @property
    def gets(self) -> list[Asked]:
        return [asked for asked in self.log if asked.method == "GET"]


def tag_of(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.md5(content).hexdigest()}"'


def _answer(request: Request, content: bytes, behaviour: Behaviour) -> Response:
    from werkzeug import Response
    from werkzeug.exceptions import RequestedRangeNotSatisfiable

    body = content if behaviour.body is None else behaviour.body
    response = Response(body, behaviour.status, {"ETag": tag_of(content)})
    response.automatically_set_content_length = False
    deaf = () if behaviour.if_range else ("HTTP_IF_RANGE",)
    if behaviour.status == 200:
        heard = {name: value for name, value in request.environ.items() if name not in deaf}
        try:
            response.make_conditional(heard, behaviour.ranges, len(body))
        except RequestedRangeNotSatisfiable as error:
            response.status_code, response.data = 416, b""
            response.headers.extend(error.get_headers())
    data = response.get_data()
    response.headers["Content-Length"] = str(len(data) + behaviour.announce)
    for name, value in behaviour.headers.items():
        if value is None:
            response.headers.remove(name)
        else:
            response.headers[name] = value
    response.set_data(data[: behaviour.drop_after])
    if behaviour.abruptly:
        response.call_on_close(lambda: _reset(request.environ["werkzeug.socket"]))
    return response


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
