# SPDX-License-Identifier: Apache-2.0
"""Small plots: what a frame's time is made of, and how it grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from tips_ros.bench.reporting.palette import GROUPS, WHOLE, sum_by_group
from tips_ros.bench.stages import StageResult
from tips_ros.perception.map_pictures import Picture
from tips_ros.perception.overview.page import FAINT, PAPER, STRONG, TEXT, Box, Page

_WIDTH, _EDGE, _TITLE, _FOOT = 1100, 28, 64, 78
_ROW, _CURVES = 52, 420


def bars(results: Sequence[StageResult], footer: str) -> Picture:
    """One bar a case: its stages one after the other, to one scale. RGB."""
    groups = [sum_by_group(result.stages) for result in results]
    page, axes = _page("what a frame's time is made of", footer, _ROW * len(results))
    rows = np.arange(len(results))
    ends = np.zeros(len(results))
    for group in (group for group in GROUPS if any(group in row for row in groups)):
        medians_ms = np.array([row.get(group, 0.0) for row in groups])
        axes.barh(rows, medians_ms, left=ends, height=0.4, color=GROUPS[group], label=group)
        ends += medians_ms
    for row, (result, end) in enumerate(zip(results, ends, strict=True)):
        title = result.case.title + ("" if result.trained else " (random weights)")
        axes.text(0, row - 0.3, title, color=TEXT, size=14)
        said = f"  {end:.1f} ms, whole {result.whole.median_ms:.1f}"
        axes.text(end, row, said, color=STRONG, size=14, va="center")
    axes.set(xlim=(0, 1.22 * max(ends)), ylim=(len(results) - 0.7, -0.7), facecolor=PAPER)
    return _save(page)


def curves(at: Sequence[float], results: Sequence[StageResult], axis: str, footer: str) -> Picture:
    """Milliseconds of the groups over what grows. RGB."""
    rows = [sum_by_group(result.stages) for result in results]
    first = results[0]
    weights = "" if first.trained else " (random weights)"
    title = f"{first.case.model}{weights}, {first.case.precision}: ms by {axis}"
    page, axes = _page(title, footer, _CURVES + 46)
    look = {"marker": "o", "clip_on": False}
    for group in (group for group in GROUPS if any(group in row for row in rows)):
        line = [row.get(group, 0.0) for row in rows]
        axes.plot(at, line, color=GROUPS[group], linewidth=2, label=group, **look)
    whole = [result.whole.median_ms for result in results]
    axes.plot(at, whole, color=WHOLE, linewidth=3, label="whole frame", **look)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xticks(at, [f"{x:.2g}" if x < 10 else f"{x:.0f}" for x in at])
    axes.set_facecolor(PAPER)
    axes.grid(axis="y", color="#2c3038")
    axes.tick_params(colors=FAINT, labelsize=12, length=0)
    axes.set_position((0.07, (_FOOT + 46) / page.height, 0.89, _CURVES / page.height))
    return _save(page)


def _page(title: str, footer: str, height: int) -> tuple[Page, Any]:
    page = Page(_WIDTH, _TITLE + height + _FOOT)
    page.write(_EDGE, 38, title, size=18, weight="bold", color=STRONG)
    page.write(_EDGE, page.height - 10, footer, size=12, color=FAINT)
    return page, page.axes(Box(_EDGE, _TITLE, _WIDTH - 2 * _EDGE, height))


def _save(page: Page) -> Picture:
    page.figure.legend(
        loc="lower left", bbox_to_anchor=(_EDGE / page.width, 28 / page.height), ncols=10,
        borderaxespad=0, borderpad=0, handlelength=0.8, columnspacing=1.2, handletextpad=0.5,
        labelcolor=TEXT, fontsize=12, frameon=False,
    )  # fmt: skip
    return page.picture()
