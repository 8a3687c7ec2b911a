# SPDX-License-Identifier: Apache-2.0
"""The page in a browser, headless Chromium: it asks for the scene, and for nothing elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")
pytest.importorskip("playwright", reason="Playwright is not installed: ./run test brings it")

from playwright.sync_api import Request

from benchmarks.figures.browser import chromium, open_page
from tips_ros.bags import BagWriter

from .conftest import SIZE, START_NS, BagMaker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        chromium() is None, reason="no Chromium: apt-get install chromium to look at the page, too"
    ),
]


@pytest.fixture
def red_bag(tmp_path: Path) -> Path:
    """One image and nothing in space."""
    make = BagMaker()
    red = np.zeros((*SIZE, 3), np.uint8)
    red[..., 0] = 255
    image = make.image(START_NS, "rgb8", red)
    with BagWriter(tmp_path / "red", typestore=make.store) as writer:
        writer.add_topic("/image", image.__msgtype__)
        data = make.store.serialize_cdr(image, image.__msgtype__)
        writer.write("/image", START_NS, bytes(data))
    return tmp_path / "red"


def test_the_viewer_starts_and_asks_for_the_scene_by_this_address_alone(red_bag: Path):
    command = [sys.executable, "-m", "tips_ros", "view", str(red_bag), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--no-browser"], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert process.stdout is not None
        found = re.match(r"(http://127\.0\.0\.1:\d+/)  shows it", process.stdout.readline())
        assert found is not None
        with open_page(700, 420) as page:
            asked: list[Request] = []
            page.on("request", lambda request: asked.append(request))
            with page.expect_request(re.compile("ReadMessages$")):
                page.goto(found[1])
            ours = (urlsplit(found[1]).netloc, "")
            elsewhere = [request for request in asked if urlsplit(request.url).netloc not in ours]
            reached = [request.url for request in elsewhere if request.response() is not None]
            assert reached == []
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
