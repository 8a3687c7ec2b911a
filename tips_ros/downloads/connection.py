# SPDX-License-Identifier: Apache-2.0
"""HTTP as a download needs it: sizes, ranges, redirects, and whether to try again.

RFC 9110: Range (14.2), If-Range (13.1.5), Content-Range (14.4), 416 (15.5.17).
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import urlsplit

from tips_ros import __version__
from tips_ros.downloads.errors import DownloadError, Interruption, NotOnServer

_MOST_REDIRECTS = 5
_TRY_AGAIN = {408, 425, 429}
_FOR_GOOD = {501, 505}
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True)
class RemoteState:
    """What the server says about a file.

    Attributes:
        size: bytes, None when it does not say.
        validator: strong ETag or Last-Modified, which name one version of the file; or None.
    """

    size: int | None
    validator: str | None


class Answer:
    """The server's answer to a GET; a context manager that closes the connection.

    Attributes:
        status: 200 (the whole file), 206 (from `start` on) or 416 (there is nothing there).
        start: where in the file the first byte of the body belongs.
        state: of the whole file.
    """

    def __init__(self, status: int, headers: Message, body: IO[bytes]) -> None:
        self.status = status
        self._body = body
        self.start = 0
        size = _content_length(headers)
        if status != 200:
            first, size = _content_range(headers)
            self.start = first or 0
        self.state = RemoteState(size, _validator(headers))

    def read(self, count: int) -> bytes:
        """Up to `count` bytes, empty at the end. Interruption when the connection breaks."""
        try:
            return self._body.read(count)
        except http.client.IncompleteRead as error:
            # What did arrive is worth keeping; the next read, at the end, shows what is missing.
            if error.partial:
                return error.partial
            raise Interruption("the connection was closed in the middle") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Interruption(_reason(error)) from error

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *error: object) -> None:
        self._body.close()


class Connection:
    """Asks one server, the official one or a mirror.

    Args:
        base_url: `https://host/folder/`, or http for a mirror of one's own. DownloadError when it
            is no such address.
        timeout_s: how long the server may be silent, seconds.
    """

    def __init__(self, base_url: str, *, timeout_s: float = 30.0) -> None:
        self.base_url = _checked(base_url)
        self._timeout_s = timeout_s
        self._opener = urllib.request.OpenerDirector()
        # Not build_opener: it would also follow a redirect to file:, ftp: and data:.
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _Redirects({"https", urlsplit(self.base_url).scheme}),
        ):
            self._opener.add_handler(handler)

    def url(self, path: str) -> str:
        """The address of a catalogue path on this server."""
        return self.base_url + path

    def head(self, path: str) -> RemoteState:
        """Size and version of a file; unknown where the server does not answer such questions.

        Raises:
            NotOnServer, DownloadError: there for good. Interruption: try again.
        """
        try:
            response = self._open("HEAD", path, {})
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (403, 405, 501):  # "not like this": a GET may still be fine
                    return RemoteState(None, None)
                self._raise(path, error)
        with response:
            self._check_kind(path, response.headers)
            return RemoteState(_content_length(response.headers), _validator(response.headers))

    def get(self, path: str, start: int = 0, validator: str | None = None) -> Answer:
        """The file, or what comes after its first `start` bytes if it is still that version.

        Raises:
            NotOnServer, DownloadError: there for good. Interruption: try again.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and validator:
            headers["If-Range"] = validator
        try:
            response = self._open("GET", path, headers)
        except urllib.error.HTTPError as error:
            if error.code == 416:
                return Answer(416, error.headers, error)
            with error:
                self._raise(path, error)
        try:
            self._check_kind(path, response.headers)
            if response.status not in (200, 206):
                raise DownloadError(f"{self.url(path)}: unexpected answer {response.status}")
            return Answer(response.status, response.headers, response)
        except BaseException:
            response.close()
            raise

    def _open(self, method: str, path: str, headers: dict[str, str]) -> Any:
        url = self.url(path)
        headers = {
            **headers,
            "User-Agent": f"tips_ros/{__version__}",
            # The bytes of the file, not of a packed form of it: ranges and sizes count those.
            "Accept-Encoding": "identity",
        }
        request = urllib.request.Request(url, headers=headers, method=method)
        try:
            return self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError:
            raise
        except (http.client.InvalidURL, UnicodeError) as error:
            raise DownloadError(f"{url}: not an address ({_reason(error)})") from error
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise DownloadError(
                    f"{url}: the server's certificate is not valid here ({cause.verify_message}); "
                    "check this machine's clock and its ca-certificates"
                ) from error
            raise Interruption(_reason(cause)) from error

    def _raise(self, path: str, error: urllib.error.HTTPError) -> Any:
        url = self.url(path)
        if error.code in (404, 410):
            raise NotOnServer(f"{url}: the server has no such file ({error.code})") from error
        if error.code in _TRY_AGAIN or (error.code >= 500 and error.code not in _FOR_GOOD):
            raise Interruption(
                f"the server answered {error.code} {error.reason}", _retry_after_s(error.headers)
            ) from error
        raise DownloadError(
            f"{url}: the server answered {error.code} {error.reason}; "
            "open the address in a browser, or try another --mirror"
        ) from error

    def _check_kind(self, path: str, headers: Message) -> None:
        if headers.get_content_type() == "text/html" and "content-type" in headers:
            raise DownloadError(
                f"{self.url(path)}: the server sent a web page, not the file; is a login page or "
                "a proxy in between? (--mirror takes another server)"
            )
        packing = headers.get("Content-Encoding", "identity")
        if packing.lower() not in ("", "identity"):
            raise DownloadError(
                f"{self.url(path)}: the server sent the file packed ({packing}) though asked not "
                "to; try another --mirror"
            )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, never to a less protected kind of address."""

    max_redirections = _MOST_REDIRECTS

    def __init__(self, schemes: set[str]) -> None:
        self._schemes = schemes

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request:
        if urlsplit(newurl).scheme.lower() not in self._schemes:
            raise DownloadError(
                f"{req.full_url}: the server redirects to {newurl[:200]!r}, which is not https; "
                "is a login page or a proxy in between?"
            )
        return urllib.request.Request(
            newurl.replace(" ", "%20"),
            headers=dict(req.headers),
            origin_req_host=req.origin_req_host,
            unverifiable=True,
            method=req.get_method(),
        )

    # Python 3.10 does not know this one.
    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
        wrong = wrong or bool(re.search(r"[^!-~]", url))
    except ValueError:
        wrong = True
    if wrong:
        raise DownloadError(
            f"{url!r} is no mirror: give an address like https://host/folder/ "
            "(files you have already: copy them into the model's directory)"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise DownloadError(
            "a mirror's address has no user name, password, ? or #: give https://host/folder/"
        )
    return url if url.endswith("/") else url + "/"


def _content_length(headers: Message) -> int | None:
    text = headers.get("Content-Length", "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _content_range(headers: Message) -> tuple[int | None, int | None]:
    """(first byte, size of the whole file), each None when the header does not tell."""
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if match is None:
        return None, None
    first, _, whole = match.groups()
    return (int(first) if first else None), (None if whole == "*" else int(whole))


def _validator(headers: Message) -> str | None:
    tag = headers.get("ETag", "").strip()
    # A weak tag (W/) says "equivalent", which is not enough to join bytes.
    return tag if tag.startswith('"') else headers.get("Last-Modified")


def _retry_after_s(headers: Message) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())


def _reason(error: object) -> str:
    """What went wrong on the way, in a few words."""
    if isinstance(error, TimeoutError):
        return "the server is silent"
    if isinstance(error, socket.gaierror):
        return "the server's name is unknown here: is there a network?"
    if isinstance(error, ConnectionRefusedError):
        return "nothing answers there"
    if isinstance(error, (ConnectionError, http.client.IncompleteRead)):
        return "the connection was lost"
    return " ".join(str(error).split())[:200] or type(error).__name__
