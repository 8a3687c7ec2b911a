# SPDX-License-Identifier: Apache-2.0
"""PointCloud2 and LaserScan messages → arrays of positions, whatever else is in them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# sensor_msgs/PointField datatypes that positions come in.
_FLOATS = {7: "f4", 8: "f8"}
MOST_SWEEP_S = 2.0  # no LiDAR turns so slowly
_MOST_BEAMS = 1e9
_MOST_NAMED = 12
_COUNTS_APART = 2  # drivers round the number of their beams in either direction


class Beams(NamedTuple):
    """The ends of a scan's beams, in the scan's own frame."""

    points: NDArray[np.float64]  # (N, 3) metres
    after_s: NDArray[np.float64]  # (N,) seconds after the scan's stamp


def read_scan(message: Any) -> Beams:
    """The beams of a sensor_msgs/LaserScan that hit something between range_min and range_max.

    Raises:
        ValueError: angles, ranges or times that make no sense; names the field to fix.
    """
    ranges = np.asarray(message.ranges, np.float64)
    first, last, step = message.angle_min, message.angle_max, message.angle_increment
    if not all(map(math.isfinite, (first, last, step))) or (step == 0.0 and ranges.size > 1):
        raise ValueError(
            f"angle_min {first:g}, angle_max {last:g} and angle_increment {step:g} give the beams "
            "no directions; fix them in the LiDAR's driver"
        )
    apart = (last - first) / step if step else 0.0
    count = round(apart) + 1 if abs(apart) < _MOST_BEAMS else -1
    if ranges.size and abs(ranges.size - count) > _COUNTS_APART:
        raise ValueError(
            f"{ranges.size} ranges, but angle_min, angle_max and angle_increment are those of "
            f"{count if count >= 0 else 'too many'}; fix them in the LiDAR's driver"
        )
    if not 0.0 <= message.range_min < message.range_max:
        raise ValueError(
            f"no range is from range_min {message.range_min:g} to range_max "
            f"{message.range_max:g}; set them in the LiDAR's driver"
        )
    if not 0.0 <= message.time_increment * ranges.size <= MOST_SWEEP_S:
        raise ValueError(
            f"time_increment {message.time_increment:g} s for {ranges.size} beams is no time that "
            "a LiDAR takes; set it in the LiDAR's driver, 0 where it is not known"
        )
    with np.errstate(invalid="ignore"):
        hit = (ranges >= message.range_min) & (ranges <= message.range_max) & (ranges > 0)
    at = np.flatnonzero(hit & np.isfinite(ranges))
    angles = first + step * at
    ahead, left = ranges[at] * np.cos(angles), ranges[at] * np.sin(angles)
    points = np.stack([ahead, left, np.zeros_like(ahead)], axis=-1)
    return Beams(points, message.time_increment * at)


def read_points(message: Any) -> NDArray[np.float64]:
    """(N, 3) x y z of a sensor_msgs/PointCloud2, organised or not, NaN ones included.

    Raises:
        ValueError: there are no such fields, or the bytes are not the points that are announced.
    """
    by_name = {field.name: field for field in message.fields}
    axes = [by_name[axis] for axis in "xyz" if axis in by_name]
    if len(axes) < 3 or any(field.datatype not in _FLOATS for field in axes):
        raise ValueError(
            f"the points have the fields {_list_names(by_name)}; they need x, y and z as "
            "float32 or float64"
        )
    order = ">" if message.is_bigendian else "<"
    point = message.point_step
    ends = [field.offset + int(_FLOATS[field.datatype][1]) for field in axes]
    data = np.frombuffer(message.data, np.uint8)
    rows, columns, step = message.height, message.width, message.row_step
    if rows <= 1:  # many drivers leave the step of a single row empty
        step = point * columns
    if max(ends) > point or step < point * columns or data.size < rows * step:
        raise ValueError(
            f"{columns}x{rows} points of {point} bytes with row_step {message.row_step} and "
            f"{data.size} bytes of data: these do not fit together; fix them in the driver"
        )
    layout = np.dtype(
        {
            "names": list("xyz"),
            "formats": [order + _FLOATS[field.datatype] for field in axes],
            "offsets": [field.offset for field in axes],
            "itemsize": point,
        }
    )
    lines = data[: rows * step].reshape(rows, step)[:, : point * columns]
    points = np.ascontiguousarray(lines).view(layout).reshape(-1)
    return np.stack([points[axis] for axis in "xyz"], axis=-1).astype(np.float64)


def _list_names(fields: Collection[str]) -> str:
    """Names from outside, as far as they can be shown."""
    shown = [name if name.isprintable() else ascii(name) for name in list(fields)[:_MOST_NAMED]]
    more = [f"{len(fields) - len(shown)} more"] if len(fields) > len(shown) else []
    return ", ".join([*shown, *more]) or "(none)"
