# SPDX-License-Identifier: Apache-2.0
"""The Exif orientation of a picture file, and pictures turned by it.

Convention: the tag 0x0112 says where the first row and the first column of what is stored belong,
1 to 8; 1 is as it is stored. A TIFF file's tag is not told here: OpenCV applies it by itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import PngImagePlugin, WebPImagePlugin

from tips_ros.perception.images.picture_header import (
    JPEG,
    MOST_OF_A_HEAD,
    PNG,
    WEBP,
    FewReads,
    JpegHead,
    read_first_tags,
)

AS_STORED = 1
# What is done to the stored picture.
TURNS = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 270 degrees clockwise",
    6: "turned by 90 degrees clockwise",
    7: "mirrored and turned by 90 degrees clockwise",
    8: "turned by 270 degrees clockwise",
}
_FIRST_ON_ITS_SIDE = 5
_MIRRORED = (2, 4, 5, 7)
_ROTATIONS = {
    **dict.fromkeys((3, 4), cv2.ROTATE_180),
    **dict.fromkeys((6, 7), cv2.ROTATE_90_CLOCKWISE),
    **dict.fromkeys((5, 8), cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_TAG = 0x0112
_EXIF = b"Exif\0\0"  # before the tags, in a JPEG always
_MOST = 1 << 16  # bytes of tags; one segment of a JPEG has no more
_MOST_BLOCKS = 8  # of a JPEG that are looked through


def orientation_of(data: bytes) -> int:
    """The orientation that a JPEG, PNG or WebP file tells; 1 where it tells none that is known."""
    try:
        blocks = next(read(data) for start, read in _BLOCKS.items() if data.startswith(start))
    except Exception:  # of any type: Pillow is given what nobody has looked at
        return AS_STORED
    known = (told for told in map(_read_orientation, blocks) if told in (AS_STORED, *TURNS))
    return next(known, AS_STORED)


def _read_orientation(block: bytes) -> int:
    """The tag's number; 0 where there is none."""
    try:
        return read_first_tags(block.removeprefix(_EXIF)[:_MOST]).get(_TAG, 0)
    except (KeyError, struct.error):
        return 0


def _of_jpeg(data: bytes) -> list[bytes]:
    head = JpegHead(FewReads(data[:MOST_OF_A_HEAD]))
    segments = [content for name, content in head.applist if name == "APP1"]
    return [content for content in segments if content.startswith(_EXIF)][:_MOST_BLOCKS]


def _of_png(data: bytes) -> list[bytes]:
    """Its chunk of tags, which may lie behind the pixels."""
    file = FewReads(data)
    file.seek(len(PNG))
    chunks = PngImagePlugin.ChunkStream(file)
    while True:  # an error ends it, too
        name, begin, length = chunks.read()
        if name == b"IEND":
            return []
        if name == b"eXIf":
            return [file.read(min(length, _MOST))]
        file.seek(begin + length + 4)  # and its checksum


def _of_webp(data: bytes) -> list[bytes]:
    return [bytes(WebPImagePlugin.WebPImageFile(BytesIO(data)).info["exif"])]


_BLOCKS: dict[bytes, Callable[[bytes], Sequence[bytes]]] = {
    JPEG: _of_jpeg,
    PNG: _of_png,
    WEBP: _of_webp,
}


def rotate_upright_by_tag(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture as its tag says that it is to be seen.

    Args:
        stored: (H, W, 3).
        orientation: 1 to 8.

    Returns:
        (H, W, 3) or, from 5 on, (W, H, 3), contiguous; the picture itself at 1.
    """
    picture: Any = cv2.flip(stored, 1) if orientation in _MIRRORED else stored
    if orientation in _ROTATIONS:
        picture = cv2.rotate(picture, _ROTATIONS[orientation])
    return np.asarray(picture, np.uint8)


def upright_size(size: tuple[int, ...], orientation: int) -> tuple[int, ...]:
    """(H, W) of the stored picture → that of the upright one."""
    return size[::-1] if orientation >= _FIRST_ON_ITS_SIDE else size
