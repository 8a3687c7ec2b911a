# SPDX-License-Identifier: Apache-2.0
"""The batches of the next steps, made by another process while this one computes.

Which frames a step sees and how they are varied follows from the seed and the step's number alone:
a training that was stopped sees what it would have seen.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from tips_ros.perception.language.tokenizer import Tokenizer
from training.frames.batches import Batch, Frames, batch
from training.frames.frame_store import FrameStore
from training.frames.phrases import phrases
from training.frames.variation import vary
from training.worker import end_with_parent

_AHEAD = 3  # batches


class Source(NamedTuple):
    """Source of the batches.

    Attributes:
        store: the frames' folder.
        scenes, views: how many it has.
        learnt: frames, from the first on, that may be learnt from.
        tokenizer: the SentencePiece model.
        size: frames in a batch.
        seed: of the training.
    """

    store: Path
    scenes: int
    views: int
    learnt: int
    tokenizer: Path
    size: int
    seed: int


class Step(NamedTuple):
    """Data of one training step."""

    batch: Batch
    ids: torch.Tensor  # (K, L) one phrase of each class
    is_token: torch.Tensor  # (K, L)


class Feeder:
    """Steps' batches in order; a context manager."""

    def __init__(self, source: Source, grids: NDArray[np.int64], first: int) -> None:
        """Args:
        source: where they come from.
        grids: patches along a side, for each step of the training.
        first: the step to begin with.
        """
        self._grids, self._next = grids, first
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start, (source,))
        self._coming: deque[Future[tuple[Any, ...]]] = deque()

    def __enter__(self) -> Feeder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def take(self) -> Step:
        """The next step's batch."""
        while len(self._coming) < _AHEAD and self._next < len(self._grids):
            grid = int(self._grids[self._next])
            self._coming.append(self._pool.submit(_made, self._next, grid))
            self._next += 1
        *arrays, offset = self._coming.popleft().result()
        images, depth, normals, classes, ids, is_token = map(torch.from_numpy, arrays)
        images = images.permute(0, 3, 1, 2)  # in memory as the network wants it: channels last
        return Step(Batch(images, depth, normals, classes.long(), offset), ids, is_token)


class Maker:
    """Makes the batch of any step."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._frames = FrameStore(source.store, source.scenes, source.views).frames
        self._tokenizer = Tokenizer(source.tokenizer)

    @property
    def vocabulary(self) -> int:
        """Number of the tokenizer's pieces."""
        return self._tokenizer.vocabulary

    def step(self, number: int, grid: int) -> Step:
        """Makes the data of training step `number`, in pictures of `grid` × `grid` patches."""
        rng = np.random.default_rng([self._source.seed, number])
        frames = rng.choice(self._source.learnt, self._source.size, replace=False)
        return self.of_frames(frames, grid, rng)

    def of_frames(self, numbers: NDArray[Any], grid: int, rng: np.random.Generator) -> Step:
        """A batch of these frames."""
        frames = Frames(*(torch.from_numpy(array[numbers]) for array in self._frames))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        offset = int(rng.integers(2)), int(rng.integers(2))
        variation = vary(len(numbers), "cpu", generator)
        which = torch.arange(len(numbers))
        made = batch(frames, which, variation, offset, grid, generator)
        texts = self._tokenizer(phrases(rng))
        longest = int(texts.is_token.sum(axis=1).max())
        ids, is_token = (torch.from_numpy(a[:, :longest].copy()) for a in texts[:2])
        return Step(made, ids, is_token)


_maker: list[Maker] = []


def _start(source: Source) -> None:
    end_with_parent()
    torch.set_num_threads(1)
    _maker.append(Maker(source))


def _made(number: int, grid: int) -> tuple[Any, ...]:
    step = _maker[0].step(number, grid)
    made = step.batch
    return (
        np.ascontiguousarray(made.images.permute(0, 2, 3, 1).numpy()),
        made.depth_m.numpy(),
        np.ascontiguousarray(made.normals.numpy()),
        made.classes.to(torch.uint8).numpy(),
        step.ids.numpy(),
        step.is_token.numpy(),
        made.offset,
    )
