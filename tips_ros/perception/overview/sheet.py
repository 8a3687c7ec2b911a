# SPDX-License-Identifier: Apache-2.0
"""One sheet that shows a frame and everything predicted from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import UNLABELLED, Cloud
from tips_ros.perception.overview.legends import (
    ACCENT,
    CARD,
    FAINT,
    PAPER,
    STRONG,
    TEXT,
    Box,
    class_legend,
    draw_depth_bar,
    draw_normals_key,
)
from tips_ros.perception.overview.lettering import shortened, text_width, wrapped, write
from tips_ros.perception.overview.top_view import top_view
from tips_ros.perception.pictures import (
    Picture,
    depth_limit_m,
    depth_picture,
    normals_picture,
    overlay,
)

UNTRAINED_BANNER = "UNTRAINED model: random weights, shapes only"

_ON_ACCENT = (38, 26, 0)
_GAP, _TITLE_ROW, _CAPTION_ROW = 20, 32, 34
_MIN_WIDTH = 480
_LARGE_PIXELS = 1 << 22  # pictures of more would take hundreds of megabytes to draw


class _Panel(NamedTuple):
    title: str
    picture: Picture | None
    predicted: bool


def overview(
    rgb: Picture,
    depth_m: NDArray[np.float32] | None = None,
    normals: NDArray[np.float32] | None = None,
    labels: Picture | None = None,
    palette: Picture | None = None,
    class_names: Mapping[int, str] | None = None,
    cloud: Cloud | None = None,
    *,
    title_lines: Sequence[str] = (),
    footer: str = "",
    trained: bool = True,
    max_depth_m: float | None = None,
    width: int = 1600,
    reasons: Mapping[str, str] | None = None,
    points: int | None = None,
    caution: str = "",
    depth_caution: str = "",
) -> Picture:
    """Input, depth, normals / classes, their legend, the cloud from above: two rows of three.

    Args:
        rgb: (H, W, 3) uint8 input image; the panels take its shape.
        depth_m: (h, w) metres along z, of any size, like the other predictions.
        normals: (h, w, 3) unit vectors in the optical frame, facing the camera.
        labels: (h, w) class ids, 255 unlabelled.
        palette: (256, 3) RGB, needed for labels.
        class_names: id → name, for the legend.
        cloud: CLOUD_DTYPE.
        title_lines: the first is the headline.
        footer: one small line at the bottom.
        trained: False writes a banner across the sheet and marks every prediction.
        max_depth_m: end of the depth colours; None fits this frame.
        width: of the sheet, pixels; the height follows. At least 900 stays legible.
        reasons: panel title → why that panel is empty, instead of "not computed".
        points: that the cloud has, where `cloud` is only some of them.
        caution: a line in the header about all predictions, as that the model knows little.
        depth_caution: a few words beside the title of depth, as that it is not metric.

    Returns:
        (height, width, 3) uint8 RGB. A prediction that is None has an empty panel that says so.

    Raises:
        ValueError: labels without a palette, or a width below 480.
    """
    if width < _MIN_WIDTH:
        raise ValueError(f"an overview needs a width of at least {_MIN_WIDTH} px, got {width}")
    if labels is not None and palette is None:
        raise ValueError("labels need a palette; pass ClassList.palette()")
    lines = [*title_lines, *filter(None, [caution])]
    cells, header, height = _layout(rgb, width, lines, footer, trained)
    _, _, panel_width, panel_height = cells[0]
    image = resized(rgb, panel_width, panel_height)
    limit_m = max_depth_m or (1.0 if depth_m is None else depth_limit_m(depth_m))
    small_depth = None if depth_m is None else _thinned(depth_m, panel_width, panel_height)
    small_normals = None if normals is None else _thinned(normals, panel_width, panel_height)

    classes: Picture | None = None
    legend: Picture | None = None
    if labels is not None and palette is not None:
        label_map = cv2.resize(labels, (panel_width, panel_height), interpolation=cv2.INTER_NEAREST)
        classes = overlay(image, np.asarray(label_map, np.uint8), palette)
        legend = class_legend(labels, palette, class_names or {}, panel_width, panel_height)
    panels = (
        _Panel("Input", image, False),
        _Panel("Depth", None if small_depth is None else depth_picture(small_depth, limit_m), True),
        _Panel(
            "Surface normals",
            None if small_normals is None else normals_picture(small_normals),
            True,
        ),
        _Panel("Classes", classes, True),
        _Panel("Largest classes", legend, True),
        _Panel(
            "Cloud from above",
            None if cloud is None else top_view(cloud, panel_width, panel_height),
            True,
        ),
    )
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    _draw_header(sheet, header, lines, trained, cautioned=bool(caution))
    for box, panel in zip(cells, panels, strict=True):
        _draw_panel(sheet, box, panel, (reasons or {}).get(panel.title, "not computed"))
        if panel.predicted and not trained:
            _draw_tag(sheet, box, "untrained")
        elif panel.title == "Depth" and depth_caution and depth_m is not None:
            _draw_tag(sheet, box, depth_caution)

    captions = [_caption_box(box) for box in cells]
    _draw_caption(sheet, captions[0], f"{rgb.shape[1]} x {rgb.shape[0]} px")
    if depth_m is not None:
        draw_depth_bar(sheet, captions[1], limit_m)
    if normals is not None:
        draw_normals_key(sheet, captions[2])
    if labels is not None:
        labelled = float(np.mean(labels != UNLABELLED))
        _draw_caption(sheet, captions[3], f"{labelled:.0%} of the pixels labelled")
    if cloud is not None:
        points = points or int(np.count_nonzero(np.isfinite(cloud["z"])))
        _draw_caption(sheet, captions[5], f"{points:,} points, camera at the bottom")
    if footer:
        line = shortened(footer, width - 2 * _GAP, 13)
        write(sheet, line, _GAP, height - 13, FAINT, 13)
    return sheet


def resized(picture: Picture, width: int, height: int) -> Picture:
    """The picture at another size: averaged when it shrinks, pixels kept when it grows."""
    shrinks = width < picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)


def _thinned(array: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """(H, W, …) with every n-th row and column, twice as many as a panel has or more.

    One that is not large stays as it is.
    """
    if array.shape[0] * array.shape[1] <= _LARGE_PIXELS:
        return array
    n = max(1, min(array.shape[0] // (2 * height), array.shape[1] // (2 * width)))
    return array[::n, ::n]


def _layout(
    rgb: Picture, width: int, title_lines: Sequence[str], footer: str, trained: bool
) -> tuple[list[Box], int, int]:
    """Computes the places of the six pictures, the header's height, and the sheet's."""
    header = _GAP // 2 + (22 + 22 * len(title_lines) if title_lines else 0)
    top = header + (0 if trained else 48)
    panel_width = (width - 4 * _GAP) // 3
    panel_height = max(round(panel_width * rgb.shape[0] / rgb.shape[1]), 120)
    cell_height = _TITLE_ROW + panel_height + _CAPTION_ROW + _GAP // 2
    cells = [
        Box(
            _GAP + column * (panel_width + _GAP),
            top + row * cell_height + _TITLE_ROW,
            panel_width,
            panel_height,
        )
        for row in range(2)
        for column in range(3)
    ]
    return cells, header, top + 2 * cell_height + (28 if footer else 0)


def _draw_header(
    sheet: Picture, header: int, lines: Sequence[str], trained: bool, cautioned: bool
) -> None:
    """The lines below each other, the last of them in the accent's colour where it is a caution."""
    width = sheet.shape[1]
    for number, line in enumerate(lines):
        size, color = (24, STRONG) if number == 0 else (15, TEXT)
        if cautioned and number == len(lines) - 1:
            color = ACCENT
        text = shortened(line, width - 2 * _GAP, size, bold=number == 0)
        write(sheet, text, _GAP, 38 + 24 * number, color, size, bold=number == 0)
    if not trained:
        sheet[header : header + 38, _GAP : width - _GAP] = ACCENT
        text = shortened(UNTRAINED_BANNER, width - 4 * _GAP, 19, bold=True)
        x = (width - text_width(text, 19, bold=True)) // 2
        write(sheet, text, x, header + 26, _ON_ACCENT, 19, bold=True)


def _draw_panel(sheet: Picture, box: Box, panel: _Panel, reason: str) -> None:
    write(sheet, panel.title, box.x, box.y - 10, STRONG, 16, bold=True)
    area = sheet[box.y : box.y + box.height, box.x : box.x + box.width]
    area[:] = CARD
    if panel.picture is not None:
        area[:] = resized(panel.picture, box.width, box.height)
        return
    for number, line in enumerate(wrapped(reason, box.width - 32, 15)):
        write(sheet, line, box.x + 16, box.y + 30 + 22 * number, FAINT, 15)


def _draw_tag(sheet: Picture, box: Box, text: str) -> None:
    """At the right end of a panel's title row."""
    tag_width = text_width(text, 12) + 14
    x = box.x + box.width - tag_width
    sheet[box.y - 24 : box.y - 5, x : x + tag_width] = ACCENT
    write(sheet, text, x + 7, box.y - 10, _ON_ACCENT, 12)


def _caption_box(box: Box) -> Box:
    return Box(box.x, box.y + box.height, box.width, _CAPTION_ROW)


def _draw_caption(sheet: Picture, box: Box, text: str) -> None:
    write(sheet, shortened(text, box.width, 13), box.x, box.y + 20, FAINT, 13)
