# SPDX-License-Identifier: Apache-2.0
"""The size that a picture file announces, and whether its bytes are those that were written.

A few hundred bytes can announce more pixels than any machine has room for, so Pillow looks at the
head of the file before OpenCV unpacks a pixel, and at the end and the checksums where the format
has them: OpenCV makes a picture of the part that it understands.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from tips_ros.perception.images.rows import MalformedImage

MOST_PIXELS = 1 << 27  # 134 million; the largest cameras have as many
JPEG, PNG, WEBP = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF"  # begin a file
_END_OF_JPEG = b"\xff\xd9"
_MOST_OF_A_HEAD = 1 << 24  # bytes
_MOST_PACKED = 100  # chunks of a PNG that are packed text; OpenCV unpacks all, some ms each
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257

Size = tuple[int, int]  # columns, rows


class JpegHead(JpegImagePlugin.JpegImageFile):
    """A JPEG file up to its first scan, its Exif tags left packed.

    Pillow would unpack all of them to learn the dots per inch, which old versions do to gigabytes.
    """

    def getexif(self) -> Image.Exif:
        """No tags."""
        return Image.Exif()


def check_picture(data: bytes, format: str) -> None:
    """Looks at a picture file that came from anywhere, before it is decoded.

    Args:
        data: the file.
        format: what the message says of it, for the error.

    Raises:
        MalformedImage: of no kind whose size can be told, cut off, damaged, or too large.
    """
    measure = next((measure for start, measure in _MEASURES if data.startswith(start)), None)
    if measure is None:
        raise MalformedImage(
            f"compressed image of format {format!r} ({len(data)} bytes) cannot be read; "
            f"publish a JPEG or PNG"
        )
    try:
        width, height = measure(data)
        if width < 1 or height < 1:
            raise ValueError("no pixels")
        if width * height > MOST_PIXELS:
            raise Image.DecompressionBombError(
                f"{width}x{height} pixels in {len(data)} bytes, and {MOST_PIXELS} is the most"
            )
    except Image.DecompressionBombError as error:
        raise MalformedImage(
            f"compressed image that announces too much ({error}); publish a smaller picture"
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
    head = BytesIO(data[:_MOST_OF_A_HEAD])
    size = JpegHead(head).size
    if data.rfind(_END_OF_JPEG, head.tell()) < 0:
        raise EOFError
    return size


def _png(data: bytes) -> Size:
    """The size by the first chunk, once all of them are what was written."""
    file = BytesIO(data)
    file.seek(len(PNG))
    names = PngImagePlugin.ChunkStream(file).verify()
    if names[0] != b"IHDR" or b"IDAT" not in names:
        raise EOFError
    if sum(map(names.count, (b"zTXt", b"iTXt", b"iCCP"))) > _MOST_PACKED:
        raise Image.DecompressionBombError("more texts than pixels")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _tiff(data: bytes) -> Size:
    file, tags = _ReadOnce(data), TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    file.seek(tags.next)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged tags; only two are wanted
        tags.load(file)
    return tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]


class _ReadOnce(BytesIO):
    """A file that gives no more bytes than it has, however many tags share their value."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads on, until as much was given as there is."""
        read = super().read(self._left if size is None or size < 0 else min(size, self._left))
        self._left -= len(read)
        return read


def _by(opened: Callable[[BytesIO], ImageFile.ImageFile]) -> Callable[[bytes], Size]:
    return lambda data: opened(BytesIO(data)).size


_MEASURES: tuple[tuple[bytes | tuple[bytes, ...], Callable[[bytes], Size]], ...] = (
    (JPEG, measure_jpeg),
    (PNG, _png),
    (WEBP, _by(WebPImagePlugin.WebPImageFile)),
    (b"BM", _by(BmpImagePlugin.BmpImageFile)),
    (b"GIF8", _by(GifImagePlugin.GifImageFile)),
    ((b"II*\0", b"MM\0*"), _tiff),
    ((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"), _by(PpmImagePlugin.PpmImageFile)),
)
