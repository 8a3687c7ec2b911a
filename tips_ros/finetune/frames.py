# SPDX-License-Identifier: Apache-2.0
"""Frames with measured depth: which are learnt from, watched meanwhile, and kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Dataset, Sample
from tips_ros.perception.depth.registration import Registration, RegistrationCheck
from tips_ros.perception.depth.registration_fit import lay_onto_picture

LEAST_FRAMES = 20  # to learn from, of all bags together
_COMPARED = 12  # frames of a bag that tell whether its depth is registered
_WATCHED = 0.12  # of the frames to learn from, those that decide when it is best


class Split(NamedTuple):
    """Numbers of a dataset's frames, each list in the order of time."""

    learn: list[int]
    watch: list[int]
    held_out: list[int]


def split_frames(count: int, held_out_share: float) -> Split:
    """Splits a recording: its end is kept apart, and the piece before that is watched.

    Frames of a recording resemble their neighbours, so that pieces are taken, not every n-th frame.

    Args:
        count: of its frames.
        held_out_share: of them, kept apart; from 0 to below 1.
    """
    rest = count - round(held_out_share * count)
    learn = rest - max(1, round(_WATCHED * rest)) if rest > 1 else rest
    return Split(list(range(learn)), list(range(learn, rest)), list(range(rest, count)))


def thin_out(numbers: Sequence[int], most: int) -> list[int]:
    """Takes at most so many of them, evenly spread, the first and the last among them."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[i] for i in np.linspace(0, len(numbers) - 1, most).round().astype(int)]


class Recording(Dataset, Protocol):
    """A dataset of which some frames can be read alone."""

    def frames(self, numbers: Sequence[int]) -> Iterator[Sample]:
        """Reads the frames of these numbers."""
        ...


class ChosenFrames:
    """Some frames of a recording, as a dataset; depth is laid onto the picture if it lies beside.

    Attributes:
        name, class_names, depth_protocol: the recording's.
    """

    def __init__(
        self, dataset: Recording, numbers: Sequence[int], verdict: Registration | None = None
    ) -> None:
        """
        Args:
            dataset: all of them.
            numbers: the frames that are wanted, in the order of time.
            verdict: whether its depth is registered; None takes the depth as it is.
        """
        self._dataset, self._numbers = dataset, numbers
        self._verdict = verdict
        self.name = dataset.name
        self.class_names: Mapping[int, str] = {}
        self.depth_protocol: DepthProtocol = dataset.depth_protocol

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Sample]:
        for sample in self._dataset.frames(self._numbers):
            depth_m = sample.depth_m
            if depth_m is not None and self._verdict is not None:
                depth_m = lay_onto_picture(depth_m, self._verdict)
            yield sample._replace(depth_m=depth_m, normals=None, labels=None)


class JoinedFrames:
    """Several datasets one after the other, as one."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self._datasets = datasets
        self.name = ", ".join(dict.fromkeys(dataset.name for dataset in datasets))
        self.class_names: Mapping[int, str] = {}
        self.depth_protocol = datasets[0].depth_protocol

    def __len__(self) -> int:
        return sum(map(len, self._datasets))

    def __iter__(self) -> Iterator[Sample]:
        for dataset in self._datasets:
            yield from dataset


def judge_registration(dataset: Recording) -> Registration:
    """Looks whether a recording's depth lies on its pictures, by a dozen frames of it."""
    check = RegistrationCheck(memory=0.9)
    for sample in ChosenFrames(dataset, thin_out(range(len(dataset)), _COMPARED)):
        if sample.depth_m is not None:
            check.add(sample.rgb, sample.depth_m)
    return check.verdict()
