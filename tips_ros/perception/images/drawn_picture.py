# SPDX-License-Identifier: Apache-2.0
"""Pictures that were drawn here: each says so in its file, so that none is taken for a camera's.

Sheets and plots often lie in the folder that they were made of. The mark is text that the formats
have a place for, which viewers show and decoders pass over; it outlives a new name, and is lost
with all other such text where a picture is stored anew without it.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

MARK = "drawn by tips_ros"
SOFTWARE_TAG = 0x131  # of Exif, where a WebP keeps it
_ENDS = 1 << 11  # a mark is this close to one end of its file
_PNG_HEADER = 8 + 25  # the signature, and the first chunk


def encode_drawn(rgb: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    """The file of a picture, with the mark.

    Args:
        rgb: (H, W, 3) of any strides.
        suffix: `.png` or `.jpg`.
    """
    written, encoded = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert written
    data = encoded.tobytes()
    if suffix == ".png":
        at, note = _PNG_HEADER, _png_text()
    else:  # behind JFIF's own segment, which is the first
        at, note = 4 + int.from_bytes(data[4:6], "big"), _jpeg_comment()
    return data[:at] + note + data[at:]


def is_drawn(path: Path) -> bool:
    """Whether a file has the mark; one that cannot be read has not."""
    try:
        with path.open("rb") as file:
            head = file.read(_ENDS)
            file.seek(max(0, file.seek(0, io.SEEK_END) - _ENDS))
            return MARK.encode() in head or MARK.encode() in file.read()
    except OSError:
        return False


def _png_text() -> bytes:
    named = b"tEXt" + b"Software\0" + MARK.encode()
    return (len(named) - 4).to_bytes(4, "big") + named + zlib.crc32(named).to_bytes(4, "big")


def _jpeg_comment() -> bytes:
    return b"\xff\xfe" + (len(MARK) + 2).to_bytes(2, "big") + MARK.encode()
