# SPDX-License-Identifier: Apache-2.0
"""The floor of one picture as files: numbers for programs, a picture for people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from tips_ros.perception.ground.ground import GroundView
from tips_ros.perception.ground.level_scan import LevelScan
from tips_ros.perception.images.drawn_picture import encode_drawn
from tips_ros.perception.map_pictures import Picture
from tips_ros.perception.overview.floor_picture import floor_sheet
from tips_ros.perception.preprocess import image_at

GROUND_NAMES = ("ground.json", "obstacles.jpg")


def save_ground(folder: Path, view: GroundView, rgb: Picture) -> list[tuple[Path, str]]:
    """Writes both; each with a line about it.

    Args:
        folder: of the results.
        view: of the picture, at the size of its depth.
        rgb: (H, W, 3) the picture, of any size.
    """
    table, sheet = folder / GROUND_NAMES[0], folder / GROUND_NAMES[1]
    table.write_text(json.dumps(ground_table(view), indent=1) + "\n")
    height, width = view.lens.intrinsics.height, view.lens.intrinsics.width
    drawn = floor_sheet(image_at(rgb, (height, width)), view)
    sheet.write_bytes(encode_drawn(drawn, ".jpg"))
    about = "floor green, obstacles orange to 10 cm and red above, drops violet; the scan"
    return [(table, floor_told(view)), (sheet, about)]


def floor_told(view: GroundView) -> str:
    """The floor in a line."""
    plane = view.floor.plane
    if plane is None:
        return f"no floor: {view.floor.note}"
    return (
        f"floor {plane.height_m:.2f} m below the camera, which looks "
        f"{abs(plane.pitch_deg):.0f} deg {'up' if plane.pitch_deg > 0 else 'down'}"
    )


def ground_table(view: GroundView) -> dict[str, Any]:
    """The plane and the scan; null where there is none, and angles in radians."""
    floor, plane, fit = view.floor, view.floor.plane, view.floor.fit
    return {
        "status": floor.status,
        "note": floor.note,
        "plane": None if plane is None else list(plane.coefficients),
        "height_m": None if plane is None else plane.height_m,
        "pitch": None if plane is None else math.radians(plane.pitch_deg),
        "roll": None if plane is None else math.radians(plane.roll_deg),
        "tilt_stddev": None if plane is None else math.radians(floor.up_stddev_deg),
        "height_stddev_m": None if plane is None else floor.height_stddev * plane.height_m,
        "residual": None if fit is None else fit.residual,
        "scan": _scan_table(view.scan),
    }


def _scan_table(scan: LevelScan) -> dict[str, Any]:
    ranges = scan.ranges_m.astype(float)
    return {
        "angle_min": scan.angle_min,
        "angle_increment": scan.angle_increment,
        "range_max_m": scan.range_max_m,
        "ranges_m": [round(one, 3) if math.isfinite(one) else None for one in ranges.tolist()],
        "free": np.isposinf(ranges).tolist(),
    }
