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

from benchmarks.figures.browser import chromium, open_page
from tips_ros.bags import BagWriter

from .conftest import SIZE, START_NS, BagMaker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        chromium() is None, reason="no Chromium: apt-get install chromium to look at the page, too"
    ),
]
_PATIENCE_S = 120.0  # drawn in software, and everything else runs beside it


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


def test_the_viewer_starts_and_asks_for_the_scene_by_this_address_alone(
    red_bag: Path, tmp_path: Path
):
    command = [sys.executable, "-m", "tips_ros", "view", str(red_bag), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--no-browser"], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert process.stdout is not None
        found = re.match(r"(http://127\.0\.0\.1:\d+/)  shows it", process.stdout.readline())
        assert found is not None
        with open_page(tmp_path) as page:
            page.open(found[1], 700, 420)
            page.wait_until_asked("ReadMessages", _PATIENCE_S)
            here = urlsplit(found[1]).netloc
            elsewhere = {u for u in page.asked if urlsplit(u).netloc not in (here, "")}
            assert elsewhere <= set(page.refused), "the page reached the network"
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
