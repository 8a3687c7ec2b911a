# SPDX-License-Identifier: Apache-2.0
"""Measures what a key frame costs a memory of many things, in a hall of boxes.

    ./run exec python -m benchmarks.objects.memory_size
    ./run exec python -m benchmarks.objects.memory_size --things 30

The things are those of the hall, over and over, at random places within 24 m.
"""

from __future__ import annotations

import argparse
import copy

import numpy as np

from benchmarks.objects.memory_soak import Hall, drive
from tips_ros.perception.memory.memory import Memory

_AROUND_M = 12.0


def fill(memory: Memory, count: int) -> None:
    """Adds copies of what is remembered, elsewhere, until there are so many."""
    rng = np.random.default_rng(0)
    known = list(memory.things)
    while len(memory.things) < count:
        other = copy.deepcopy(known[rng.integers(len(known))])
        step = np.append(rng.uniform(-_AROUND_M, _AROUND_M, 2), 0.0)
        other.place_m = other.place_m + step
        along = other.rotation.T @ step
        other.low_m, other.high_m = other.low_m + along, other.high_m + along
        memory.last_number += 1
        other.number = memory.last_number
        memory.things.append(other)


def main() -> None:
    """Prints a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--things", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=200)
    args = parser.parse_args()
    memory, hall = Memory(), Hall()
    drive(memory, hall, 0, args.frames)
    fill(memory, args.things)
    spent: list[float] = []
    for index in range(args.frames):
        spent += drive(memory, hall, args.frames + index, 1)
        fill(memory, args.things)
    print(
        f"{len(memory.things)} things: {np.median(spent):.1f} ms a key frame, "
        f"{np.quantile(spent, 0.95):.1f} for one in twenty, {max(spent):.1f} at most; "
        f"{memory.nbytes / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
