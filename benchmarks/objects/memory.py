# SPDX-License-Identifier: Apache-2.0
"""Measures a memory of things on two laps through rendered rooms, against the renderer's truth.

    ./run exec python -m benchmarks.objects.memory --rooms 20
    ./run exec python -m benchmarks.objects.memory --rooms 3 --model demo

Three things are moved or taken away between the laps. Without a model: true masks, true depth with
3 % of noise; poses that are exact, or off by 2 cm and 1 degree in each frame, in a map that has
drifted by 20 cm and 2 degrees until it jumps back half a lap later. With a model, on what it sees.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.objects.laps import Laps
from benchmarks.objects.recall import Recall
from benchmarks.objects.views import CLASSES, NoWords, View, by_model, by_truth
from tips_ros.perception.language.word_encoder import WordEncoder
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.question import answers, question_of
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.selection import Selection, select
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.objects.stuff import thing_classes

_DRIFT_M, _DRIFT_DEG = 0.2, 2.0
_THINGS = {name for class_id, name in CLASSES.by_id().items() if thing_classes(CLASSES)[class_id]}
_MODES = ("exact", "noisy")


def measure(title: str, mode: str, see: View, encoder: WordEncoder, args: argparse.Namespace) -> (
    None
):
    """Prints the numbers of all rooms."""
    recall, spent_ms = Recall(), list[float]()
    size = (480, 640) if args.model else (240, 320)
    for number in range(args.first, args.first + args.rooms):
        try:
            laps = Laps(number, args.frames, args.rate)
        except ValueError as error:
            print(f"  room {number}: {error}")
            continue
        memory, objects = Memory(), Objects()
        remembered: list[list[tuple[str, NDArray[np.float64]]]] = []
        for which in (0, 1):
            for index, shown in enumerate(laps.lap(which, size, bool(args.model))):
                frame, classes = see(shown)
                view = objects.look(frame, classes, rgb=shown.rgb)
                smooth = frame.world_from_camera
                assert smooth is not None
                drifts = mode == "noisy" and which == 0 and index >= args.frames // 2
                drifts |= mode == "noisy" and which == 1 and index < args.frames // 4
                placed = _drift(smooth) if drifts else smooth
                start = time.process_time()
                posed = replace(frame, world_from_camera=placed, world_id="map")
                if memory.see(view, posed, smooth_from_camera=smooth):
                    spent_ms.append(1e3 * (time.process_time() - start))
            remembered.append([(one.name, one.centre_m) for one in memory.things])
        asked = {o.name for o in laps.truth[1].values() if o.seen_well} & _THINGS
        best = {name: _first(memory, name, encoder) for name in sorted(asked)}
        truth = [{n: o for n, o in lap.items() if o.name in _THINGS} for lap in laps.truth]
        room = Recall()
        for counts in (room, recall):
            counts.add(*truth, laps.changed, remembered[0], memory.things, best)
        if args.each:
            print(f"  room {number}: {room.line()}, {len(memory.things)} in memory")
    if spent_ms:
        print(f"{title:<14} {recall.line()}   {np.median(spent_ms):.1f} ms a key frame, "
              f"{np.quantile(spent_ms, 0.95):.1f} for one in twenty")  # fmt: skip


def main() -> None:
    """Prints the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rooms", type=int, default=3)
    add("--first", type=int, default=0, help="number of the first room")
    add("--frames", type=int, default=150, help="of a lap")
    add("--rate", type=float, default=5.0, help="frames a second")
    add("--poses", choices=_MODES, help="these alone; both by default")
    add("--model", help="a model instead of true masks and depth")
    add("--each", action="store_true", help="the numbers of each room, too")
    args = parser.parse_args()
    if args.model:
        from tips_ros.perception.loading.prompt_encoder import PromptEncoder

        measure(args.model, "exact", by_model(args.model), PromptEncoder(args.model), args)
        return
    for mode in [args.poses] if args.poses else _MODES:
        measure(f"{mode} poses", mode, by_truth(f"{mode} poses"), NoWords(), args)


def _first(memory: Memory, name: str, encoder: WordEncoder) -> Remembered | None:
    called = {one for thing in memory.things for one in thing.names}
    found = answers(memory.things, question_of(name, encoder, CLASSES, called))
    chosen = select(found, Selection(most=1))
    return chosen[0].thing if chosen else None


def _drift(pose: NDArray[np.float64]) -> NDArray[np.float64]:
    drift = np.eye(4)
    drift[:3, :3] = cv2.Rodrigues(np.array([0.0, 0.0, np.radians(_DRIFT_DEG)]))[0]
    drift[0, 3] = _DRIFT_M
    return drift @ pose


if __name__ == "__main__":
    main()
