# SPDX-License-Identifier: Apache-2.0
"""Compressed images: damaged files, other formats, files that unpack to more than anybody has."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from io import BytesIO

import cv2
import numpy as np
from hypothesis import strategies as st
from PIL.PngImagePlugin import putchunk

from tips_ros.perception.images.compressed import decode_compressed
from tips_ros.perception.images.encodings import MalformedImage, UnsupportedEncoding
from tips_ros.perception.images.orientation import orientation_of
from tips_ros.perception.images.picture_header import MOST_PIXELS, PNG

from ..mutations import ODD_NUMBERS, mutated
from ..target import Target, refusal

_KINDS = (".jpg", ".png", ".webp", ".bmp", ".tif", ".ppm", ".hdr", ".sr", ".jp2", ".gif", ".avif")


def png_of(width: int, height: int, depth: int = 8, colour: int = 2, rows: int = 8) -> bytes:
    """A small PNG file that claims a size; its checksums are right, its pixels few."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(bytes(1 + 3 * min(width, 4096)) * rows)
    file = BytesIO()
    file.write(PNG)
    for name, data in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")):
        putchunk(file, name, data)
    return file.getvalue()


@lru_cache(maxsize=1)
def seeds() -> tuple[bytes, ...]:
    """A small picture in each format that OpenCV writes here, colour and grey, 8 and 16 bits."""
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (9, 13, 3), np.uint8)
    found = []
    for kind in _KINDS:
        for picture in (small, small[..., 0], small.astype(np.uint16) * 257):
            try:
                is_written, data = cv2.imencode(kind, picture)
            except cv2.error:
                continue
            if is_written:
                found.append(data.tobytes())
    return tuple(found)


_FORMATS = st.one_of(
    st.sampled_from(
        (
            "jpeg",
            "png",
            "rgb8; jpeg compressed bgr8",
            "bayer_rggb8; jpeg compressed",
            "",
            "bayer_",
            ";",
        )
    ),
    st.text(max_size=12),
)
_SIDES = st.one_of(st.integers(1, 40), st.sampled_from(ODD_NUMBERS))
_BOMBS = st.builds(
    png_of, _SIDES, _SIDES, st.sampled_from((1, 8, 16)), st.sampled_from((0, 2, 3, 4, 6))
)


def check_picture(case: tuple[bytes, str]) -> None:
    """A picture that somebody can hold, or a refusal."""
    data, format = case
    with refusal(MalformedImage, UnsupportedEncoding):
        rgb = decode_compressed(data, format)
        assert rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.dtype == np.uint8
        assert rgb.shape[0] * rgb.shape[1] <= MOST_PIXELS
    assert 1 <= orientation_of(data) <= 8


TARGETS = (
    Target(
        "compressed images",
        st.tuples(st.deferred(lambda: mutated(seeds())), _FORMATS),
        check_picture,
    ),
    Target("absurd pictures", st.tuples(_BOMBS, _FORMATS), check_picture),
)
