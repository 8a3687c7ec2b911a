# SPDX-License-Identifier: Apache-2.0
"""Draws the figure of docs/objects.md: three frames of a drive, each thing with its number.

    ./run exec python -m benchmarks.objects.figure docs/images/objects.jpg

A thing has the same colour in all three.
"""

from __future__ import annotations

import argparse
import colorsys
from pathlib import Path

import cv2
import numpy as np

from benchmarks.figures.saving import save_figure
from benchmarks.objects.drives import frames
from benchmarks.objects.views import by_model, by_truth
from tips_ros.perception.map_pictures import Picture
from tips_ros.perception.objects.objects import Objects, ObjectsView

_FRAMES, _SIZE, _QUALITY = 3, (448, 336), 82
_LEAST_PX = 2500  # of a thing that is named
_GOLDEN = 0.618  # of the circle of hues from one number to the next


def main() -> None:
    """Writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("output", type=Path, help="a JPEG file")
    add("--room", type=int, default=2)
    add("--model", default="demo", help="or none, for true masks")
    add("--first", type=int, default=8, help="number of the first frame that is drawn")
    add("--apart", type=int, default=8, help="frames from one to the next")
    add("--rate", type=float, default=5.0, help="frames a second")
    args = parser.parse_args()
    drawn = range(args.first, args.first + _FRAMES * args.apart, args.apart)
    see = by_truth("exact poses") if args.model == "none" else by_model(args.model)
    objects, pictures = Objects(), []
    for number, shown in enumerate(frames(args.room, drawn[-1] + 1, args.rate, (480, 640), True)):
        assert shown.rgb is not None
        frame, classes = see(shown)
        view = objects.look(frame, classes, rgb=shown.rgb)
        if number in drawn:
            pictures.append(numbered(shown.rgb, view))
    save_figure(np.concatenate(pictures, axis=1), args.output, _QUALITY, parser)


def numbered(rgb: Picture, view: ObjectsView) -> Picture:
    """A frame with its things outlined, tinted and named."""
    picture, ids, texts = rgb.copy(), view.id_map(), []
    for one in view.objects:
        mask = (ids == one.id & 0xFFFF).astype(np.uint8)
        if not mask.any():
            continue
        colour = tuple(round(255 * c) for c in colorsys.hsv_to_rgb(one.id * _GOLDEN % 1, 0.7, 1.0))
        picture[mask > 0] = (0.55 * picture[mask > 0] + 0.45 * np.array(colour)).astype(np.uint8)
        outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(picture, outlines, -1, colour, 2, cv2.LINE_AA)
        if mask.sum() >= _LEAST_PX:
            of = cv2.moments(mask, binaryImage=True)
            x, y = int(of["m10"] / of["m00"]), int(of["m01"] / of["m00"])
            texts.append((f"{one.class_name} {one.id}", x, y))
    for text, x, y in texts:
        for ink, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            place = (max(4, x - 5 * len(text)), y)
            cv2.putText(picture, text, place, 0, 0.6, ink, width, cv2.LINE_AA)
    return np.asarray(cv2.resize(picture, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
