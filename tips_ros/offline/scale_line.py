# SPDX-License-Identifier: Apache-2.0
"""The line of a command's output about the scale of its depth."""

from __future__ import annotations

from tips_ros.perception.depth.depth_scale import DepthScale

_BECAUSE = {
    "model": "as the model says it",
    "focal": "by the camera's focal length",
    "sensor": "by a sensor",
    "fixed": "as told",
}


def scale_line(scale: DepthScale) -> str:
    """One line."""
    if scale.source == "model":
        return f"depth {_BECAUSE['model']}{f': {scale.note}' if scale.note else ''}"
    return f"depth × {scale.factor:.4g}, {_BECAUSE[scale.source]}"
