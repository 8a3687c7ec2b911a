# SPDX-License-Identifier: Apache-2.0
"""The node's answers in a recording: their topics, and their messages as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NODE = "tips"
ANSWERS = f"/{NODE}"
CLASSES = f"{ANSWERS}/semantic/classes"
DEPTH, NORMALS, LABELS, POINTS = (
    f"{ANSWERS}/{name}" for name in ("depth/image", "normals/image", "semantic/image", "points")
)


def image_pixels(image: Any, dtype: type[np.generic], channels: int = 1) -> NDArray[Any]:
    """Pixels of one of the node's own images, which have no padding: (H, W) or (H, W, channels)."""
    shape = (image.height, image.width) + ((channels,) if channels > 1 else ())
    return np.frombuffer(image.data, dtype).reshape(shape)


def class_palette(classes: Any) -> NDArray[np.uint8]:
    """(256, 3) RGB: the colour of each class id of a ClassMap."""
    palette = np.zeros((256, 3), np.uint8)
    for class_id, color in zip(classes.ids, classes.colors, strict=True):
        palette[class_id] = [round(255 * channel) for channel in (color.r, color.g, color.b)]
    return palette
