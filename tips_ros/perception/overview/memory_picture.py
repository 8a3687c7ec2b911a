# SPDX-License-Identifier: Apache-2.0
"""A memory of things from above, with the answers to a question marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.map_pictures import Picture
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.question import Answer
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.overview.page import ACCENT, STRONG, TEXT, Box, Page, caption

_SIDE, _MARGIN, _HEAD = 900, 20, 84
_ROOM_M = 0.6  # around all there is
_GRID, _WAY = "#262b33", "#4c8dff"
_MARKS = 9  # answers that have a number of their own


def memory_picture(memory: Memory, text: str, found: Sequence[Answer]) -> Picture:
    """(H, W, 3) uint8 RGB: all things as boxes on the floor, x to the right and y up.

    Args:
        memory: with z up.
        text: the question.
        found: its answers, best first.
    """
    page = Page(_SIDE, _SIDE + _HEAD)
    asked = f"{len(found)} of {len(memory.things)} things answer to “{text}”"
    page.head([asked, _best_line(found)], accented=bool(found))
    side = _SIDE - 2 * _MARGIN
    axes = page.axes(Box(_MARGIN, _HEAD, side, side - 10))
    low, high = _extent(memory)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.set_axisbelow(True)
    axes.set_xticks(np.arange(np.ceil(low[0]), high[0]))
    axes.set_yticks(np.arange(np.ceil(low[1]), high[1]))
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    axes.grid(color=_GRID, linewidth=1)
    caption(axes, f"grid 1 m, in {memory.frame_id or 'no frame'}; the line is the camera's way")
    way = np.array(memory.way_m).reshape(-1, 3)
    axes.plot(way[:, 0], way[:, 1], color=_WAY, linewidth=2, alpha=0.8)
    answers = {one.thing.number: rank for rank, one in enumerate(found, 1)}
    colours = _colours(memory)
    # Large ones first: what stands on a table is drawn on it.
    for thing in sorted(memory.things, key=lambda one: -float(np.prod(one.size_m.clip(0.05)))):
        _draw(axes, thing, colours[thing.name], answers.get(thing.number))
    return page.picture()


def _draw(axes: Any, thing: Remembered, colour: tuple[float, ...], rank: int | None) -> None:
    outline = _outline(thing)
    chosen = rank is not None
    axes.fill(outline[:, 0], outline[:, 1], facecolor=colour, alpha=0.55 if chosen else 0.22,
              edgecolor=ACCENT if chosen else colour, linewidth=3 if chosen else 1,
              zorder=4 if chosen else 3)  # fmt: skip
    x, y = thing.centre_m[:2].tolist()
    look: dict[str, Any] = {"ha": "center", "va": "center", "clip_on": True}
    if rank is None:
        axes.text(x, y, thing.name, color=TEXT, size=10, alpha=0.75, zorder=5, **look)
        return
    axes.plot(x, y, "o", color=ACCENT, markersize=22, zorder=7)
    mark = str(rank) if rank <= _MARKS else "·"
    axes.text(x, y, mark, color="#0f1115", size=14, weight="bold", zorder=8, **look)
    below = {**look, "va": "top"}
    bottom = float(outline[:, 1].min())
    axes.text(x, bottom, f"{thing.name} {thing.number}", color=STRONG, size=12, zorder=8, **below)


def _outline(thing: Remembered) -> NDArray[np.float64]:
    """(N, 2) the shadow of its box on the floor."""
    ends = np.array([thing.low_m, thing.high_m])
    corners = np.array([[ends[i, 0], ends[j, 1], ends[k, 2]]
                        for i in (0, 1) for j in (0, 1) for k in (0, 1)])  # fmt: skip
    shadow = (corners @ thing.rotation.T)[:, :2].astype(np.float32)
    return np.asarray(cv2.convexHull(shadow)[:, 0], np.float64)


def _extent(memory: Memory) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The square that holds all things and the way."""
    points = [_outline(one) for one in memory.things]
    points += [np.array(memory.way_m, np.float64).reshape(-1, 3)[:, :2], np.zeros((0, 2))]
    every = np.concatenate(points)
    if not len(every):
        every = np.zeros((1, 2))
    low, high = every.min(axis=0), every.max(axis=0)
    half = max(float((high - low).max()) / 2, 1.0) + _ROOM_M
    middle = (low + high) / 2
    return middle - half, middle + half


def _colours(memory: Memory) -> dict[str, tuple[float, ...]]:
    names = sorted({one.name for one in memory.things})[:255]
    if not names:
        return {}
    palette = ClassList(tuple(names)).palette() / 255.0
    grey = (0.5, 0.53, 0.58)
    found = {name: tuple(palette[row].tolist()) for row, name in enumerate(names)}
    return {one.name: found.get(one.name, grey) for one in memory.things}


def _best_line(found: Sequence[Answer]) -> str:
    if not found:
        return "nothing that is remembered answers to it"
    one = found[0].thing
    x, y, z = one.centre_m.tolist()
    score = "" if np.isnan(found[0].score) else f", score {found[0].score:.2f}"
    place = f"{x:.2f}, {y:.2f}, {z:.2f} m"
    return f"1: {one.name} {one.number} at {place}, seen {one.hits} times{score}"
