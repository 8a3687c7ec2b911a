# SPDX-License-Identifier: Apache-2.0
"""A dark page of pictures and plots, drawn by matplotlib; its point is one pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tips_ros.perception.map_pictures import MOST_UNSURE, Picture, depth_colors, deviation_colors

Color: TypeAlias = str | tuple[float, ...]  # as matplotlib takes them

PAPER, CARD = "#0f1115", "#181b20"
STRONG, TEXT, FAINT, ACCENT = "#eef0f4", "#c4cad3", "#868e9a", "#ffba33"
_GAP = 20
_WIDTH_OF_A_LETTER = 0.6  # of the font's size, on average
NORMALS_KEY: Mapping[str, Color] = {
    "right": "#ff8080",
    "up": "#80ff80",
    "toward the camera": "#8080ff",
}


class Box(NamedTuple):
    """A rectangle of a page, pixels from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


class Page:
    """A figure that is measured in pixels from its upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure: Any = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=PAPER)

    def axes(self, box: Box) -> Any:
        """Axes without ticks and frame, that fill the box."""
        across, down = self.width, self.height
        bottom = down - box.y - box.height
        axes = self.figure.add_axes(
            (box.x / across, bottom / down, box.width / across, box.height / down), facecolor=CARD
        )
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        return axes

    def panel(self, box: Box, title: str = "", picture: Picture | None = None) -> Any:
        """Axes with a title and, filling them, a picture."""
        axes = self.axes(box)
        axes.set_title(title, loc="left", color=STRONG, size=16, weight="bold", pad=8)
        if picture is not None:
            axes.imshow(picture, aspect="auto", interpolation="nearest")
        return axes

    def write(self, x: float, baseline_y: float, text: str, **look: Any) -> None:
        """One line, cut off at the page's edge; `look` is matplotlib's."""
        look = {"color": TEXT, "size": 14, **look}
        text = shorten(text, self.width - x - _GAP, look["size"])
        self.figure.text(x / self.width, 1 - baseline_y / self.height, text, **look)

    def head(self, lines: list[str], accented: bool = False) -> None:
        """A headline and lines below it, the last of them in the accent's colour if so asked."""
        for number, line in enumerate(lines):
            look: dict[str, Any] = {"size": 15}
            if number == 0:
                look = {"size": 23, "weight": "bold", "color": STRONG}
            if accented and number == len(lines) - 1:
                look["color"] = ACCENT
            self.write(_GAP, 38 + 24 * number, line, **look)

    def banner(self, y: float, text: str) -> None:
        """A warning across the page, 38 px high."""
        axes = self.axes(Box(_GAP, y, self.width - 2 * _GAP, 38))
        axes.set_facecolor(ACCENT)
        size = min(19, (self.width - 3 * _GAP) / len(text) / _WIDTH_OF_A_LETTER)
        look = {"size": size, "weight": "bold", "color": PAPER}
        axes.text(0.5, 0.45, text, ha="center", va="center", **look)

    def picture(self) -> Picture:
        """(height, width, 3) uint8 RGB."""
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def caption(axes: Any, text: str) -> None:
    """A line below."""
    axes.set_xlabel(text, loc="left", color=FAINT, size=13, labelpad=6)


def color_bar(axes: Any, colors: NDArray[np.uint8], limit: float, unit: str) -> None:
    """The meaning of colours, from 0 at the left to `limit` at the right, below a panel."""
    bar = axes.inset_axes((0, -14 / axes.bbox.height, 1, 8 / axes.bbox.height))
    scale = ScalarMappable(Normalize(0, limit), ListedColormap(colors / 255))
    drawn = axes.figure.colorbar(scale, cax=bar, orientation="horizontal")
    ticks = [tick for tick in MaxNLocator(6).tick_values(0, limit) if tick <= limit]
    drawn.set_ticks(ticks, labels=[f"{tick:g}{unit}" for tick in ticks])
    drawn.outline.set_visible(False)
    bar.tick_params(colors=FAINT, labelsize=12, length=3, pad=2)
    labels = bar.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right" if ticks[-1] > 0.94 * limit else "center")


def depth_bar(axes: Any, limit_m: float) -> None:
    """The meaning of a depth picture's colours."""
    color_bar(axes, depth_colors()[255 - np.arange(255)], limit_m, " m")


def deviation_bar(axes: Any) -> None:
    """The meaning of a deviation picture's colours."""
    color_bar(axes, deviation_colors()[1:], 100 * MOST_UNSURE, " %")


def color_key(
    axes: Any, colors: Mapping[str, Color], columns: int = 3, below_px: float = 6
) -> None:
    """Names with their colours, so far below a panel."""
    axes.legend(
        handles=[Patch(color=color, label=name) for name, color in colors.items()],
        loc="upper left", bbox_to_anchor=(0, -below_px / axes.bbox.height), ncols=columns,
        borderaxespad=0, borderpad=0,
        handlelength=0.8, handleheight=0.8, handletextpad=0.5, columnspacing=1.4,
        labelcolor=FAINT, fontsize=13, frameon=False,
    )  # fmt: skip


def shorten(text: str, width_px: float, size_px: float = 14) -> str:
    """The text, or as much of its beginning as about fits with three dots after it."""
    letters = max(int(width_px / size_px / _WIDTH_OF_A_LETTER), 4)
    return text if len(text) <= letters else text[: letters - 3].rstrip() + "..."


def tag(axes: Any, text: str) -> None:
    """A few words of warning at the right end of a panel's title."""
    axes.annotate(
        text, (1, 1), xycoords="axes fraction", xytext=(-6, 10), textcoords="offset points",
        ha="right", color=PAPER, size=12, bbox={"facecolor": ACCENT, "linewidth": 0, "pad": 5},
    )  # fmt: skip
