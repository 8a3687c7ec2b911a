# SPDX-License-Identifier: Apache-2.0
"""A cloud seen from above, over a metre grid."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import Cloud, unpack_rgb
from tips_ros.perception.cloud.point_cloud_filters import valid_points

_GRID, _CONE, _INK, _PLATE = "#2e333b", "#21262e", "#969eaa", "#181b20a0"
_MARGIN_PX = 14  # below the camera, so that its mark is inside the picture
_CEILING_FACES_DOWN = 0.7  # y of a normal, in the optical frame


def draw_top_view(axes: Any, cloud: Cloud, range_m: float | None = None) -> None:
    """The cloud from above, in its own colours, and the camera's view cone.

    Convention: the cloud is in the optical frame; x is right in the picture, z is up, and of the
    points above one another the highest (least y) is seen. Surfaces that face down, such as a
    ceiling, are not seen from above; that needs normals in the cloud.

    Args:
        axes: of matplotlib.
        cloud: CLOUD_DTYPE, organised or flat; NaN points are ignored.
        range_m: how far forward the picture reaches; None fits the points but for a few strays.
    """
    points = valid_points(cloud)
    width, height = round(axes.bbox.width), round(axes.bbox.height)
    if range_m is None:
        range_m = _fitting_range_m(points, width / height) if points.size else 5.0
    m_per_px = range_m / (height - 2 * _MARGIN_PX)
    left, bottom = -width / 2 * m_per_px, -_MARGIN_PX * m_per_px
    right, top = -left, bottom + height * m_per_px
    if points.size:
        slope = points["x"] / points["z"]
        reach = [0.0, 2 * top, 2 * top]
        axes.fill(np.array([0.0, slope.min(), slope.max()]) * reach, reach, color=_CONE, zorder=0)
    axes.set_axisbelow(True)
    axes.grid(color=_GRID, linewidth=1)
    u = ((points["x"] - left) / m_per_px).astype(np.int64)
    v = ((top - points["z"]) / m_per_px).astype(np.int64)
    drawn = _seen_points(points, u, v, width, height)
    axes.imshow(drawn, extent=(left, right, bottom, top), interpolation="nearest", zorder=2)
    axes.plot(0, bottom / 2, "^", color="white", markersize=11, markeredgewidth=0, zorder=3)
    ticks = MaxNLocator(5).tick_values(0, range_m)
    axes.set_xticks([*-ticks[:0:-1], *ticks])
    axes.set_yticks(ticks)
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="auto")
    plate = {"facecolor": _PLATE, "linewidth": 0, "pad": 1.5}
    for metres in ticks[(ticks > 0) & (ticks < top)]:
        place = (left + 8 * m_per_px, metres)
        axes.text(*place, f"{metres:g} m", color=_INK, size=12, va="center", bbox=plate, zorder=4)


def _fitting_range_m(points: Cloud, aspect: float) -> float:
    forward = float(np.percentile(points["z"], 99))
    sideways = float(np.percentile(np.abs(points["x"]), 99))
    return 1.08 * max(forward, 2 * sideways / aspect, 0.1)


def _seen_points(
    points: Cloud, u: NDArray[np.int64], v: NDArray[np.int64], width: int, height: int
) -> NDArray[np.uint8]:
    """(height, width, 4) RGBA of the highest points at pixels (u, v), transparent elsewhere."""
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    inside &= ~(points["normal_y"] > _CEILING_FACES_DOWN)  # NaN normals stay
    order = np.flatnonzero(inside)
    order = order[np.argsort(-points["y"][order], kind="stable")]  # the highest is drawn last
    layer = np.zeros((height, width, 4), np.uint8)
    layer[v[order], u[order], :3] = unpack_rgb(points[order])
    layer[v[order], u[order], 3] = 255
    # Distant points lie a few pixels apart: close the holes that are surrounded by points.
    kernel = np.ones((5, 5), np.uint8)
    closed = np.asarray(cv2.morphologyEx(layer[..., 3], cv2.MORPH_CLOSE, kernel))
    holes = (closed > 0) & (layer[..., 3] == 0)
    layer[holes] = np.asarray(cv2.dilate(layer, kernel))[holes]
    return layer
