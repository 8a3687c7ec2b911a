# SPDX-License-Identifier: Apache-2.0
"""Small plots: what a frame's time is made of, and how it grows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.bench.reporting.palette import GROUPS, WHOLE, by_group
from tips_ros.bench.stages import StageResult
from tips_ros.perception.overview.legends import FAINT, PAPER, STRONG, TEXT
from tips_ros.perception.overview.lettering import Color, shortened, text_width, write

Picture = NDArray[np.uint8]
_WIDTH, _EDGE, _TITLE = 1100, 28, 64
_ROW, _BAR = 52, 20
_CURVES, _FOOT = 420, 56


def bars(results: Sequence[StageResult], footer: str) -> Picture:
    """One bar a case: its stages one after the other, to one scale. RGB."""
    groups = [by_group(result.stages) for result in results]
    height = _TITLE + _ROW * len(results) + _FOOT
    picture = _paper(height, "what a frame's time is made of", footer)
    _legend(picture, [g for g in GROUPS if any(g in row for row in groups)], height - 34)
    longest = max(sum(row.values()) for row in groups)
    scale = (_WIDTH - 2 * _EDGE - 170) / longest
    for i, (result, row) in enumerate(zip(results, groups, strict=True)):
        y = _TITLE + i * _ROW
        title = result.case.title + ("" if result.trained else " (random weights)")
        write(picture, shortened(title, _WIDTH - 2 * _EDGE), _EDGE, y + 12, TEXT)
        x = float(_EDGE)
        for group, median_ms in row.items():
            end = x + median_ms * scale
            corner = (max(round(x), round(end) - 1), y + 20 + _BAR)
            cv2.rectangle(picture, (round(x), y + 20), corner, GROUPS[group], -1)
            x = end
        said = f"{sum(row.values()):.1f} ms, whole {result.whole.median_ms:.1f}"
        write(picture, said, round(x) + 10, y + 35, STRONG)
    return picture


def curves(at: Sequence[float], results: Sequence[StageResult], axis: str, footer: str) -> Picture:
    """Milliseconds of the groups over what grows. RGB."""
    rows = [by_group(result.stages) for result in results]
    lines: dict[str, list[float]] = {
        group: [row.get(group, 0.0) for row in rows]
        for group in GROUPS
        if any(group in row for row in rows)
    }
    whole = [result.whole.median_ms for result in results]
    height = _TITLE + _CURVES + 46 + _FOOT
    first = results[0]
    weights = "" if first.trained else " (random weights)"
    title = f"{first.case.model}{weights}, {first.case.precision}: ms by {axis}"
    picture = _paper(height, title, footer)
    _legend(picture, [*lines, "whole frame"], height - 34)
    left, right, top, bottom = _EDGE + 48, _WIDTH - _EDGE - 10, _TITLE, _TITLE + _CURVES
    highest = max(whole + [max(line) for line in lines.values()])
    step = _round_step(highest / 5)

    def place(x: float, ms: float) -> tuple[int, int]:
        across = (x - at[0]) / (at[-1] - at[0] or 1.0)
        y = bottom - ms / highest * (bottom - top - 12)
        return round(left + across * (right - left)), round(y)

    for i in range(math.floor(highest / step) + 1):
        y = place(at[0], i * step)[1]
        cv2.line(picture, (left, y), (right, y), (44, 48, 56), 1)
        label = f"{i * step:g}"
        write(picture, label, left - 10 - text_width(label, 12), y + 4, FAINT, 12)
    for x in at:
        label = f"{x:.2g}" if x < 10 else f"{x:.0f}"
        px = place(x, 0)[0]
        write(picture, label, px - text_width(label, 12) // 2, bottom + 20, FAINT, 12)
    for group, line in lines.items():
        _draw(picture, [place(x, ms) for x, ms in zip(at, line, strict=True)], GROUPS[group], 2)
    _draw(picture, [place(x, ms) for x, ms in zip(at, whole, strict=True)], WHOLE, 3)
    return picture


def _draw(picture: Picture, points: Sequence[tuple[int, int]], color: Color, width: int) -> None:
    for a, b in zip(points, points[1:], strict=False):
        cv2.line(picture, a, b, color, width, cv2.LINE_AA)
    for point in points:
        cv2.circle(picture, point, width + 2, color, -1, cv2.LINE_AA)


def _paper(height: int, title: str, footer: str) -> Picture:
    picture = np.full((height, _WIDTH, 3), PAPER, np.uint8)
    write(picture, shortened(title, _WIDTH - 2 * _EDGE, 18, True), _EDGE, 38, STRONG, 18, True)
    write(picture, shortened(footer, _WIDTH - 2 * _EDGE, 12), _EDGE, height - 10, FAINT, 12)
    return picture


def _legend(picture: Picture, names: Sequence[str], y: int) -> None:
    colors: Mapping[str, Color] = {**GROUPS, "whole frame": WHOLE}
    x = _EDGE
    for name in names:
        cv2.rectangle(picture, (x, y - 9), (x + 10, y + 1), colors[name], -1)
        write(picture, name, x + 16, y, TEXT, 12)
        x += 34 + text_width(name, 12)


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, at least this."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
