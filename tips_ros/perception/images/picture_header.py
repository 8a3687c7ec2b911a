# SPDX-License-Identifier: Apache-2.0
"""The size that a picture file announces, and whether its bytes are those that were written.

A few hundred bytes can announce more pixels than any machine has room for, so the head of the file
is looked at before OpenCV unpacks a pixel, by Pillow where it is more than two numbers, and the end
and the checksums where the format has them: OpenCV makes a picture of the part that it understands.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import BmpImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from tips_ros.perception.images.rows import MalformedImage

MOST_PIXELS = 1 << 27  # 134 million; the largest cameras have as many
JPEG, PNG, WEBP = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF"  # begin a file
_END_OF_JPEG = b"\xff\xd9"
MOST_OF_A_HEAD = 1 << 24  # bytes of a JPEG before its first scan
_MOST_READS = 1 << 16  # three or four a piece; a PNG of 170 MB in usual pieces needs as many
_MOST_PACKED = 100  # chunks of a PNG that are packed text; OpenCV unpacks all, some ms each
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_WHOLE = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i"}  # types of a tag's value that are whole numbers
# As OpenCV reads it: a comment ends at either end of a line, and the byte behind a number is lost.
_BETWEEN = rb"\s(?:\s|#[^\r\n]*[\r\n])*"
_PNM = re.compile(rb"P[1-6]" + _BETWEEN + rb"(\d{1,9})" + _BETWEEN + rb"(\d{1,9})\s")
_MOST_OF_A_PNM_HEAD = 1 << 12  # bytes
_SMALLER = "publish a smaller picture"

Size = tuple[int, int]  # columns, rows


class _TooMuch(Exception):
    """More than anybody has room or time for.

    Attributes:
        remedy: what to do.
    """

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(fault)
        self.remedy = remedy


class FewReads(BytesIO):
    """A file in memory that ends after so many reads: millions of tiny pieces take long."""

    _left = _MOST_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads on.

        Raises:
            EOFError: it was asked too often.
        """
        self._left -= 1
        if self._left < 0:
            raise EOFError("too many pieces")
        return super().read(size)


class _WithoutExif(dict[Any, Any]):
    """Notes of a file without its Exif tags, which Pillow would join in quadratic time."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if key != "exif":
            super().__setitem__(key, value)


class JpegHead(JpegImagePlugin.JpegImageFile):
    """A JPEG file up to its first scan, its Exif tags left packed.

    Pillow would unpack all of them to learn the dots per inch, which old versions do to gigabytes.
    """

    def _open(self) -> None:
        self.info = _WithoutExif()
        super()._open()


def check_picture(data: bytes, format: str) -> None:
    """Looks at a picture file that came from anywhere, before it is decoded.

    Args:
        data: the file.
        format: what the message says of it, for the error.

    Raises:
        MalformedImage: of no kind whose size can be told, cut off, damaged, or too large.
    """
    measure = next((measure for start, measure in _MEASURES if data.startswith(start)), None)
    if measure is None or (data.startswith(WEBP) and data[8:12] != b"WEBP"):
        raise MalformedImage(
            f"compressed image of format {format!r} ({len(data)} bytes) cannot be read; "
            f"publish a JPEG or PNG"
        )
    try:
        width, height = measure(data)
        if width < 1 or height < 1:
            raise ValueError("no pixels")
        if width * height > MOST_PIXELS:
            raise _TooMuch(
                f"{width}x{height} pixels in {len(data)} bytes, and {MOST_PIXELS} is the most",
                _SMALLER,
            )
    except (_TooMuch, Image.DecompressionBombError) as error:
        remedy = error.remedy if isinstance(error, _TooMuch) else _SMALLER
        raise MalformedImage(
            f"compressed image that announces too much ({error}); {remedy}"
        ) from error
    except Exception as error:  # of any type: Pillow is given what nobody has looked at
        raise MalformedImage(
            f"compressed image of format {format!r} ends too early or is damaged; "
            "check the link to the camera"
        ) from error


def measure_jpeg(data: bytes) -> Size:
    """The size of a JPEG file that has an end behind its first scan.

    OpenCV would fill what is missing with grey and call it a picture. A thumbnail in the file has
    an end marker of its own, before the scan.

    Raises:
        Exception: of several types, for a file that is cut off or damaged.
    """
    head = FewReads(data[:MOST_OF_A_HEAD])
    size = JpegHead(head).size
    if data.rfind(_END_OF_JPEG, head.tell()) < 0:
        raise EOFError
    return size


def read_first_tags(data: bytes) -> dict[int, int]:
    """Whole numbers of the first directory of a TIFF file or of Exif tags.

    The first of several equal tags counts, as for libtiff; a tag of another type, or of several
    values, is 0. No value that lies elsewhere is read.

    Raises:
        KeyError: the data begin otherwise.
        struct.error: they end too early.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}[data[:4]]
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (number,) = struct.unpack_from(f"{order}H", data, at)
    tags: dict[int, int] = {}
    for place in range(at + 2, at + 2 + 12 * number, 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", data, place)
        format = f"{order}{_WHOLE[kind]}" if kind in _WHOLE and count == 1 else ""
        tags.setdefault(tag, struct.unpack_from(format, data, place + 8)[0] if format else 0)
    return tags


def _tiff(data: bytes) -> Size:
    tags = read_first_tags(data)
    return tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]


def _png(data: bytes) -> Size:
    """The size by the first chunk, once all of them are what was written."""
    file = FewReads(data)
    file.seek(len(PNG))
    chunks = PngImagePlugin.ChunkStream(file)
    names = chunks.verify()
    chunks.crc(b"IEND", b"")  # which `verify` leaves
    if names[0] != b"IHDR" or b"IDAT" not in names:
        raise EOFError
    if sum(map(names.count, (b"zTXt", b"iTXt", b"iCCP"))) > _MOST_PACKED:
        raise _TooMuch(f"more than {_MOST_PACKED} packed texts", "publish it without them")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _pnm(data: bytes) -> Size:
    found = _PNM.match(data, 0, _MOST_OF_A_PNM_HEAD)
    if found is None:
        raise ValueError("no size")
    return int(found[1]), int(found[2])


def _by(opened: Callable[[BytesIO], ImageFile.ImageFile]) -> Callable[[bytes], Size]:
    return lambda data: opened(BytesIO(data)).size


_MEASURES: tuple[tuple[bytes | tuple[bytes, ...], Callable[[bytes], Size]], ...] = (
    (JPEG, measure_jpeg),
    (PNG, _png),
    (WEBP, _by(WebPImagePlugin.WebPImageFile)),
    (b"BM", _by(BmpImagePlugin.BmpImageFile)),
    (b"GIF8", _gif),
    ((b"II*\0", b"MM\0*"), _tiff),
    ((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"), _pnm),
)
