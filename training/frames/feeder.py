# SPDX-License-Identifier: Apache-2.0
"""The batches of the next steps, made by another process while this one computes.

Which frames a step sees and how they are varied follows from the seed and the step's number alone:
a training that was stopped sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from tips_ros.perception.language.tokenizer import Tokenizer
from training.frames.batches import Batch, Frames, batch
from training.frames.frame_store import FrameStore
from training.frames.phrases import phrases
from training.frames.variation import vary

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


class _Steps(Dataset[Step]):
    """The data of each step by its number; frames and tokenizer are opened where they are used."""

    def __init__(self, source: Source, grids: NDArray[np.int64]) -> None:
        self._source, self._grids = source, grids

    @cached_property
    def _maker(self) -> Maker:
        return Maker(self._source)

    def __getitem__(self, number: int) -> Step:
        step = self._maker.step(number, int(self._grids[number]))
        images = step.batch.images.contiguous(memory_format=torch.channels_last)
        return step._replace(batch=step.batch._replace(images=images))


def feed(source: Source, grids: NDArray[np.int64], first: int) -> Iterator[Step]:
    """Steps' data in order.

    Args:
        source: where they come from.
        grids: patches along a side, for each step of the training.
        first: the step to begin with.
    """
    loader = DataLoader(
        _Steps(source, grids),
        batch_size=None,
        sampler=range(first, len(grids)),
        num_workers=1,
        prefetch_factor=_AHEAD,
        multiprocessing_context="spawn",
        collate_fn=_keep,
        generator=torch.Generator(),  # PyTorch's own is the training's
    )
    return iter(loader)


def _keep(step: Step) -> Step:
    return step
