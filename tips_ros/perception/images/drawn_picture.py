# SPDX-License-Identifier: Apache-2.0
"""Pictures that were drawn here: each says so in its file, so that none is taken for a camera's.

Sheets and plots often lie in the folder that they were made of. The mark is text that the formats
have a place for, which viewers show and decoders pass over; it outlives a new name, and is lost
with all other such text where a picture is stored anew without it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MARK = "drawn by tips_ros"
_SOFTWARE_TAG = 0x131
_ENDS = 1 << 11  # a mark is this close to one end of its file
_SAVED: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 2},
    ".jpg": {"format": "JPEG", "quality": 95},
}


def make_mark() -> Image.Exif:
    """The mark, for Pillow's `save`."""
    exif = Image.Exif()
    exif[_SOFTWARE_TAG] = MARK
    return exif


def encode_drawn(rgb: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    """The file of a picture, with the mark.

    Args:
        rgb: (H, W, 3) of any strides.
        suffix: `.png` or `.jpg`.
    """
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, exif=make_mark(), **_SAVED[suffix])
    return file.getvalue()


def is_drawn(path: Path) -> bool:
    """Whether a file has the mark; one that cannot be read has not."""
    try:
        with path.open("rb") as file:
            head = file.read(_ENDS)
            file.seek(max(0, file.seek(0, io.SEEK_END) - _ENDS))
            return MARK.encode() in head or MARK.encode() in file.read()
    except OSError:
        return False
