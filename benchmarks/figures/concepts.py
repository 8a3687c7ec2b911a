#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws how one picture becomes the outputs, as docs/images/concepts.jpg has it.

    ./run exec python -m benchmarks.figures.concepts docs/images/concepts.jpg
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import Any

from matplotlib.patches import FancyBboxPatch

from benchmarks.figures.saving import save_figure
from tips_ros.evaluation.sample import Sample
from tips_ros.offline.evaluation_data import BagOptions, open_data
from tips_ros.perception.cloud.point_cloud import organised_cloud
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.map_pictures import (
    Picture,
    depth_picture,
    deviation_picture,
    normals_picture,
    overlay,
)
from tips_ros.perception.overview.page import ACCENT, CARD, FAINT, STRONG, TEXT, Box, Page
from tips_ros.perception.overview.top_view import draw_top_view
from tips_ros.perception.predictor import Predictor
from tips_ros.resources import sample_bag, sample_truth

_WIDTH, _HEIGHT, _QUALITY = 1240, 652, 82
_CELL = (216, 162)  # px of a picture
_FRAME = 18  # of those of the sample bag that have truth
_INPUT = (20, 262)
_BOXES = {  # what it says, and its rectangle
    "image encoder,\nonce a frame": Box(290, 293, 170, 100),
    "depth head": Box(530, 131, 170, 60),
    "normals head": Box(530, 253, 170, 60),
    "segmentation head": Box(530, 375, 170, 60),
    "words, embedded\nwhen they change": Box(530, 497, 170, 60),
}
_OUTPUTS = {  # topic: where its picture is
    "~/depth/image": (780, 80),
    "~/depth/stddev": (1004, 80),
    "~/normals/image": (780, 276),
    "~/points": (1004, 276),
    "~/semantic/image": (780, 472),
}
_NOTE = """\
Depth becomes metric
and turns into points
by the CameraInfo.

Nobody subscribes:
not computed."""


def main() -> None:
    """Draws it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", metavar="JPG", type=Path)
    args = parser.parse_args()
    with open_data(sample_bag(), None, BagOptions(truth=sample_truth())) as data:
        sample = next(islice(data.dataset, _FRAME, None))
    picture = figure(sample, load_predictor("demo"))
    save_figure(picture, args.output, _QUALITY, parser)


def figure(sample: Sample, predictor: Predictor) -> Picture:
    """Draws the way of one picture to the outputs."""
    page = Page(_WIDTH, _HEIGHT)
    lines = page.axes(Box(0, 0, _WIDTH, _HEIGHT))
    lines.set(xlim=(0, _WIDTH), ylim=(_HEIGHT, 0), facecolor="none")
    page.head(["One pass of the image encoder, and a head for each output that is wanted"])
    encoder, depth, normals, segmentation, words = _BOXES.values()
    for text, box in _BOXES.items():
        edge = ACCENT if box is encoder else FAINT
        look = {"boxstyle": "round,pad=0,rounding_size=8", "facecolor": CARD, "edgecolor": edge}
        lines.add_patch(FancyBboxPatch(box[:2], box.width, box.height, **look))
        middle = (box.x + box.width / 2, box.y + box.height / 2)
        lines.text(*middle, text, color=STRONG, size=15, ha="center", va="center")
    places = {topic: Box(*place, *_CELL) for topic, place in _OUTPUTS.items()}
    for start, end in (
        (Box(*_INPUT, *_CELL), encoder),
        *((encoder, head) for head in (depth, normals, segmentation, words)),
        (depth, places["~/depth/image"]),
        (normals, places["~/normals/image"]),
        (segmentation, places["~/semantic/image"]),
        (words, places["~/semantic/image"]),
    ):
        _arrow(lines, start, end)
    page.panel(Box(*_INPUT, *_CELL), "image", sample.rgb)
    _draw_outputs(page, places, sample, predictor)
    lines.text(1004, 490, _NOTE, color=TEXT, size=14, va="top", linespacing=1.4)
    return page.picture()


def _draw_outputs(
    page: Page, places: dict[str, Box], sample: Sample, predictor: Predictor
) -> None:
    depth_m, normals, labels, _, stddev_m = predictor.predict(sample.rgb)
    assert depth_m is not None and normals is not None and labels is not None
    assert stddev_m is not None and sample.intrinsics is not None
    pictures = {
        "~/depth/image": depth_picture(depth_m),
        "~/depth/stddev": deviation_picture(stddev_m, depth_m),
        "~/normals/image": normals_picture(normals),
        "~/points": None,
        "~/semantic/image": overlay(sample.rgb, labels, predictor.description.classes.palette()),
    }
    axes = {topic: page.panel(places[topic], topic, drawn) for topic, drawn in pictures.items()}
    cloud = organised_cloud(depth_m, sample.intrinsics, sample.rgb, labels, normals)
    draw_top_view(axes["~/points"], cloud)


def _arrow(axes: Any, start: Box, end: Box) -> None:
    """A line from the middle of one box's right side to that of the other's left side."""
    begin = (start.x + start.width + 4, start.y + start.height / 2)
    stop = (end.x - 4, end.y + end.height / 2)
    look = {"arrowstyle": "-|>", "color": FAINT, "linewidth": 1.6, "mutation_scale": 14}
    axes.annotate("", stop, begin, arrowprops={**look, "shrinkA": 0, "shrinkB": 0})


if __name__ == "__main__":
    main()
