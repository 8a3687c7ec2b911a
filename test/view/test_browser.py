# SPDX-License-Identifier: Apache-2.0
"""The page in a browser, headless Chromium: the scene comes, and nothing else is asked."""

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

from .browser import chromium, open_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        chromium() is None, reason="no Chromium: apt-get install chromium to look at the page, too"
    ),
]
_PATIENCE_S = 120.0  # drawn in software, and everything else runs beside it


def is_red(picture: np.ndarray) -> bool:
    """Whether the red image of the bag is seen somewhere."""
    red, green, blue = (picture[..., n].astype(int) for n in range(3))
    return float(((red > 200) & (green < 60) & (blue < 60)).mean()) > 0.01


def test_the_bags_image_is_seen_and_the_page_asks_this_address_alone(
    result_bag: Path, tmp_path: Path
):
    command = [sys.executable, "-m", "tips_ros", "view", str(result_bag), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--no-browser"], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert process.stdout is not None
        found = re.match(r"(http://127\.0\.0\.1:\d+/)  shows it", process.stdout.readline())
        assert found is not None
        with open_page(tmp_path) as page:
            page.open(found[1], 900, 600)
            assert is_red(page.picture_where(is_red, _PATIENCE_S))
            here = urlsplit(found[1]).netloc
            elsewhere = {u for u in page.asked if urlsplit(u).netloc not in (here, "")}
            assert elsewhere <= set(page.refused), "the page reached the network"
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
