# SPDX-License-Identifier: Apache-2.0
"""A folder for the files of one process of the fuzzer."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tips_ros-fuzz-")  # goes with the process


def scratch() -> Path:
    """The folder."""
    return Path(_folder().name)


def scratch_file(name: str, content: bytes) -> Path:
    """A file in it with this content; whatever was there before is gone."""
    path = scratch() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
