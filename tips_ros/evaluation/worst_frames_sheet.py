# SPDX-License-Identifier: Apache-2.0
"""One sheet of the frames on which a predictor does worst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tips_ros.evaluation.class_matching import OTHER
from tips_ros.evaluation.error_pictures import (
    WORST_DEG,
    WORST_RELATIVE,
    depth_error_picture,
    error_colors,
    label_error_picture,
    normal_error_picture,
)
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.worst_frames import ScoredFrame, Task
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.map_pictures import (
    Picture,
    depth_limit_m,
    depth_picture,
    normals_picture,
    overlay,
)
from tips_ros.perception.overview.page import (
    FAINT,
    NORMALS_KEY,
    STRONG,
    Box,
    Page,
    caption,
    color_bar,
    color_key,
    depth_bar,
    shorten,
)
from tips_ros.perception.overview.sheet import UNTRAINED_BANNER, resize_picture

_GAP, _TITLE_ROW, _CAPTION_ROW = 16, 58, 36
_COLUMNS, _KEY_COLUMNS, _KEY_ROW = 4, 6, 24
_OTHER_COLOR = (120, 120, 120)
_HEADINGS: dict[Task, tuple[str, str]] = {
    "depth": (
        "Depth",
        "image, prediction, truth, relative error "
        f"(black 0, bright {WORST_RELATIVE:.0%} and more, dark blue not counted)",
    ),
    "normals": (
        "Normals",
        "image, prediction, truth, angle "
        f"(black 0, bright {WORST_DEG:.0f} degrees and more, dark blue not counted)",
    ),
    "semantic": (
        "Classes",
        "image, prediction (grey: a class that the truth doesn't name), truth, "
        "right green and wrong red (dark blue not counted)",
    ),
}


def worst_frames_sheet(
    results: EvaluationResults,
    title_lines: Sequence[str] = (),
    *,
    trained: bool = True,
    width: int = 1600,
) -> Picture | None:
    """Per task a heading, then one row a frame, worst first.

    Args:
        results: whose `worst` are drawn.
        title_lines: the first is the headline.
        trained: False writes a banner across the sheet.
        width: of the sheet, pixels; the height follows.

    Returns:
        (height, width, 3) uint8 RGB; None where no frame was kept.
    """
    if not any(results.worst.values()):
        return None
    panel_width = (width - (_COLUMNS + 1) * _GAP) // _COLUMNS
    heights = {
        id(frame): max(round(panel_width * _tallness(frame)), 1)
        for frames in results.worst.values()
        for frame in frames
    }
    key = _class_key(results)
    header = 20 + 26 * len(title_lines) if title_lines else 0
    top = header + (0 if trained else 48)
    height = top + sum(heights.values()) + len(heights) * (_CAPTION_ROW + _GAP // 2)
    height += len(results.worst) * _TITLE_ROW + _KEY_ROW * -(-len(key) // _KEY_COLUMNS) + 2 * _GAP
    page = Page(width, height)
    page.head(list(title_lines))
    if not trained:
        page.banner(header + 5, UNTRAINED_BANNER)
    y = top
    for task, frames in results.worst.items():
        heading, about = _HEADINGS[task]
        page.write(_GAP, y + 28, heading, color=STRONG, size=18, weight="bold")
        page.write(_GAP, y + 48, about, color=FAINT, size=13)
        y += _TITLE_ROW
        for frame in frames:
            panel_height = heights[id(frame)]
            pictures = (frame.sample.rgb, *_panels(task, frame, results))
            axes = [
                page.panel(
                    Box(_GAP + column * (panel_width + _GAP), y, panel_width, panel_height),
                    picture=resize_picture(picture, panel_width, panel_height),
                )
                for column, picture in enumerate(pictures)
            ]
            said = f"{_score(task, frame.badness)}   {frame.sample.name}"
            caption(axes[0], shorten(said, panel_width, 13))
            _draw_keys(axes, task, frame, results)
            y += panel_height + _CAPTION_ROW + _GAP // 2
        if task == "semantic" and key:
            color_key(axes[0], key, _KEY_COLUMNS, below_px=_CAPTION_ROW)
            y += _KEY_ROW * -(-len(key) // _KEY_COLUMNS)
    return page.picture()


def _tallness(frame: ScoredFrame) -> float:
    height, width = frame.sample.rgb.shape[:2]
    return height / width


def label_palette(results: EvaluationResults) -> Picture:
    """(256, 3) colours of the truth's ids, by name as everywhere; grey for what it doesn't name."""
    palette = np.zeros((256, 3), np.uint8)
    if results.class_names:
        names = results.class_names
        palette = ClassList(tuple(names.values()), tuple(names)).palette().copy()
    palette[OTHER] = _OTHER_COLOR
    return palette


def _draw_keys(
    axes: Sequence[Any], task: Task, frame: ScoredFrame, results: EvaluationResults
) -> None:
    """The meaning of the colours of prediction, truth and error."""
    _, predicted, true, error = axes
    if task == "depth":
        for panel in (predicted, true):
            depth_bar(panel, _limit_m(frame, results))
        color_bar(error, error_colors(), 100 * WORST_RELATIVE, "%")
    elif task == "normals":
        for panel in (predicted, true):
            color_key(panel, NORMALS_KEY)
        color_bar(error, error_colors(), WORST_DEG, "°")


def _limit_m(frame: ScoredFrame, results: EvaluationResults) -> float:
    """Depth in metres at which the colours of a frame end."""
    truth_m = frame.sample.depth_m
    assert truth_m is not None
    return depth_limit_m(np.where(results.depth_protocol.mask(truth_m), truth_m, np.nan))


def _class_key(results: EvaluationResults) -> dict[str, Any]:
    """Names and colours of the classes that are seen in the frames."""
    palette, present = label_palette(results) / 255, set[int]()
    for frame in results.worst.get("semantic", ()):
        for labels in (frame.sample.labels, frame.prediction.labels):
            if labels is not None:
                present.update(np.unique(labels).tolist())
    names = {**results.class_names, OTHER: "a class that the truth doesn't name"}
    return {shorten(name, 220): palette[i] for i, name in names.items() if i in present}


def _panels(
    task: Task, frame: ScoredFrame, results: EvaluationResults
) -> tuple[Picture, Picture, Picture]:
    """Prediction, truth, error."""
    sample, said = frame.sample, frame.prediction
    if task == "depth" and sample.depth_m is not None and said.depth_m is not None:
        counts = results.depth_protocol.mask(sample.depth_m)
        limit_m = _limit_m(frame, results)
        error = depth_error_picture(said.depth_m, sample.depth_m, counts)
        return depth_picture(said.depth_m, limit_m), depth_picture(sample.depth_m, limit_m), error
    if task == "normals" and sample.normals is not None and said.normals is not None:
        error = normal_error_picture(said.normals, sample.normals)
        return normals_picture(said.normals), normals_picture(sample.normals), error
    if task == "semantic" and sample.labels is not None and said.labels is not None:
        palette, error = label_palette(results), label_error_picture(said.labels, sample.labels)
        predicted = overlay(sample.rgb, said.labels, palette, 0.75)
        return predicted, overlay(sample.rgb, sample.labels, palette, 0.75), error
    raise ValueError(f"{sample.name}: nothing to draw of {task}")


def _score(task: Task, badness: float) -> str:
    if task == "depth":
        return f"AbsRel {badness:.3f}"
    return (
        f"mean angle {badness:.1f} degrees" if task == "normals" else f"mean IoU {1 - badness:.3f}"
    )
