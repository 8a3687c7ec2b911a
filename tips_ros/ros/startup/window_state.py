# SPDX-License-Identifier: Apache-2.0
"""The places of RViz's panels in its window, as Qt's QMainWindow::saveState writes them.

Convention: big-endian integers; a dock area is a sequence of docks, or of sequences, along one
direction; sizes are pixels and are fitted to the window that there is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

_HORIZONTAL, _VERTICAL = 1, 2
_LEFT, _RIGHT, _TOP = 0, 1, 2
_DOCKS, _SEQUENCE, _DOCK, _TOOL_BARS = 0xFD, 0xFC, 0xFB, 0xFC
_LEAST, _MOST = 33, 0xFFFFFF  # pixels of a dock


class Panel(NamedTuple):
    """A panel by its title; one that is not shown keeps its place."""

    title: str
    shown: bool = True


def window_state(
    left: Sequence[Panel], columns: Sequence[Sequence[Panel]], size: tuple[int, int]
) -> str:
    """The state of a window as hexadecimal digits.

    Args:
        left: panels on the left, from above.
        columns: panels on the right of the scene: columns from the left, each from above.
        size: (width, height) of the window in pixels.
    """
    width, height = size
    column_width = max(width // (len(columns) + 4), 160)
    left_width = 300
    areas = [(_LEFT, left_width, _column(left, height))]
    if len(columns) == 1:
        areas.append((_RIGHT, column_width, _column(columns[0], height)))
    elif columns:
        parts = [
            struct.pack(">Biiii", _SEQUENCE, i * column_width, column_width, _LEAST, _MOST)
            + _column(column, height)
            for i, column in enumerate(columns)
        ]
        row = struct.pack(">BBi", _SEQUENCE, _HORIZONTAL, len(parts)) + b"".join(parts)
        areas.append((_RIGHT, column_width * len(columns), row))
    state = struct.pack(">ii", 0xFF, 0) + struct.pack(">Bi", _DOCKS, len(areas))
    for place, area_width, area in areas:
        state += struct.pack(">iii", place, area_width, height) + area
    middle = width - left_width - column_width * len(columns)
    corners = (4, 4, 8, 8)  # of the upper and lower areas: there are none
    state += struct.pack(">ii4i", middle, height, *corners)
    state += struct.pack(">Biii", _TOOL_BARS, 1, _TOP, 1) + _text("Tools")
    return (state + struct.pack(">Biiii", 1, 0, -1, 0, 0)).hex()


def _column(panels: Sequence[Panel], height: int) -> bytes:
    shown = max(sum(panel.shown for panel in panels), 1)
    state, top = struct.pack(">BBi", _SEQUENCE, _VERTICAL, len(panels)), 0
    for panel in panels:
        share = height // shown if panel.shown else 0
        state += struct.pack(">B", _DOCK) + _text(panel.title)
        state += struct.pack(">Biiii", panel.shown, top, share, _LEAST, _MOST)
        top += share
    return state


def _text(text: str) -> bytes:
    """A QString: its length in bytes, then UTF-16."""
    coded = text.encode("utf-16-be")
    return struct.pack(">i", len(coded)) + coded
