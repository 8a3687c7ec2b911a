# SPDX-License-Identifier: Apache-2.0
"""Keeps freed memory in the process."""

from __future__ import annotations

import ctypes
import sys

# Numbers of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_THRESHOLD = 2**31 - 1


def keep_freed_memory() -> bool:
    """Lets glibc use a freed array's memory for the next one of its size.

    By default it gives large blocks back to the system, which then hands out zeroed pages again,
    one fault for each. For the whole process, and for good.

    Returns:
        False where there is no glibc: then nothing was done.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = (_MMAP_THRESHOLD, _TRIM_THRESHOLD)
    return all(mallopt(setting, _LARGEST_THRESHOLD) == 1 for setting in settings)
