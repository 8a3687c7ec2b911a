# SPDX-License-Identifier: Apache-2.0
"""Draws rooms with their floor, obstacles and scan, as docs/images/floor.jpg has them.

    ./run exec python -m training.render_courses build/courses
    ./run exec python -m benchmarks.ground.figure build/courses docs/images/floor.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from benchmarks.figures.saving import save_figure
from benchmarks.ground.__main__ import CLASSES, SETTINGS, by_model
from benchmarks.ground.courses import courses
from tips_ros.perception.ground.ground import Ground
from tips_ros.perception.overview.floor_picture import floor_sheet

_HEIGHT = 260  # of a row
_QUALITY = 80


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("folder", type=Path, help="of training.render_courses")
    add("output", type=Path, help="a JPEG file")
    add("--model", default="demo")
    add("--rooms", type=int, nargs="+", default=[0, 1, 2], help="numbers in the folder")
    args = parser.parse_args()
    frames, rows = by_model(args.model), []
    for number, course in enumerate(courses(args.folder, max(args.rooms) + 1)):
        if number not in args.rooms:
            continue
        frame = frames(course)
        view = Ground(SETTINGS).look(frame, CLASSES)
        row = np.concatenate([course.sample.rgb, floor_sheet(course.sample.rgb, view)], axis=1)
        width = round(row.shape[1] * _HEIGHT / row.shape[0])
        rows.append(cv2.resize(row, (width, _HEIGHT), interpolation=cv2.INTER_AREA))
    save_figure(np.concatenate(rows), args.output, _QUALITY, parser)


if __name__ == "__main__":
    main()
