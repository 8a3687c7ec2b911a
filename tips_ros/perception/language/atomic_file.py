# SPDX-License-Identifier: Apache-2.0
"""Files that are there whole or not at all, however many processes write them."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_atomically(file: Path, content: bytes) -> None:
    """Writes a small file, and its folders where they are missing.

    Raises:
        OSError: it can't be written; nothing has changed.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(content)
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
