# SPDX-License-Identifier: Apache-2.0
"""The line of a command's output about the scale of its depth."""

from __future__ import annotations

from tips_ros.perception.depth.depth_scale import DepthScale

_BECAUSE = {
    "model": "as the model says it",
    "focal": "by the camera's focal length",
    "sensor": "by a sensor",
    "fixed": "as told",
    "ground": "by the camera's height over the floor",
}


def scale_line(scale: DepthScale) -> str:
    """Describes the scale in one line."""
    if scale.source == "model":
        return f"depth {_BECAUSE['model']}{f': {scale.note}' if scale.note else ''}"
    shift = f", 1/m {scale.inverse_offset:+.4f}" if scale.inverse_offset else ""
    note = f" ({scale.note})" if scale.note else ""
    return f"depth × {scale.factor:.4g}{shift}, {_BECAUSE[scale.source]}{note}"
