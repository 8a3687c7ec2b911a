# SPDX-License-Identifier: Apache-2.0
"""Milliseconds: of a stage, of many rounds, and of contenders that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from tips_ros.progress import WorkProgress


class TimeSpread(NamedTuple):
    """Median and percentile of the times of many rounds."""

    median_ms: float
    p95_ms: float


class Ratio(NamedTuple):
    """Time of the other as a multiple of ours."""

    of_medians: float
    median_of_rounds: float  # of each round's own ratio: a slow moment hits both


class Stopwatch:
    """Laps of one round. A lap ends when the device has done what was asked of it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.laps_ms: dict[str, float] = {}  # in the order of their first lap
        self._at = time.perf_counter()

    def start(self) -> None:
        """Begins a lap."""
        synchronise(self._device)
        self._at = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Ends a lap, which counts for this stage, and begins the next."""
        synchronise(self._device)
        now = time.perf_counter()
        self.laps_ms[stage] = self.laps_ms.get(stage, 0.0) + (now - self._at) * 1e3
        self._at = now


def synchronise(device: torch.device) -> None:
    """Waits until a GPU has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def milliseconds(work: Callable[[], object], device: torch.device) -> float:
    """Measures the time that `work` takes, on the device as well."""
    synchronise(device)
    start = time.perf_counter()
    work()
    synchronise(device)
    return (time.perf_counter() - start) * 1e3


def spread(rounds_ms: Sequence[float]) -> TimeSpread:
    """Median and 95th percentile; ValueError without a round."""
    if not rounds_ms:
        raise ValueError("nothing was measured; ask for at least one round")
    median, p95 = np.percentile(rounds_ms, [50, 95])
    return TimeSpread(float(median), float(p95))


def take_turns(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    warm_up: int,
    device: torch.device,
) -> dict[str, list[float]]:
    """Milliseconds of each contender in each round.

    Every second round runs them in the opposite order, so that whoever comes after the slowest
    one, with its heat and its cold caches, is not always the same.

    Args:
        contenders: by name.
        rounds: how many count.
        warm_up: how many go before and don't.
        device: where they work.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    with WorkProgress("taking turns", warm_up + rounds, "round") as progress:
        for number in range(-warm_up, rounds):
            for name in names if number % 2 == 0 else reversed(names):
                taken = milliseconds(contenders[name], device)
                if number >= 0:
                    times[name].append(taken)
            progress.update()
    return times


def ratio(theirs_ms: Sequence[float], ours_ms: Sequence[float]) -> Ratio:
    """Computes their times as multiples of ours, from rounds that belong together."""
    rounds = [theirs / ours for theirs, ours in zip(theirs_ms, ours_ms, strict=True)]
    medians = spread(theirs_ms).median_ms / spread(ours_ms).median_ms
    return Ratio(medians, float(np.median(rounds)))
