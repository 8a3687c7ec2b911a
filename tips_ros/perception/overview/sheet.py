# SPDX-License-Identifier: Apache-2.0
"""One sheet that shows a frame and everything predicted from it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import UNLABELLED, Cloud
from tips_ros.perception.ground.ground import GroundView
from tips_ros.perception.overview.class_shares import draw_class_shares
from tips_ros.perception.overview.floor_picture import KEY, floor_picture, scan_picture
from tips_ros.perception.overview.page import (
    FAINT,
    NORMALS_KEY,
    Box,
    Page,
    caption,
    color_key,
    depth_bar,
    tag,
)
from tips_ros.perception.overview.top_view import draw_top_view
from tips_ros.perception.pictures import (
    Picture,
    depth_limit_m,
    depth_picture,
    normals_picture,
    overlay,
)

UNTRAINED_BANNER = "UNTRAINED model: random weights, shapes only"

_GAP, _TITLE_ROW, _CAPTION_ROW = 20, 32, 34
_MIN_WIDTH = 480
_LARGE_PIXELS = 1 << 22  # pictures of more would take hundreds of megabytes to draw


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
    ground: GroundView | None = None,
) -> Picture:
    """Input, depth, normals / classes, their legend, the cloud from above: two rows of three.

    With a floor a third row shows it, what stands on it, and the scan.

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
        ground: the floor and what stands on it, of depth of this size.

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
    header = _GAP // 2 + (22 + 22 * len(lines) if lines else 0)
    top = header + (0 if trained else 48)
    panel_width = (width - 4 * _GAP) // 3
    panel_height = max(round(panel_width * rgb.shape[0] / rgb.shape[1]), 120)
    cell_height = _TITLE_ROW + panel_height + _CAPTION_ROW + _GAP // 2
    rows = 2 if ground is None else 3
    page = Page(width, top + rows * cell_height + (28 if footer else 0))
    page.head(lines, accented=bool(caution))
    if not trained:
        page.banner(header, UNTRAINED_BANNER)
    if footer:
        page.write(_GAP, page.height - 13, footer, color=FAINT, size=13)

    def panel(number: int, title: str, picture: Picture | None = None, why: bool = True) -> Any:
        x = _GAP + number % 3 * (panel_width + _GAP)
        y = top + number // 3 * cell_height + _TITLE_ROW
        axes = page.panel(Box(x, y, panel_width, panel_height), title, picture)
        if picture is None and why:
            reason = (reasons or {}).get(title, "not computed")
            text = textwrap.fill(reason, max(panel_width // 9, 10))
            place = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (16, -16)}
            axes.annotate(text, **place, textcoords="offset points", va="top", color=FAINT, size=15)
        if number and not trained:
            tag(axes, "untrained")
        return axes

    image = resized(rgb, panel_width, panel_height)
    caption(panel(0, "Input", image), f"{rgb.shape[1]} x {rgb.shape[0]} px")
    if depth_m is None:
        panel(1, "Depth")
    else:
        limit_m = max_depth_m or depth_limit_m(depth_m)
        small = depth_picture(_thinned(depth_m, panel_width, panel_height), limit_m)
        axes = panel(1, "Depth", resized(small, panel_width, panel_height))
        depth_bar(axes, limit_m)
        if depth_caution and trained:
            tag(axes, depth_caution)
    if normals is None:
        panel(2, "Surface normals")
    else:
        small = normals_picture(_thinned(normals, panel_width, panel_height))
        axes = panel(2, "Surface normals", resized(small, panel_width, panel_height))
        color_key(axes, NORMALS_KEY)
    if labels is None or palette is None:
        panel(3, "Classes")
        panel(4, "Largest classes")
    else:
        label_map = cv2.resize(labels, (panel_width, panel_height), interpolation=cv2.INTER_NEAREST)
        axes = panel(3, "Classes", overlay(image, np.asarray(label_map, np.uint8), palette))
        caption(axes, f"{np.mean(labels != UNLABELLED):.0%} of the pixels labelled")
        axes = panel(4, "Largest classes", why=False)
        draw_class_shares(axes, labels, palette, class_names or {})
    above = panel(5, "Cloud from above", why=cloud is None)
    if cloud is not None:
        draw_top_view(above, cloud)
        points = points or int(np.count_nonzero(np.isfinite(cloud["z"])))
        caption(above, f"{points:,} points, camera at the bottom")
    if ground is not None and depth_m is not None:
        _draw_ground(panel, resized(rgb, depth_m.shape[1], depth_m.shape[0]), ground)
    return page.picture()


def _draw_ground(panel: Callable[..., Any], rgb: Picture, ground: GroundView) -> None:
    """The third row, by a function that makes the panel of a number."""
    axes = panel(6, "Floor and obstacles", floor_picture(rgb, ground))
    colors = {name: tuple(value / 255 for value in color) for name, color in KEY.items()}
    color_key(axes, colors, columns=4)
    width, height = round(axes.bbox.width), round(axes.bbox.height)
    axes = panel(7, "Scan", scan_picture(ground.scan, (height, width)))
    plane = ground.floor.plane
    found = ground.floor.note if plane is None else f"floor {plane.height_m:.2f} m below the camera"
    caption(axes, f"{found}; green is seen and free")


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
