# SPDX-License-Identifier: Apache-2.0
"""The ways in which a download can fail."""

from __future__ import annotations


class DownloadError(ValueError):
    """It can't be done; the message is one line and names the fix."""


class NotOnServer(DownloadError):
    """The server has no such file."""


class Interruption(Exception):
    """It did not work this time and may work the next.

    Attributes:
        retry_after: the server's header of that name; None when it sent none.
    """

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
