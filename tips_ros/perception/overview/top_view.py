# SPDX-License-Identifier: Apache-2.0
"""A cloud seen from above, as a picture."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import Cloud, unpacked_rgb
from tips_ros.perception.cloud.point_cloud_filters import valid_points
from tips_ros.perception.overview.lettering import text_width, write

Picture: TypeAlias = NDArray[np.uint8]

_GROUND, _GRID, _CONE, _INK = (24, 27, 32), (46, 51, 59), (33, 38, 46), (150, 158, 170)
_MARGIN_PX = 14  # below the camera, so that its mark is inside the picture
_CEILING_FACES_DOWN = 0.7  # y of a normal, in the optical frame


class _View(NamedTuple):
    """The mapping of metres to the picture: the camera at the bottom, forward up, right right."""

    px_per_m: float
    camera_u: float
    camera_v: float


def top_view(
    cloud: Cloud, width: int = 400, height: int = 400, range_m: float | None = None
) -> Picture:
    """The cloud from above, in its own colours, over a metre grid and the camera's view cone.

    Convention: the cloud is in the optical frame; x is right in the picture, z is up, and of the
    points above one another the highest (least y) is seen. Surfaces that face down, such as a
    ceiling, are not seen from above; that needs normals in the cloud.

    Args:
        cloud: CLOUD_DTYPE, organised or flat; NaN points are ignored.
        width: of the picture, pixels.
        height: of the picture, pixels.
        range_m: how far forward the picture reaches; None fits the points but for a few strays.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    points = valid_points(cloud)
    if range_m is None:
        range_m = _fitting_range_m(points, width / height) if points.size else 5.0
    view = _View((height - 2 * _MARGIN_PX) / range_m, (width - 1) / 2, height - _MARGIN_PX)
    picture = np.full((height, width, 3), _GROUND, np.uint8)
    if points.size:
        _draw_cone(picture, view, points)
    step_m = grid_step_m(range_m)
    _draw_grid(picture, view, step_m)
    _draw_points(picture, view, points)
    _draw_camera(picture, view)
    _write_distances(picture, view, step_m)
    return picture


def _fitting_range_m(points: Cloud, aspect: float) -> float:
    forward = float(np.percentile(points["z"], 99))
    sideways = float(np.percentile(np.abs(points["x"]), 99))
    return 1.08 * max(forward, 2 * sideways / aspect, 0.1)


def grid_step_m(range_m: float) -> float:
    """A round distance (1, 2 or 5 times a power of ten) that divides the range into 3 to 8."""
    rough = max(range_m, 1e-3) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= rough * 0.75)


def _draw_points(picture: Picture, view: _View, points: Cloud) -> None:
    seen = points[~(points["normal_y"] > _CEILING_FACES_DOWN)]  # NaN normals stay
    seen = seen[np.argsort(-seen["y"], kind="stable")]  # lowest first: the highest is drawn last
    u = np.rint(view.camera_u + seen["x"] * view.px_per_m).astype(np.int64)
    v = np.rint(view.camera_v - seen["z"] * view.px_per_m).astype(np.int64)
    inside = (u >= 0) & (u < picture.shape[1]) & (v >= 0) & (v < picture.shape[0])
    u, v = u[inside], v[inside]
    layer = np.zeros_like(picture)
    drawn = np.zeros(picture.shape[:2], np.uint8)
    layer[v, u] = unpacked_rgb(seen[inside])
    drawn[v, u] = 255
    # Distant points lie a few pixels apart: close the holes that are surrounded by points.
    kernel = np.ones((5, 5), np.uint8)
    closed = np.asarray(cv2.morphologyEx(drawn, cv2.MORPH_CLOSE, kernel))
    holes = (closed > 0) & (drawn == 0)
    layer[holes] = np.asarray(cv2.dilate(layer, kernel))[holes]
    picture[closed > 0] = layer[closed > 0]


def _draw_cone(picture: Picture, view: _View, points: Cloud) -> None:
    slope = points["x"] / points["z"]
    reach = 2 * picture.shape[0]
    corners = [(view.camera_u, view.camera_v)]
    for side in (float(slope.min()), float(slope.max())):
        corners.append((view.camera_u + side * reach, view.camera_v - reach))
    cv2.fillPoly(picture, [np.rint(np.array(corners)).astype(np.int32)], _CONE, cv2.LINE_AA)


def _draw_grid(picture: Picture, view: _View, step_m: float) -> None:
    height, width = picture.shape[:2]
    step_px = step_m * view.px_per_m
    for index in range(int(view.camera_v / step_px) + 1):
        row = round(view.camera_v - index * step_px)
        cv2.line(picture, (0, row), (width, row), _GRID)
    for index in range(-int(view.camera_u / step_px), int(view.camera_u / step_px) + 1):
        column = round(view.camera_u + index * step_px)
        cv2.line(picture, (column, 0), (column, height), _GRID)


def _draw_camera(picture: Picture, view: _View) -> None:
    tip = np.array([view.camera_u, view.camera_v])
    triangle = np.rint(tip + np.array([(0.0, 0.0), (-7.0, 9.0), (7.0, 9.0)])).astype(np.int32)
    cv2.fillPoly(picture, [triangle], (255, 255, 255), cv2.LINE_AA)


def _write_distances(picture: Picture, view: _View, step_m: float) -> None:
    """Distances up the left edge, on dark plates so that points don't hide them."""
    for index in range(1, int(view.camera_v / (step_m * view.px_per_m)) + 1):
        row = round(view.camera_v - index * step_m * view.px_per_m)
        text = f"{index * step_m:g} m"
        if row < 8:
            continue
        plate = picture[row - 8 : row + 8, 4 : 12 + text_width(text, 12)]
        plate[:] = np.asarray(_GROUND, np.uint8) // 2 + plate // 2
        write(picture, text, 8, row + 4, _INK, size_px=12)
