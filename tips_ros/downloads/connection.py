# SPDX-License-Identifier: Apache-2.0
"""HTTP as a download needs it, by requests: sizes, ranges, and whether to try again.

RFC 9110: Range (14.2), If-Range (13.1.5), Content-Range (14.4), 416 (15.5.17).
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from tips_ros import __version__
from tips_ros.downloads.errors import DownloadError, Interruption, NotOnServer

_MOST_REDIRECTS = 5
_TRY_AGAIN = {408, 425, 429}
_FOR_GOOD = {501, 505}
_NOT_LIKE_THIS = {403, 405, 501}  # of a HEAD: a GET may still be fine
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_REASONS: dict[type[BaseException], str] = {
    TimeoutError: "the server is silent",
    socket.gaierror: "the server's name is unknown here: is there a network?",
    ConnectionRefusedError: "nothing answers there",
}


class RemoteState(NamedTuple):
    """A file as the server describes it.

    Attributes:
        size: bytes, None when it does not say.
        validator: strong ETag or Last-Modified, which name one version of the file; or None.
    """

    size: int | None
    validator: str | None


class Answer(NamedTuple):
    """The server's answer to a GET.

    Attributes:
        status: 200 (the whole file), 206 (from `start` on) or 416 (there is nothing there).
        start: where in the file the first byte of the body belongs.
        state: of the whole file.
        response: its body is still to be read.
    """

    status: int
    start: int
    state: RemoteState
    response: requests.Response

    def chunks(self, count: int) -> Iterator[bytes]:
        """The body, up to `count` bytes at a time. Interruption when the connection breaks."""
        try:
            yield from self.response.raw.stream(count, decode_content=False)
        except (HTTPError, OSError) as error:
            raise Interruption(_reason(error)) from error


class Connection:
    """Asks one server, the official one or a mirror.

    Args:
        base_url: `https://host/folder/`, or http for a mirror of one's own. DownloadError when it
            is no such address.
        timeout_s: how long the server may be silent, seconds.
    """

    def __init__(self, base_url: str, *, timeout_s: float = 30.0) -> None:
        self.base_url = _check_status(base_url)
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.max_redirects = _MOST_REDIRECTS
        if self.base_url.startswith("https:"):
            del self._session.adapters["http://"]  # a redirect to there is refused
        self._session.headers["User-Agent"] = f"tips_ros/{__version__}"
        # The bytes of the file, not of a packed form of it: ranges and sizes count those.
        self._session.headers["Accept-Encoding"] = "identity"

    def url(self, path: str) -> str:
        """The address of a catalogue path on this server."""
        return self.base_url + path

    def head(self, path: str) -> RemoteState:
        """Size and version of a file; unknown where the server does not answer such questions.

        Raises:
            NotOnServer, DownloadError: there for good. Interruption: try again.
        """
        with self._ask("HEAD", path, {}) as response:
            if response.status_code in _NOT_LIKE_THIS:
                return RemoteState(None, None)
            self._check(path, response)
            return RemoteState(_content_length(response), _validator(response))

    @contextmanager
    def get(self, path: str, start: int = 0, validator: str | None = None) -> Iterator[Answer]:
        """The file, or what comes after its first `start` bytes if it is still that version.

        Raises:
            NotOnServer, DownloadError: there for good. Interruption: try again.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and validator:
            headers["If-Range"] = validator
        with self._ask("GET", path, headers) as response:
            status, first, size = response.status_code, 0, _content_length(response)
            if status != 416:
                self._check(path, response)
            if status != 200:
                first, size = _content_range(response)
            yield Answer(status, first, RemoteState(size, _validator(response)), response)

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> requests.Response:
        url = self.url(path)
        try:
            return self._session.request(
                method, url, headers=headers, timeout=self._timeout_s, stream=True
            )
        except (requests.TooManyRedirects, ValueError) as error:  # the latter of an address
            raise DownloadError(
                f"{url}: {error}; is a login page or a proxy in between?"
            ) from error
        except OSError as error:  # all others of requests
            for cause in _causes(error):
                if isinstance(cause, ssl.SSLCertVerificationError):
                    raise DownloadError(
                        f"{url}: the server's certificate is not valid here "
                        f"({cause.verify_message}); check this machine's clock, and name your "
                        "network's own certificates in REQUESTS_CA_BUNDLE"
                    ) from error
            raise Interruption(_reason(error)) from error

    def _check(self, path: str, response: requests.Response) -> None:
        url, code, headers = self.url(path), response.status_code, response.headers
        said = f"the server answered {code} {response.reason}"
        if code in (404, 410):
            raise NotOnServer(f"{url}: the server has no such file ({code})")
        if code in _TRY_AGAIN or (code >= 500 and code not in _FOR_GOOD):
            raise Interruption(said, headers.get("Retry-After"))
        if code not in (200, 206):
            raise DownloadError(
                f"{url}: {said}; open the address in a browser, or try another --mirror"
            )
        if headers.get("Content-Type", "").lower().startswith("text/html"):
            raise DownloadError(
                f"{url}: the server sent a web page, not the file; is a login page or a proxy in "
                "between? (--mirror takes another server)"
            )
        packing = headers.get("Content-Encoding", "")
        if packing.lower() not in ("", "identity"):
            raise DownloadError(
                f"{url}: the server sent the file packed ({packing}) though asked not to; "
                "try another --mirror"
            )


def _check_status(url: str) -> str:
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


def _content_length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _content_range(response: requests.Response) -> tuple[int, int | None]:
    """First byte, and size of the whole file or None."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        return 0, None
    first, _, whole = match.groups()
    return int(first or 0), (None if whole == "*" else int(whole))


def _validator(response: requests.Response) -> str | None:
    tag = response.headers.get("ETag", "").strip()
    # A weak tag (W/) says "equivalent", which is not enough to join bytes.
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it: requests wraps urllib3's, and that the system's."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: BaseException) -> str:
    """Reason of a failed connection in a few words."""
    for cause in _causes(error):
        for kind, words in _REASONS.items():
            if isinstance(cause, kind):
                return words
    return "the connection was lost"
