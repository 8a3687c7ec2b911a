# SPDX-License-Identifier: Apache-2.0
"""Measures what holding still does to rendered drives, with the camera's poses and without.

    ./run exec python -m training.render_sequences build/sequences
    ./run exec python -m benchmarks.steady build/sequences
    ./run exec python -m benchmarks.steady build/sequences --figure docs/images/steady.jpg

The model sees each frame once; at half of the size of the frames it is then held still in each
mode, and compared with the truth. Prints a Markdown table: the numbers of `off`, and by how many
per cent of them the others differ, mean over the scenes, with the worst scene in brackets.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.figures.saving import save_figure
from benchmarks.steady.figure import figure
from benchmarks.steady.seen import Seen, held, seen_by
from tips_ros.evaluation.metrics.flicker import FlickerMetrics
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal.steady_depth import Mode
from tips_ros.perception.temporal.stream import Holding

_PERSON = 12
_LEAST_PERSON_PX = 400
_MODES: tuple[Mode, ...] = ("scale", "full")
_WAYS = [(mode, posed) for mode in _MODES for posed in (True, False)]


class Numbers(NamedTuple):
    """Numbers of one sequence; see `FlickerResult`. NaN where there is nobody.

    Truth and poses take a pixel of somebody who walks across for the same point as long as their
    distance stays: `flicker` and `classes` count that true motion, `…_rest` leaves them out.
    """

    abs_rel: float
    person: float
    flicker: float
    flicker_rest: float
    classes: float
    classes_rest: float
    scale_std: float
    scale_p95: float


def numbers_of(frames: list[Seen], said: list[Prediction]) -> dict[str, Numbers]:
    """Numbers by sequence."""
    metrics: dict[str, FlickerMetrics] = defaultdict(FlickerMetrics)
    of_rest: dict[str, FlickerMetrics] = defaultdict(FlickerMetrics)
    errors: dict[str, list[float]] = defaultdict(list)
    of_person: dict[str, list[float]] = defaultdict(list)
    for (sample, _), prediction in zip(frames, said, strict=True):
        name = str(sample.sequence)
        metrics[name].add(sample, prediction)
        assert sample.depth_m is not None and prediction.depth_m is not None
        known = np.isfinite(sample.depth_m) & (sample.depth_m > 0)
        off = np.abs(prediction.depth_m / np.where(known, sample.depth_m, 1.0) - 1.0)
        errors[name].append(float(off[known].mean()))
        person = known & (sample.labels == _PERSON)
        rest = sample._replace(depth_m=np.where(person, np.float32(np.nan), sample.depth_m))
        of_rest[name].add(rest, prediction)
        if "person" in name and np.count_nonzero(person) > _LEAST_PERSON_PX:
            of_person[name].append(float(off[person].mean()))
    found = {}
    for name, of in metrics.items():
        flicker, rest = of.result(), of_rest[name].result()
        assert flicker is not None and flicker.depth_log is not None
        assert rest is not None and rest.depth_log is not None
        stretch = flicker.standing or flicker.moving
        assert stretch is not None
        person_error = float(np.mean(of_person[name])) if of_person[name] else np.nan
        found[name] = Numbers(
            float(np.mean(errors[name])), person_error, flicker.depth_log, rest.depth_log,
            flicker.labels_changed or 0.0, rest.labels_changed or 0.0,
            stretch.scale_std or 0.0, stretch.scale_p95 or 0.0,
        )  # fmt: skip
    return found


def report(frames: list[Seen]) -> None:
    """Prints the table, and what a frame costs."""
    off = numbers_of(frames, [prediction for _, prediction in frames])
    tables, costs = {}, {}
    for mode, posed in _WAYS:
        out = list(held(frames, Holding(mode, labels=True), posed))
        tables[mode, posed] = numbers_of(frames, [prediction for prediction, _ in out])
        costs[mode, posed] = np.median([ms for _, ms in out])
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in off:
        kinds[name.split(" ", 1)[1]].append(name)
    print("| stretch | " + " | ".join(Numbers._fields) + " |")
    print("|---" * (1 + len(Numbers._fields)) + "|")
    for kind, names in kinds.items():
        row = [np.mean([off[name][i] for name in names]) for i in range(len(Numbers._fields))]
        print(f"| {kind}: off | " + " | ".join(_told(x, ".4f") for x in row) + " |")
        for (mode, posed), table in tables.items():
            cells = [_change(i, names, table, off) for i in range(len(Numbers._fields))]
            by = "poses" if posed else "flow"
            print(f"| {mode}, by {by} | " + " | ".join(cells) + " |")
    told = (f"{m} by {'poses' if p else 'flow'} {ms:.1f} ms" for (m, p), ms in costs.items())
    print("a frame, depth and classes: " + ", ".join(told))


def _change(i: int, names: list[str], table: dict[str, Numbers], off: dict[str, Numbers]) -> str:
    before, after = (float(np.mean([of[name][i] for name in names])) for of in (off, table))
    worst = max(table[name][i] / off[name][i] - 1 for name in names)
    if np.isnan(worst):
        return ""
    return f"{100 * (after / before - 1):+.0f} % ({100 * worst:+.0f})"


def _told(number: float, how: str) -> str:
    return "" if np.isnan(number) else format(number, how)


def main() -> None:
    """Reads the arguments, and measures or draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("sequences", type=Path, help="of training.render_sequences")
    add("--model", default="demo")
    add("--figure", metavar="JPG", type=Path, help="draw one drive instead of measuring all")
    add("--drive", default="1000341 driving", help="the sequence to draw (default: %(default)s)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.figure is None:
        report(seen_by(args.model, args.sequences))
        return
    picture = figure(seen_by(args.model, args.sequences, args.drive))
    save_figure(picture, args.figure, 82, parser)


if __name__ == "__main__":
    main()
