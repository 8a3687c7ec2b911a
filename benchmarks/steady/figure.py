# SPDX-License-Identifier: Apache-2.0
"""A picture of the same seconds of a drive with and without holding still, and of the deviation."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from matplotlib.ticker import MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from benchmarks.steady.seen import Seen, held
from tips_ros.evaluation.metrics.warp import same_points
from tips_ros.perception.map_pictures import (
    Picture,
    depth_picture,
    deviation_colors,
    deviation_picture,
)
from tips_ros.perception.overview.page import (
    ACCENT,
    FAINT,
    STRONG,
    TEXT,
    Box,
    Page,
    caption,
    color_bar,
    deviation_bar,
)
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal.stream import Holding

_WIDTH, _CELL, _GAP = 1240, 288, 20
_HEIGHT = _CELL * 3 // 4
_MOST_CHANGE = 0.2  # at the end of the colours
_COLORS = {"off": ACCENT, "scale": "#6ab0ff", "full": "#7be07b"}


def figure(frames: list[Seen]) -> Picture:
    """Draws one sequence whose poses are known."""
    said = {"off": [prediction for _, prediction in frames]}
    for mode in ("scale", "full"):
        said[mode] = [p for p, _ in held(frames, Holding(mode), posed=True)]
    rows = (96, 96 + _HEIGHT + 92)
    page = Page(_WIDTH, rows[1] + _HEIGHT + 50)
    seconds = (frames[-1].sample.stamp_s or 0.0) - (frames[0].sample.stamp_s or 0.0)
    page.head([f"The same {seconds:.0f} s of a drive, with and without temporal.mode"])

    def cell(row: int, column: int, title: str, picture: Picture | None = None) -> Any:
        place = Box(_GAP + column * (_CELL + _GAP), rows[row], _CELL, _HEIGHT)
        if picture is not None:
            picture = np.asarray(cv2.resize(picture, (_CELL, _HEIGHT)), np.uint8)
        return page.panel(place, title, picture)

    shown = _liveliest(frames, said["off"])
    for column, mode in enumerate(("off", "full")):
        change = _change(frames, said[mode], shown)
        told = "one frame's change, off" if mode == "off" else "the same, full"
        axes = cell(0, column, told, _change_picture(change))
        color_bar(axes, deviation_colors()[1:], 100 * _MOST_CHANGE, " %")
    axes = page.axes(Box(_GAP + 2 * (_CELL + _GAP) + 40, rows[0], 2 * _CELL - 20, _HEIGHT))
    axes.set_title("each frame's scale against the truth, %", loc="left", color=STRONG, size=16,
                   weight="bold", pad=8)  # fmt: skip
    _draw_scales(axes, frames, said)
    sample, prediction = max(frames, key=_contrast)
    assert sample.depth_m is not None and prediction.depth_m is not None
    assert prediction.stddev_m is not None
    cell(1, 0, "input", sample.rgb)
    cell(1, 1, "depth", depth_picture(prediction.depth_m))
    error = np.abs(prediction.depth_m - sample.depth_m)
    axes = cell(1, 2, "how far off it is", deviation_picture(error, prediction.depth_m))
    deviation_bar(axes)
    axes = cell(1, 3, "what ~/depth/stddev says",
                deviation_picture(prediction.stddev_m, prediction.depth_m))  # fmt: skip
    deviation_bar(axes)
    return page.picture()


def _change(frames: list[Seen], said: list[Prediction], at: int) -> NDArray[np.float32]:
    """(H, W) |change of ln depth| since the frame before, motion taken off; NaN where unseen."""
    before, now = frames[at - 1].sample, frames[at].sample
    points = same_points(before, now)
    assert points is not None and now.depth_m is not None and before.depth_m is not None
    changes = np.full(now.depth_m.shape, np.nan, np.float32)
    p_now, p_before = said[at].depth_m, said[at - 1].depth_m
    assert p_now is not None and p_before is not None
    true = np.log(now.depth_m[points.now] / before.depth_m[points.before])
    changes[points.now] = np.abs(np.log(p_now[points.now] / p_before[points.before]) - true)
    return changes


def _liveliest(frames: list[Seen], said: list[Prediction]) -> int:
    """The frame of which the upper quartile changes most, of those after the first second."""
    later = range(min(10, len(frames) - 1), len(frames))
    return max(later, key=lambda i: float(np.nanpercentile(_change(frames, said, i), 75)))


def _contrast(frame: Seen) -> float:
    """Certainty of depth in one place against another."""
    stddev_m, depth_m = frame.prediction.stddev_m, frame.prediction.depth_m
    assert stddev_m is not None and depth_m is not None
    return float(np.nanstd(stddev_m / depth_m))


def _change_picture(change: NDArray[np.float32]) -> Picture:
    valid = np.isfinite(change)
    index = 1.0 + np.clip(np.where(valid, change, 0.0) / _MOST_CHANGE, 0.0, 1.0) * 254.0
    return np.asarray(deviation_colors()[np.where(valid, index, 0).astype(np.uint8)], np.uint8)


def _draw_scales(axes: Any, frames: list[Seen], said: dict[str, list[Prediction]]) -> None:
    stamps = [sample.stamp_s for sample, _ in frames]
    for mode, predictions in said.items():
        off = []
        for (sample, _), prediction in zip(frames, predictions, strict=True):
            assert sample.depth_m is not None and prediction.depth_m is not None
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = prediction.depth_m / sample.depth_m
            off.append(100 * (float(np.nanmedian(ratio)) - 1))
        axes.plot(stamps, off, color=_COLORS[mode], linewidth=2, label=mode)
    axes.axhline(0, color=FAINT, linewidth=1)
    axes.tick_params(colors=TEXT, labelsize=12)
    axes.xaxis.set_major_locator(MultipleLocator(0.5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.legend(labelcolor=TEXT, frameon=False, fontsize=13, ncols=3, loc="upper right")
    caption(axes, "seconds")
