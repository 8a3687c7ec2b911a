# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that is asked over its pipe: what a page says and requests."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader"),
    *("--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
)
_LOAD_PATIENCE_S, _ANSWER_PATIENCE_S = 60.0, 120.0
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Its program, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page.

    Attributes:
        asked: addresses that it asked for, in the order it did.
        refused: of these, with the reason, those that did not come.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._last, self._session, self._rest = 0, "", b""
        self.asked: list[str] = []
        self.refused: dict[str, str] = {}
        self._by_id: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """The answer to a call of the DevTools protocol."""
        self._last += 1
        asked: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._last:
                assert "error" not in message, message
                return message["result"]

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], _ANSWER_PATIENCE_S)
            assert ready, "the browser does not answer"
            piece = os.read(self._from, 1 << 20)
            assert piece, "the browser ended"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: Any) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            self._by_id[parameters["requestId"]] = url
            self.asked.append(url)
        elif message.get("method") == "Network.loadingFailed":
            url = self._by_id.get(parameters["requestId"], "?")
            reason = parameters.get("blockedReason") or parameters["errorText"]
            self.refused[url] = reason

    def open(self, url: str, width: int = 1600, height: int = 900) -> None:
        """Opens an address in a window of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=url)
        self._until_loaded(_LOAD_PATIENCE_S)

    def _until_loaded(self, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            time.sleep(0.2)
            try:
                if self.evaluate("location.href + document.readyState").endswith("complete"):
                    return
            except AssertionError:  # of the page before, which goes just now
                continue

    def wait_s(self, seconds: float) -> None:
        """Lets the page go on for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(0.2)
            self.evaluate("1")  # takes in what the browser tells

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def wait_until_asked(self, ending: str, patience_s: float) -> None:
        """Waits until the page has asked for an address that ends so."""
        deadline = time.monotonic() + patience_s
        while not any(url.endswith(ending) for url in self.asked):
            assert time.monotonic() < deadline, self.asked
            self.wait_s(0.5)


@contextmanager
def open_page(folder: Path) -> Iterator[Page]:
    """A page of a browser of its own, whose profile is in `folder`."""
    program = chromium()
    assert program is not None
    (read_here, write_there), (read_there, write_here) = os.pipe(), os.pipe()

    def hand_over() -> None:
        os.dup2(read_there, 3)
        os.dup2(write_there, 4)

    # High numbers, so that none is what another is to become.
    read_there, write_there = (os.dup2(fd, fd + 50) for fd in (read_there, write_there))
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(3, 4, read_there, write_there),
            preexec_fn=hand_over,
        )
    try:
        yield Page(write_here, read_here)
    finally:
        process.kill()
        process.wait(20)
