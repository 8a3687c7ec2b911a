# SPDX-License-Identifier: Apache-2.0
"""Interruption of commands that have processes of their own to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM counts as Ctrl-C, so that what was started is ended with us.

    Ctrl-C counts too where a script put us into the background: shells ignore it there.
    """
    both = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, signal.default_int_handler) for number in both}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
