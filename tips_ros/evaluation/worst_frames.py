# SPDX-License-Identifier: Apache-2.0
"""The frames on which a predictor does worst, kept while a dataset goes by."""

from __future__ import annotations

import heapq
from typing import Literal, NamedTuple, get_args

from tips_ros.evaluation.sample import Sample
from tips_ros.perception.prediction import Prediction

Task = Literal["depth", "normals", "semantic"]
TASKS: tuple[Task, ...] = get_args(Task)


class ScoredFrame(NamedTuple):
    """A frame with what is needed to draw it.

    Attributes:
        badness: more is worse: AbsRel, mean angle in degrees, or 1 − mean IoU of this image.
        sample: the truth.
        prediction: what was said, its labels in the truth's ids.
    """

    badness: float
    sample: Sample
    prediction: Prediction


class WorstFrames:
    """Holds on to the worst few frames of each task and lets the others go."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heaps: dict[Task, list[tuple[float, int, ScoredFrame]]] = {t: [] for t in TASKS}
        self._seen = 0

    def add(self, task: Task, frame: ScoredFrame) -> None:
        """Keeps the frame if it is among the worst so far; of two equal ones the earlier."""
        self._seen += 1
        entry = (frame.badness, -self._seen, frame)  # no two have the same second number
        heap = self._heaps[task]
        if len(heap) < self._count:
            heapq.heappush(heap, entry)
        elif self._count:
            heapq.heappushpop(heap, entry)

    def result(self) -> dict[Task, tuple[ScoredFrame, ...]]:
        """Worst first, for each task that was measured."""
        return {
            task: tuple(frame for *_, frame in sorted(heap, key=lambda e: e[:2], reverse=True))
            for task, heap in self._heaps.items()
            if heap
        }
