# SPDX-License-Identifier: Apache-2.0
"""The Exif orientation of a picture file, and pictures turned by it.

Convention: the tag 0x0112 says where the first row and the first column of what is stored belong,
1 to 8; 1 is as it is stored. A TIFF file's tag is not told here: OpenCV applies it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.images import jpeg_file

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
_TAG, _ENTRY_BYTES = 0x0112, 12
_BYTES_OF_TYPE = {1: 1, 3: 2, 4: 4}  # BYTE, SHORT, LONG
_EXIF = b"Exif\0\0"
_PNG, _PNG_FRAME = b"\x89PNG\r\n\x1a\n", 12  # length and name before, checksum after a chunk


def orientation_of(data: bytes) -> int:
    """The orientation that a JPEG, PNG or WebP file tells; 1 where it tells none that is known."""
    for exif in _exif_blocks(data):
        if (told := _read_tag(exif)) in TURNS:
            return told
    return AS_STORED


def rotate_upright_by_tag(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture as its tag says that it is to be seen.

    Args:
        stored: (H, W, 3).
        orientation: 1 to 8.

    Returns:
        (H, W, 3) or, from 5 on, (W, H, 3), contiguous; the picture itself at 1.
    """
    picture: Any = stored
    if orientation in (2, 5, 7):
        picture = cv2.flip(picture, 1)
    if orientation == 4:
        picture = cv2.flip(picture, 0)
    if orientation == 3:
        picture = cv2.rotate(picture, cv2.ROTATE_180)
    if orientation in (6, 7):
        picture = cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE)
    if orientation in (5, 8):
        picture = cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return np.asarray(picture, np.uint8)


def upright_size(size: tuple[int, ...], orientation: int) -> tuple[int, ...]:
    """(H, W) of the stored picture → that of the upright one."""
    return size[::-1] if orientation >= _FIRST_ON_ITS_SIDE else size


def _exif_blocks(data: bytes) -> Iterator[bytes]:
    """Yields what may be a TIFF header with the tags, from each place where a file may have it."""
    if data.startswith(jpeg_file.START):
        for segment in jpeg_file.before_the_scan(data):
            if segment.marker == jpeg_file.APP1 and segment.payload.startswith(_EXIF):
                yield segment.payload[len(_EXIF) :]
    elif data.startswith(_PNG):
        at = len(_PNG)
        while at + 8 <= len(data):
            length = int.from_bytes(data[at : at + 4], "big")
            if data[at + 4 : at + 8] == b"eXIf":
                yield data[at + 8 : at + 8 + length]
            at += _PNG_FRAME + length
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        at = 12
        while at + 8 <= len(data):
            length = int.from_bytes(data[at + 4 : at + 8], "little")
            if data[at : at + 4] == b"EXIF":
                yield data[at + 8 : at + 8 + length].removeprefix(_EXIF)
            at += 8 + length + length % 2


def _read_tag(tiff: bytes) -> int | None:
    """The orientation in the first directory of tags; None where there is none to be read."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return None

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)  # type: ignore[arg-type]

    directory = number(4, 4)
    for entry in range(min(number(directory, 2), len(tiff) // _ENTRY_BYTES)):
        at = directory + 2 + entry * _ENTRY_BYTES
        if number(at, 2) == _TAG:
            return number(at + 8, _BYTES_OF_TYPE.get(number(at + 2, 2), 0))
    return None
