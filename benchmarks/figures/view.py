# SPDX-License-Identifier: Apache-2.0
"""Takes the picture of `tips_ros demo --view` in a browser, as docs/images/view.jpg has it.

    ./run exec python -m benchmarks.figures.view docs/images/view.jpg

Needs Chromium, and some minutes where that draws in software.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from benchmarks.figures.browser import chromium, open_page

_SIZE = (1500, 940)
_MOST_BYTES = 98_000
_QUALITIES = range(88, 30, -4)
_BETWEEN_S, _PATIENCE_S = 10.0, 900.0
_HEAD_PX = 40  # of the viewer's own head, in which a number goes on changing
_ALIKE = 3  # pictures in a row, after which nothing is loading any more


def main() -> None:
    """Takes it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", default="demo")
    args = parser.parse_args()
    if chromium() is None:
        parser.error("there is no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with shown_demo(folder, args.model) as url, open_page(*_SIZE) as page:
            page.goto(url)
            picture = wait_until_still(page)
    args.output.write_bytes(small_jpeg(picture))


@contextmanager
def shown_demo(folder: Path, model: str) -> Iterator[str]:
    """Its address, once the demonstration has ended and is still shown."""
    command = ["demo", "--view", "--model", model, "--output", str(folder / "out")]
    process = subprocess.Popen(
        [sys.executable, "-m", "tips_ros", *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": "true"},  # ours is the only one
    )
    assert process.stdout is not None
    url = ""
    try:
        for line in process.stdout:
            print(line, end="")
            url = (re.match(r"(http://\S+)  shows it", line) or [url, url])[1]
            if "still shown" in line:
                break
        if not url:
            raise SystemExit("the demonstration was not shown")
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_until_still(page: Page) -> NDArray[np.uint8]:
    """The page, as soon as nothing in it changes: pictures that load have dots that move."""
    began_s, alike = time.monotonic(), 1
    picture = screenshot(page)
    while alike < _ALIKE:
        page.wait_for_timeout(1000 * _BETWEEN_S)
        last, picture = picture, screenshot(page)
        alike = alike + 1 if np.array_equal(last[_HEAD_PX:], picture[_HEAD_PX:]) else 1
        print(f"{time.monotonic() - began_s:.0f} s: {alike} alike", flush=True)
        if time.monotonic() > began_s + _PATIENCE_S:
            raise SystemExit("it does not become still")
    return picture


def screenshot(page: Page) -> NDArray[np.uint8]:
    """(H, W, 3) BGR of what the page shows."""
    png = np.frombuffer(page.screenshot(), np.uint8)
    return np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)


def small_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """The best JPEG that has no more than `_MOST_BYTES`."""
    for quality in _QUALITIES:
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= _MOST_BYTES:
            break
    return jpeg


if __name__ == "__main__":
    main()
