# SPDX-License-Identifier: Apache-2.0
"""The rows of an image in the bytes of its message, and what its `step` is worth.

Simulators and drivers leave `step` at 0, count pixels or columns in it, or allocate by it. Where
the bytes are exactly as many as the rows need without padding, there is one way to read them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.images.stream import ImageStream


class MalformedImage(ValueError):
    """The bytes cannot be the image that the message's other fields describe."""


def bytes_of(data: Any) -> NDArray[np.uint8]:
    """View any byte buffer as (N,) uint8 without a copy; it can't be written to."""
    view = memoryview(data)
    if view.nbytes == 0:
        return np.empty(0, np.uint8)
    if not view.contiguous:
        raise MalformedImage("image data with gaps; pass a contiguous buffer")
    # A view that can be written to would let a decoded picture change the message it came from.
    return np.frombuffer(view.cast("B").toreadonly(), np.uint8)


def view_rows(
    flat: NDArray[np.uint8],
    encoding: str,
    rows: int,
    row_bytes: int,
    step: int,
    width: int,
    stream: ImageStream,
) -> NDArray[np.uint8]:
    """View (N,) bytes as (rows, row_bytes); arguments and errors: see `row_step`."""
    step = row_step(flat, encoding, rows, row_bytes, step, width, stream)
    return np.ndarray((rows, row_bytes), np.uint8, buffer=flat, strides=(step, 1))


def row_step(
    flat: NDArray[np.uint8],
    encoding: str,
    rows: int,
    row_bytes: int,
    step: int,
    width: int,
    stream: ImageStream,
) -> int:
    """The bytes from one row to the next: `step`, or `row_bytes` where only that can be.

    The last row needs no padding.

    Args:
        flat: (N,) the image's bytes.
        encoding: for messages.
        rows: that must be there.
        row_bytes: without padding.
        step: as the message has it.
        width: columns, for messages.
        stream: is told of a step that is wrong.

    Raises:
        MalformedImage: says which of the sizes is wrong.
    """
    if rows <= 0 or row_bytes <= 0:
        raise MalformedImage(f"{encoding} image without pixels; fix width and height in the driver")
    if step >= row_bytes and flat.size >= step * (rows - 1) + row_bytes:
        return step
    if flat.size == rows * row_bytes:
        stream.warn_once(
            "step",
            f"{encoding} image with a wrong step, {step}: its {flat.size} bytes are exactly "
            f"{rows} rows of {row_bytes}, and read so; fix step in the driver",
        )
        return row_bytes
    if step < row_bytes:
        raise MalformedImage(
            f"{encoding} image with step {step}, but {width} pixels take {row_bytes} bytes; "
            f"fix step or encoding in the driver"
        )
    raise MalformedImage(
        f"{encoding} image with {flat.size} bytes of data, but {rows} rows of step {step} "
        f"take {step * rows}; fix height, step or encoding in the driver"
    )
