# SPDX-License-Identifier: Apache-2.0
"""Settings of what a memory takes in, and how much it keeps."""

from __future__ import annotations

from typing import NamedTuple


class MemorySettings(NamedTuple):
    """Settings of `Memory`.

    Attributes:
        max_objects: things that are kept; beyond, those go that were not seen for longest.
        max_mb: the same by size, of all things together.
        max_range_m: depth beyond which nothing enters, because it is not trusted.
    """

    max_objects: int = 1000
    max_mb: float = 64.0
    max_range_m: float = 5.0


USUAL = MemorySettings()
