# SPDX-License-Identifier: Apache-2.0
"""One sheet that shows a frame and everything predicted from it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.cloud.point_cloud import Cloud
from tips_ros.perception.ground.ground import GroundView
from tips_ros.perception.map_pictures import (
    Picture,
    depth_limit_m,
    depth_picture,
    deviation_picture,
    normals_picture,
    overlay,
)
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
    deviation_bar,
    tag,
)
from tips_ros.perception.overview.top_view import draw_top_view

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
    asked_for: Collection[int] = (),
    stddev_m: NDArray[np.float32] | None = None,
    stddev_caution: str = "",
    ground: GroundView | None = None,
) -> Picture:
    """Input, depth, normals / classes, their legend, the cloud from above: two rows of three.

    With a deviation, two rows of four: it stands beside depth, and the cloud has twice the room.
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
        asked_for: ids of classes that the legend names where no pixel has them, too.
        stddev_m: (h, w) metres, the deviation of depth_m; needs it.
        stddev_caution: a few words beside its title, as that it is not calibrated.
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
    sure = depth_m is not None and stddev_m is not None
    columns = 4 if sure else 3
    panel_width = (width - (columns + 1) * _GAP) // columns
    panel_height = max(round(panel_width * rgb.shape[0] / rgb.shape[1]), 120)
    cell_height = _TITLE_ROW + panel_height + _CAPTION_ROW + _GAP // 2
    rows = 2 if ground is None else 3
    page = Page(width, top + rows * cell_height + (28 if footer else 0))
    page.head(lines, accented=bool(caution))
    if not trained:
        page.banner(header, UNTRAINED_BANNER)
    if footer:
        page.write(_GAP, page.height - 13, footer, color=FAINT, size=13)

    def panel(
        row: int,
        column: int,
        title: str,
        picture: Picture | None = None,
        why: bool = True,
        cells: int = 1,
    ) -> Any:
        x = _GAP + column * (panel_width + _GAP)
        y = top + row * cell_height + _TITLE_ROW
        across = cells * (panel_width + _GAP) - _GAP
        axes = page.panel(Box(x, y, across, panel_height), title, picture)
        if picture is None and why:
            reason = (reasons or {}).get(title, "not computed")
            text = textwrap.fill(reason, max(panel_width // 9, 10))
            place = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (16, -16)}
            axes.annotate(text, **place, textcoords="offset points", va="top", color=FAINT, size=15)
        if (row or column) and not trained:
            tag(axes, "untrained")
        return axes

    image = resize_picture(rgb, panel_width, panel_height)
    caption(panel(0, 0, "Input", image), f"{rgb.shape[1]} x {rgb.shape[0]} px")
    if depth_m is None:
        panel(0, 1, "Depth")
    else:
        limit_m = max_depth_m or depth_limit_m(depth_m)
        small = depth_picture(_thin(depth_m, panel_width, panel_height), limit_m)
        axes = panel(0, 1, "Depth", resize_picture(small, panel_width, panel_height))
        depth_bar(axes, limit_m)
        if depth_caution and trained:
            tag(axes, depth_caution)
    if depth_m is not None and stddev_m is not None:
        few = [_thin(array, panel_width, panel_height) for array in (stddev_m, depth_m)]
        small = deviation_picture(*few)
        axes = panel(0, 2, "Depth's deviation", resize_picture(small, panel_width, panel_height))
        deviation_bar(axes)
        if stddev_caution and trained:
            tag(axes, stddev_caution)
    if normals is None:
        panel(0, columns - 1, "Surface normals")
    else:
        small = normals_picture(_thin(normals, panel_width, panel_height))
        axes = panel(
            0, columns - 1, "Surface normals", resize_picture(small, panel_width, panel_height)
        )
        color_key(axes, NORMALS_KEY)
    if labels is None or palette is None:
        panel(1, 0, "Classes")
        panel(1, 1, "Largest classes")
    else:
        label_map = cv2.resize(labels, (panel_width, panel_height), interpolation=cv2.INTER_NEAREST)
        axes = panel(1, 0, "Classes", overlay(image, np.asarray(label_map, np.uint8), palette))
        caption(axes, f"{np.mean(labels != UNLABELLED):.0%} of the pixels labelled")
        axes = panel(1, 1, "Largest classes", why=False)
        draw_class_shares(axes, labels, palette, class_names or {}, asked_for)
    above = panel(1, 2, "Cloud from above", why=cloud is None, cells=columns - 2)
    if cloud is not None:
        draw_top_view(above, cloud)
        points = points or int(np.count_nonzero(np.isfinite(cloud["z"])))
        caption(above, f"{points:,} points, camera at the bottom")
    if ground is not None and depth_m is not None:
        _draw_ground(panel, resize_picture(rgb, depth_m.shape[1], depth_m.shape[0]), ground)
    return page.picture()


def _draw_ground(panel: Callable[..., Any], rgb: Picture, ground: GroundView) -> None:
    """Draws the third row, by a function that makes the panel of a row and a column."""
    axes = panel(2, 0, "Floor and obstacles", floor_picture(rgb, ground))
    colors = {name: tuple(value / 255 for value in color) for name, color in KEY.items()}
    color_key(axes, colors, columns=4)
    width, height = round(axes.bbox.width), round(axes.bbox.height)
    axes = panel(2, 1, "Scan", scan_picture(ground.scan, (height, width)))
    plane = ground.floor.plane
    found = ground.floor.note if plane is None else f"floor {plane.height_m:.2f} m below the camera"
    caption(axes, f"{found}; green is seen and free")


def resize_picture(picture: Picture, width: int, height: int) -> Picture:
    """The picture at another size: averaged when it shrinks, pixels kept when it grows."""
    shrinks = width < picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)


def _thin(array: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """(H, W, …) with every n-th row and column, twice as many as a panel has or more.

    One that is not large stays as it is.
    """
    if array.shape[0] * array.shape[1] <= _LARGE_PIXELS:
        return array
    n = max(1, min(array.shape[0] // (2 * height), array.shape[1] // (2 * width)))
    return array[::n, ::n]
