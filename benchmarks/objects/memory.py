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

from benchmarks.objects.drives import Shown
from benchmarks.objects.laps import Laps
from benchmarks.objects.recall import Entry, Recall
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


class Measured:
    """Two laps of one kind of poses, over rooms."""

    def __init__(self, title: str, drifts: bool, see: View, encoder: WordEncoder) -> None:
        """
        Args:
            title: of its line.
            drifts: whether the map drifts and jumps.
            see: what is made of a frame.
            encoder: of the words that are asked.
        """
        self.title, self.recall = title, Recall()
        self._drifts, self._see, self._encoder = drifts, see, encoder
        self._spent_ms: list[float] = []

    def enter(self) -> None:
        """A new room."""
        self._memory, self._objects = Memory(), Objects()

    def look(self, shown: Shown, drifted: bool) -> None:
        """Takes a frame in.

        Args:
            shown: the frame.
            drifted: whether the map is off by then, where it drifts.
        """
        frame, classes = self._see(shown)
        view = self._objects.look(frame, classes, rgb=shown.rgb)
        smooth = frame.world_from_camera
        assert smooth is not None
        placed = _drift(smooth) if drifted and self._drifts else smooth
        start = time.process_time()
        posed = replace(frame, world_from_camera=placed, world_id="map")
        if self._memory.see(view, posed, smooth_from_camera=smooth):
            self._spent_ms.append(1e3 * (time.process_time() - start))

    def rest(self) -> None:
        """The first lap is over."""
        self._before = [Entry.of(one) for one in self._memory.things]

    def leave(self, laps: Laps) -> str:
        """A line about the room, which is over."""
        memory = self._memory
        asked = {o.name for o in laps.truth[1].values() if o.seen_well} & _THINGS
        best = {name: _first(memory, name, self._encoder) for name in sorted(asked)}
        truth = [{n: o for n, o in lap.items() if o.name in _THINGS} for lap in laps.truth]
        room = Recall()
        for counts in (room, self.recall):
            counts.add(*truth, laps.changed, self._before, memory.things, best)
        return f"{self.title}: {room.line()}, {len(memory.things)} in memory"

    def line(self) -> str:
        """All rooms in a line."""
        spent = self._spent_ms or [0.0]
        return (
            f"{self.title:<14} {self.recall.line()}   {np.median(spent):.1f} ms a key frame, "
            f"{np.quantile(spent, 0.95):.1f} for one in twenty"
        )


def measure(all_of: list[Measured], args: argparse.Namespace) -> None:
    """Prints the numbers of all rooms; each is rendered once."""
    size = (480, 640) if args.model else (240, 320)
    for number in range(args.first, args.first + args.rooms):
        try:
            laps = Laps(number, args.frames, args.rate)
        except ValueError as error:
            print(f"  room {number}: {error}")
            continue
        for one in all_of:
            one.enter()
        for which in (0, 1):
            for index, shown in enumerate(laps.lap(which, size, bool(args.model))):
                half = args.frames // 2 if which == 0 else args.frames // 4
                for one in all_of:
                    one.look(shown, (index >= half) == (which == 0))
            if which == 0:
                for one in all_of:
                    one.rest()
        for one in all_of:
            line = one.leave(laps)
            if args.each:
                print(f"  room {number}, {line}", flush=True)
    for one in all_of:
        print(one.line())


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

        encoder = PromptEncoder(args.model)
        measure([Measured(args.model, False, by_model(args.model), encoder)], args)
        return
    measure([
        Measured(f"{mode} poses", mode == "noisy", by_truth(f"{mode} poses"), NoWords())
        for mode in ([args.poses] if args.poses else _MODES)
    ], args)  # fmt: skip


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
