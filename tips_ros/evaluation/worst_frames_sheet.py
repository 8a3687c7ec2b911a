# SPDX-License-Identifier: Apache-2.0
"""One sheet of the frames on which a predictor does worst."""

from __future__ import annotations

from collections.abc import Sequence

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
from tips_ros.evaluation.results import Results
from tips_ros.evaluation.worst_frames import ScoredFrame, Task
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.overview.legends import (
    ACCENT,
    FAINT,
    KEY_ROW_PX,
    PAPER,
    STRONG,
    TEXT,
    Box,
    as_color,
    draw_bar,
    draw_class_key,
    draw_depth_bar,
    draw_normals_key,
)
from tips_ros.perception.overview.lettering import shortened, write
from tips_ros.perception.overview.sheet import UNTRAINED_BANNER, resized
from tips_ros.perception.pictures import (
    Picture,
    depth_limit_m,
    depth_picture,
    normals_picture,
    overlay,
)

_GAP, _TITLE_ROW, _CAPTION_ROW = 16, 58, 36
_COLUMNS = 4
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
    results: Results,
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
    bands = [_title(title_lines, width)] if title_lines else []
    if not trained:
        bands.append(_banner(width))
    for task, frames in results.worst.items():
        bands.append(_heading(*_HEADINGS[task], width))
        bands += [_row(task, frame, results, width) for frame in frames]
        if task == "semantic":
            bands.append(_class_key(frames, results, width))
    bands.append(_blank(_GAP, width))
    return np.concatenate(bands)


def label_palette(results: Results) -> Picture:
    """(256, 3) colours of the truth's ids, by name as everywhere; grey for what it doesn't name."""
    palette = np.zeros((256, 3), np.uint8)
    if results.class_names:
        names = results.class_names
        palette = ClassList(tuple(names.values()), tuple(names)).palette().copy()
    palette[OTHER] = _OTHER_COLOR
    return palette


def _row(task: Task, frame: ScoredFrame, results: Results, width: int) -> Picture:
    rgb = frame.sample.rgb
    panel_width = (width - (_COLUMNS + 1) * _GAP) // _COLUMNS
    panel_height = max(round(panel_width * rgb.shape[0] / rgb.shape[1]), 1)
    band = _blank(panel_height + _CAPTION_ROW + _GAP // 2, width)
    for column, picture in enumerate((rgb, *_panels(task, frame, results))):
        x = _GAP + column * (panel_width + _GAP)
        band[:panel_height, x : x + panel_width] = resized(picture, panel_width, panel_height)
    caption = f"{_score(task, frame.badness)}   {frame.sample.name}"
    write(band, shortened(caption, panel_width), _GAP, panel_height + 18, TEXT)
    _draw_keys(band, task, frame, results, Box(_GAP, panel_height, panel_width, _CAPTION_ROW))
    return band


def _draw_keys(
    band: Picture, task: Task, frame: ScoredFrame, results: Results, first: Box
) -> None:
    """What the colours below prediction, truth and error mean; `first` is below the image."""
    predicted, true, error = (
        first._replace(x=first.x + column * (first.width + _GAP)) for column in (1, 2, 3)
    )
    if task == "depth":
        for box in (predicted, true):
            draw_depth_bar(band, box, _limit_m(frame, results))
        ticks = {0.0: "0", 0.5: f"{WORST_RELATIVE / 2:.0%}", 1.0: f"{WORST_RELATIVE:.0%} off"}
        draw_bar(band, error, error_colors(), ticks)
    elif task == "normals":
        for box in (predicted, true):
            draw_normals_key(band, box)
        ticks = {0.0: "0", 0.5: f"{WORST_DEG / 2:.0f}", 1.0: f"{WORST_DEG:.0f} degrees"}
        draw_bar(band, error, error_colors(), ticks)


def _limit_m(frame: ScoredFrame, results: Results) -> float:
    """Where the colours of a frame's depth end."""
    truth_m = frame.sample.depth_m
    assert truth_m is not None
    return depth_limit_m(np.where(results.depth_protocol.counts(truth_m), truth_m, np.nan))


def _class_key(frames: Sequence[ScoredFrame], results: Results, width: int) -> Picture:
    """The classes that are seen in the frames, by name."""
    palette, seen = label_palette(results), set[int]()
    for frame in frames:
        for labels in (frame.sample.labels, frame.prediction.labels):
            if labels is not None:
                seen.update(np.unique(labels).tolist())
    names = {i: name for i, name in results.class_names.items() if i in seen}
    if OTHER in seen:
        names[OTHER] = "a class that the truth doesn't name"
    rows = 1 + len(names) // 6
    band = _blank(rows * KEY_ROW_PX + _GAP, width)
    colors = {name: as_color(palette[i]) for i, name in names.items()}
    draw_class_key(band, Box(_GAP, 0, width - 2 * _GAP, band.shape[0]), colors)
    return band


def _panels(task: Task, frame: ScoredFrame, results: Results) -> tuple[Picture, Picture, Picture]:
    """Prediction, truth, error."""
    sample, said = frame.sample, frame.prediction
    if task == "depth" and sample.depth_m is not None and said.depth_m is not None:
        counts = results.depth_protocol.counts(sample.depth_m)
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


def _title(lines: Sequence[str], width: int) -> Picture:
    band = _blank(20 + 26 * len(lines), width)
    for number, line in enumerate(lines):
        size, color = (24, STRONG) if number == 0 else (15, TEXT)
        text = shortened(line, width - 2 * _GAP, size, bold=number == 0)
        write(band, text, _GAP, 38 + 24 * number, color, size, bold=number == 0)
    return band


def _banner(width: int) -> Picture:
    band = _blank(48, width)
    band[5:43, _GAP : width - _GAP] = ACCENT
    write(band, shortened(UNTRAINED_BANNER, width - 4 * _GAP, 19), 2 * _GAP, 31, PAPER, 19)
    return band


def _heading(name: str, key: str, width: int) -> Picture:
    band = _blank(_TITLE_ROW, width)
    write(band, name, _GAP, 28, STRONG, 18, bold=True)
    write(band, shortened(key, width - 2 * _GAP, 13), _GAP, 48, FAINT, 13)
    return band


def _score(task: Task, badness: float) -> str:
    if task == "depth":
        return f"AbsRel {badness:.3f}"
    return (
        f"mean angle {badness:.1f} degrees" if task == "normals" else f"mean IoU {1 - badness:.3f}"
    )


def _blank(height: int, width: int) -> Picture:
    return np.full((height, width, 3), PAPER, np.uint8)
