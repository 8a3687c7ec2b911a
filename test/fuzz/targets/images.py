# SPDX-License-Identifier: Apache-2.0
"""Raw images and depth images: sizes, steps and encodings that do not fit together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tips_ros.perception.images.encodings import (
    SUPPORTED_ENCODINGS,
    MalformedImage,
    UnsupportedEncoding,
    decode_depth,
    decode_image,
)

from ..mutations import ODD_NUMBERS
from ..target import Target, refusal


class RawImage(NamedTuple):
    """The fields of a message."""

    encoding: str
    height: int
    width: int
    step: int
    data: bytes
    is_bigendian: bool


_ENCODINGS = st.one_of(
    st.sampled_from(SUPPORTED_ENCODINGS),
    st.sampled_from(("32FC1", "64FC2", "")),
    st.text(max_size=9),
)
_SIDES = st.one_of(st.integers(0, 12), st.sampled_from(ODD_NUMBERS))
_BYTES = st.one_of(st.binary(max_size=64), st.builds(bytes, st.integers(0, 2000)))


@st.composite
def _fitting(draw: Any) -> RawImage:
    """An image that is nearly right: as many bytes as some reading of its sizes takes."""
    height, width = draw(st.integers(1, 16)), draw(st.integers(1, 16))
    step = width * draw(st.sampled_from((1, 2, 3, 4, 6, 8))) + draw(st.integers(0, 3))
    size = max(0, height * step + draw(st.integers(-3, 3)))
    if draw(st.booleans()):
        size = size * 3 // 2
    data = draw(st.binary(min_size=1, max_size=8)) * (size // 8 + 1)
    return RawImage(draw(_ENCODINGS), height, width, step, data[:size], draw(st.booleans()))


_CASES = st.one_of(
    _fitting(), st.builds(RawImage, _ENCODINGS, _SIDES, _SIDES, _SIDES, _BYTES, st.booleans())
)


def check_image(image: RawImage) -> None:
    """Pixels of the size that was announced, or a refusal."""
    with refusal(MalformedImage, UnsupportedEncoding):
        e, h, w, step, data, big = image
        rgb = decode_image(data, e, h, w, step, big)
        assert rgb.shape == (h, w, 3) and rgb.dtype == np.uint8
        rgb.sum()  # reads every pixel: none may lie outside of the message


def check_depth(image: RawImage) -> None:
    """Metres of the size that was announced, NaN or above zero, or a refusal."""
    with refusal(MalformedImage, UnsupportedEncoding):
        depth_m = decode_depth(image.data, *image[:4], image.is_bigendian)
        assert depth_m.shape == (image.height, image.width)
        assert np.all(np.isnan(depth_m) | ((depth_m > 0) & np.isfinite(depth_m)))


_DEPTH_CASES = _CASES.flatmap(
    lambda image: st.sampled_from(("32FC1", "16UC1", "mono16")).map(
        lambda encoding: image._replace(encoding=encoding)
    )
)
TARGETS = (
    Target("images", _CASES, check_image),
    Target("depth images", _DEPTH_CASES, check_depth),
)
