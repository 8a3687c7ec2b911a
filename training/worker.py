# SPDX-License-Identifier: Apache-2.0
"""Set-up that every process that works for another one needs."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Ends this process when the one that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os._exit(1)  # nobody takes what this process makes

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
