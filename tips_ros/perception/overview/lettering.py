# SPDX-License-Identifier: Apache-2.0
"""Text on pictures, with whatever font the installed OpenCV has."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Color: TypeAlias = tuple[int, int, int]

_Cv: Any = cv2
# OpenCV 5 brings a real typeface (accents, most scripts); OpenCV 4 only strokes of plain ASCII.
_FACE: Any = _Cv.FontFace("sans") if hasattr(_Cv, "FontFace") else None
_REGULAR, _BOLD = 400, 650


def write(
    picture: NDArray[np.uint8],
    text: str,
    x: int,
    baseline_y: int,
    color: Color,
    size_px: int = 14,
    bold: bool = False,
) -> None:
    """Draw one line of anti-aliased text into an (H, W, 3) uint8 picture, in place.

    Args:
        picture: C-contiguous; the colour's channel order is the picture's.
        text: what to write.
        x: left edge of the text, pixels.
        baseline_y: row on which the letters stand.
        color: three bytes.
        size_px: font size, about 1.4 times the height of a capital letter.
        bold: heavier strokes.
    """
    if _FACE is not None:
        weight = _BOLD if bold else _REGULAR
        _Cv.putText(picture, text, (x, baseline_y), color, _FACE, size_px, weight)
    else:
        font, scale, thickness = _strokes(size_px, bold)
        _Cv.putText(picture, text, (x, baseline_y), font, scale, color, thickness, cv2.LINE_AA)


def text_width(text: str, size_px: int = 14, bold: bool = False) -> int:
    """Pixels from the left edge of the text to its end."""
    if not text:
        return 0
    if _FACE is not None:
        weight = _BOLD if bold else _REGULAR
        x, _, width, _ = _Cv.getTextSize((0, 0), text, (0, 0), _FACE, size_px, weight)
        return int(x + width)
    font, scale, thickness = _strokes(size_px, bold)
    return int(_Cv.getTextSize(text, font, scale, thickness)[0][0])


def shortened(text: str, width_px: int, size_px: int = 14, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits with three dots after it."""
    if text_width(text, size_px, bold) <= width_px:
        return text
    while text and text_width(text + "...", size_px, bold) > width_px:
        text = text[:-1].rstrip()
    return text + "..."


def wrapped(text: str, width_px: int, size_px: int = 14) -> list[str]:
    """The text in lines that fit; a word that doesn't is shortened."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size_px) <= width_px:
            lines[-1] = longer
        else:
            lines.append(shortened(word, width_px, size_px))
    return lines


def _strokes(size_px: int, bold: bool) -> tuple[int, float, int]:
    font = cv2.FONT_HERSHEY_DUPLEX if bold else cv2.FONT_HERSHEY_SIMPLEX
    return font, size_px / 32, 1
