# SPDX-License-Identifier: Apache-2.0
"""Measures how well things keep their ids on rendered drives, against the renderer's truth.

    ./run exec python -m benchmarks.objects
    ./run exec python -m benchmarks.objects --rooms 20 --frames 150
    ./run exec python -m benchmarks.objects --model demo

Without a model: true masks, true depth with 3 % of noise, and poses that are exact, off by 2 cm and
1 degree from frame to frame, or not known. With a model, on what it sees, poses exact.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.objects.drives import Shown, frames
from benchmarks.objects.identity import Identity
from benchmarks.objects.views import CLASSES, View, by_model, by_truth
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.objects.stuff import thing_classes

_MODES = {"exact": "exact poses", "noisy": "noisy poses", "none": "no poses"}

def measure(title: str, see: View, args: argparse.Namespace, pictures: bool) -> None:
    """Prints the numbers of all rooms."""
    all_of = {"IDF1": [], "found": [], "switches": []}  # type: dict[str, list[float]]
    spent: list[float] = []
    for number in range(args.first, args.first + args.rooms):
        try:
            drive = list(frames(number, args.frames, args.rate, (480, 640), pictures))
        except ValueError as error:
            print(f"  room {number}: {error}")
            continue
        identity, objects = Identity(), Objects()
        for shown in drive:
            frame, classes = see(shown)
            start = time.process_time()
            view = objects.look(frame, classes, rgb=shown.rgb)
            ids = view.id_map()
            spent.append(time.process_time() - start)
            identity.add(shown.thing, _things_of(shown), ids, 1 / args.rate)
        all_of["IDF1"].append(identity.idf1)
        all_of["found"].append(identity.found)
        all_of["switches"].append(identity.switches_a_minute)
        if args.each:
            print(f"  room {number}: IDF1 {identity.idf1:.2f}, found {identity.found:.2f}, "
                  f"{identity.switches_a_minute:.2f} switches")  # fmt: skip
    if spent:
        mean = {name: float(np.mean(values)) for name, values in all_of.items()}
        print(f"{title:<24} IDF1 {mean['IDF1']:.3f}   found {mean['found']:.3f}   "
              f"switches of a thing in a minute {mean['switches']:.2f}   "
              f"{1e3 * np.median(spent):.1f} ms a frame")  # fmt: skip


def main() -> None:
    """Prints the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rooms", type=int, default=3)
    add("--first", type=int, default=0, help="number of the first room")
    add("--frames", type=int, default=60)
    add("--rate", type=float, default=5.0, help="frames a second")
    add("--poses", choices=_MODES, help="these alone; all three by default")
    add("--model", help="a model instead of true masks and depth")
    add("--each", action="store_true", help="the numbers of each room, too")
    args = parser.parse_args()
    if args.model:
        measure(args.model, by_model(args.model), args, pictures=True)
        return
    for mode in [_MODES[args.poses]] if args.poses else _MODES.values():
        measure(mode, by_truth(mode), args, pictures=False)


def _things_of(shown: Shown) -> set[int]:
    """The numbers of what is no stuff."""
    return set(np.unique(shown.thing[thing_classes(CLASSES)[shown.labels]]).tolist())


if __name__ == "__main__":
    main()
