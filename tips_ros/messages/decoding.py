# SPDX-License-Identifier: Apache-2.0
"""PointCloud2 messages → arrays of positions, whatever else is in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# sensor_msgs/PointField datatypes that positions come in.
_FLOATS = {7: "f4", 8: "f8"}


def positions_of(message: Any) -> NDArray[np.float64]:
    """(N, 3) x y z of a sensor_msgs/PointCloud2, organised or not, NaN ones included.

    Raises:
        ValueError: there are no such fields, or the bytes are not the points that are announced.
    """
    by_name = {field.name: field for field in message.fields}
    axes = [by_name[axis] for axis in "xyz" if axis in by_name]
    if len(axes) < 3 or any(field.datatype not in _FLOATS for field in axes):
        raise ValueError(
            f"the points have the fields {', '.join(by_name) or '(none)'}; they need x, y and z as "
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
