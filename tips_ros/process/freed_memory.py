# SPDX-License-Identifier: Apache-2.0
"""Keeps freed memory in the process, until it is given back as a whole."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

# Numbers of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST_HEAPS = -1, -3, -8
_LARGEST_THRESHOLD = 2**31 - 1
# A thread takes from one of eight heaps for each core, and each keeps what was ever needed of it: a
# node that runs for days would grow until each had its turn with the largest frame.
_HEAPS = 2


def keep_freed_memory() -> bool:
    """Lets glibc use a freed array's memory for the next one of its size.

    By default it gives large blocks back to the system, which then hands out zeroed pages again,
    one fault for each. For the whole process, and for good.

    Returns:
        False where there is no glibc: then nothing was done.
    """
    mallopt = _glibc("mallopt")
    if mallopt is None:
        return False
    settings = (
        (_MMAP_THRESHOLD, _LARGEST_THRESHOLD),
        (_TRIM_THRESHOLD, _LARGEST_THRESHOLD),
        (_MOST_HEAPS, _HEAPS),
    )
    return all([mallopt(*setting) == 1 for setting in settings])


def give_back_freed_memory() -> bool:
    """Gives the system what is free now, as after a model has gone.

    Each thread takes from one of many heaps: a model that is loaded again by another thread would
    come beside the memory of the one before.

    Returns:
        False where there is no glibc, or nothing to give.
    """
    malloc_trim = _glibc("malloc_trim")
    return malloc_trim is not None and malloc_trim(ctypes.c_size_t(0)) == 1


def _glibc(name: str) -> Any:
    """A function of the C library's; None where it has none of that name."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
