# SPDX-License-Identifier: Apache-2.0
"""A page of a headless Chromium, the machine's own, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Drawn in software; on this machine's addresses alone there is no QUIC.
_FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic")
_PATIENCE_MS = 120_000.0


def chromium() -> str | None:
    """Finds the browser's program, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def open_page(width: int, height: int) -> Iterator[Page]:
    """Opens an empty page of this size in a browser of its own, which ends with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*_FLAGS])
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(_PATIENCE_MS)
            yield page
        finally:
            browser.close()
