# SPDX-License-Identifier: Apache-2.0
"""The classes of a frame with their colours and shares, largest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.map_pictures import Picture
from tips_ros.perception.overview.page import FAINT, TEXT, shorten
from tips_ros.perception.semantic.class_counts import class_counts

_ROW_PX = 27
_UNLABELLED_COLOR = np.array([134, 142, 154])


def draw_class_shares(
    axes: Any, labels: Picture, palette: Picture, class_names: Mapping[int, str]
) -> None:
    """A bar for each of the classes that cover most pixels.

    As many as fit; what remains is summed up in a last line.

    Args:
        axes: of matplotlib, all of which is taken.
        labels: (h, w) uint8 class ids, 255 unlabelled.
        palette: (256, 3) uint8 RGB.
        class_names: id → name; an id without a name is shown by its number.
    """
    width, rows = axes.bbox.width, max(int(axes.bbox.height - 20) // _ROW_PX, 1)
    shares = class_counts(labels) / labels.size
    order = [int(i) for i in np.argsort(-shares, kind="stable") if shares[i] > 0]
    shown = order if len(order) <= rows else order[: rows - 1]
    names = {**{i: f"class {i}" for i in shown}, **class_names, UNLABELLED: "unlabelled"}
    colors = np.array([palette[i] if i != UNLABELLED else _UNLABELLED_COLOR for i in shown]) / 255
    bars = axes.inset_axes((0.45, 0, 0.55 - 66 / width, 1))
    drawn = bars.barh(range(len(shown)), shares[shown], height=0.25, color=colors)
    bars.bar_label(drawn, [f"{shares[i]:.1%}" for i in shown], padding=6, color=FAINT, size=13)
    for row, color in enumerate(colors):
        place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        corner = {"xy": (0, row), "xytext": (18 - 0.45 * width, 0)}
        swatch = {"facecolor": color, "linewidth": 0, "pad": 1}
        bars.annotate("    ", **corner, **place, size=13, va="center", bbox=swatch)
        name = shorten(names[shown[row]], 0.45 * width - 52, 15)
        corner["xytext"] = (44 - 0.45 * width, 0)
        bars.annotate(name, **corner, **place, size=15, va="center", color=TEXT)
    if len(shown) < len(order):
        rest = f"and {len(order) - len(shown)} more, {1 - shares[shown].sum():.1%} together"
        axes.text(44 / width, 0.4 * _ROW_PX / axes.bbox.height, rest, color=FAINT, size=13)
    bars.set(ylim=(rows - 0.5, -0.8), facecolor="none", xticks=[], yticks=[])
    bars.spines[:].set_visible(False)
