# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a download."""

from __future__ import annotations


class DownloadError(ValueError):
    """It can't be done; the message is one line and names the fix."""


class NotOnServer(DownloadError):
    """The server has no such file."""


class Interruption(Exception):
    """It did not work this time and may work the next.

    Attributes:
        retry_after_s: how long the server asked to wait, seconds; None when it said nothing.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
