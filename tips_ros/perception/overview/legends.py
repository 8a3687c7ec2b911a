# SPDX-License-Identifier: Apache-2.0
"""Keys to the colours: a depth bar with metres, normal directions, class chips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from tips_ros.perception.cloud.point_cloud import UNLABELLED
from tips_ros.perception.overview.lettering import Color, shortened, text_width, write
from tips_ros.perception.overview.top_view import grid_step_m
from tips_ros.perception.pictures import Picture, depth_colors
from tips_ros.perception.semantic.class_counts import class_counts

PAPER: Color = (15, 17, 21)
CARD: Color = (24, 27, 32)
STRONG: Color = (238, 240, 244)
TEXT: Color = (196, 202, 211)
FAINT: Color = (134, 142, 154)
ACCENT: Color = (255, 186, 51)

KEY_ROW_PX = 22
_ROW_PX = 27
_BAR_PX = 8
_NAME_X = 44


class Box(NamedTuple):
    """A rectangle of a sheet, pixels."""

    x: int
    y: int
    width: int
    height: int


def draw_depth_bar(sheet: Picture, box: Box, max_depth_m: float) -> None:
    """The colours from 0 to `max_depth_m`, with round metres below, along the top of the box."""
    colors = depth_colors()[255 - np.linspace(0, 254, 256).round().astype(np.intp)]
    step_m = grid_step_m(max_depth_m)
    metres = [tick * step_m for tick in range(int(max_depth_m / step_m) + 1)]
    draw_bar(sheet, box, colors, {m / max_depth_m: f"{m:g}" if m else "0 m" for m in metres})


def draw_bar(sheet: Picture, box: Box, colors: Picture, ticks: Mapping[float, str]) -> None:
    """A bar along the top of the box, with what its places mean below.

    Args:
        sheet: (H, W, 3) uint8 RGB, drawn to.
        box: at least 34 px high.
        colors: (N, 3) RGB, from the left to the right.
        ticks: place, 0 to 1 → text, from the left to the right; one without room is left out.
    """
    spread = np.linspace(0, len(colors) - 1, box.width).round().astype(np.intp)
    sheet[box.y + 6 : box.y + 6 + _BAR_PX, box.x : box.x + box.width] = colors[spread]
    free_from = box.x
    for place, text in ticks.items():
        width = text_width(text, 12)
        at = box.x + round(place * (box.width - 1))
        x = min(max(at - width // 2, box.x), box.x + box.width - width)
        sheet[box.y + 6 : box.y + 9 + _BAR_PX, at : at + 1] = TEXT
        if x >= free_from:
            write(sheet, text, x, box.y + 28, FAINT, 12)
            free_from = x + width + 6


def draw_class_key(sheet: Picture, box: Box, colors: Mapping[str, Color]) -> None:
    """Names with their colours, in as many rows of `KEY_ROW_PX` as the box has room for."""
    x, y = box.x, box.y
    for name, color in colors.items():
        width = 16 + text_width(name, 13)
        if x + width > box.x + box.width and x > box.x:
            x, y = box.x, y + KEY_ROW_PX
        if y + KEY_ROW_PX > box.y + box.height:
            return
        sheet[y + 6 : y + 16, x : x + 10] = color
        write(sheet, name, x + 16, y + 16, FAINT, 13)
        x += width + 18


def draw_normals_key(sheet: Picture, box: Box) -> None:
    """Draws which colour means which direction, in one row."""
    x = box.x
    for name, color in (
        ("right", (255, 128, 128)),
        ("up", (128, 255, 128)),
        ("toward the camera", (128, 128, 255)),
    ):
        width = 16 + text_width(name, 13)
        if x + width > box.x + box.width:
            return
        sheet[box.y + 10 : box.y + 20, x : x + 10] = color
        write(sheet, name, x + 16, box.y + 20, FAINT, 13)
        x += width + 18


def class_legend(
    labels: Picture, palette: Picture, class_names: Mapping[int, str], width: int, height: int
) -> Picture:
    """The classes that cover most pixels, each with its colour, a bar and its share.

    As many as fit; what remains is summed up in a last line.

    Args:
        labels: (h, w) uint8 class ids, 255 unlabelled.
        palette: (256, 3) uint8 RGB.
        class_names: id → name; an id without a name is shown by its number.
        width: of the picture, pixels.
        height: of the picture, pixels.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    picture = np.full((height, width, 3), CARD, np.uint8)
    counts = class_counts(labels)
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i] > 0]
    rows = max((height - 20) // _ROW_PX, 1)
    shown = order if len(order) <= rows else order[: rows - 1]
    bar_x, bar_end = width * 9 // 20, width - 66
    y = 12
    for class_id in shown:
        name = class_names.get(class_id, f"class {class_id}")
        color = as_color(palette[class_id])
        if class_id == UNLABELLED:
            name, color = "unlabelled", FAINT
            cv2.rectangle(picture, (16, y + 4), (33, y + 19), color)
        else:
            picture[y + 4 : y + 20, 16:34] = color
        write(picture, shortened(name, bar_x - _NAME_X - 8, 15), _NAME_X, y + 18, TEXT, 15)
        length = round((bar_end - bar_x) * counts[class_id] / counts[shown[0]])
        picture[y + 9 : y + 15, bar_x : bar_x + max(length, 1)] = color
        share = f"{counts[class_id] / labels.size:.1%}"
        write(picture, share, width - 14 - text_width(share, 13), y + 17, FAINT, 13)
        y += _ROW_PX
    if len(shown) < len(order):
        rest = sum(int(counts[i]) for i in order[len(shown) :]) / labels.size
        text = f"and {len(order) - len(shown)} more, {rest:.1%} together"
        write(picture, shortened(text, width - 60, 13), _NAME_X, y + 17, FAINT, 13)
    return picture


def as_color(color: Picture) -> Color:
    """A row of a palette, (3,) uint8, as it is drawn with."""
    red, green, blue = (int(channel) for channel in color)
    return red, green, blue
