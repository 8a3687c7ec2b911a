# SPDX-License-Identifier: Apache-2.0
"""The training of the demo model on a GPU, in as many steps as fit into a given time.

A step of this model is some thousand small kernels: launched one by one they take longer than they
run. So a step is a CUDA graph from the choice of the frames to the averaged weights, and the host
only counts the seconds: pictures' size and rate follow from the share of the time that is gone.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.language.tokenizer import Tokenizer
from training.architecture import FIRST, GRID
from training.averaging import Average
from training.batches import Batch, batch
from training.checkpoint import StateFolder
from training.device_frames import DeviceFrames
from training.first_layer import start_first_layer
from training.graph_optimisers import GraphOptimisers
from training.objectives import Losses, losses
from training.phrases import phrases
from training.precision import casting, may_use_bf16
from training.trainer import Model, class_weights
from training.variation import vary

logger = logging.getLogger(__name__)

_TEXTS = 4096  # sets of one sentence for each class, made beforehand
_CHUNK = 32  # steps between two looks at the clock and the losses
_DIVERGED = 1.6  # times the loss of the steps before
_AVERAGE = 0.999  # share of the averaged weights that a step keeps
_PUT_BY_S = 8


class Schedule(NamedTuple):
    """How a time is spent; shares of it."""

    seconds: float
    batch: int = 128
    warm_up: float = 0.02  # the rate rises
    small: float = 0.35  # pictures of half the side
    cool_down: float = 0.45  # at the end, the rate falls to zero

    def grid_at(self, progress: float) -> int:
        """Patches along a side when this share of the time is gone."""
        return GRID // 2 if progress < self.small else GRID

    def rate_at(self, progress: float) -> float:
        """Fraction of the full rate."""
        rate = min(1.0, progress / self.warm_up, (1 - progress) / self.cool_down)
        return max(0.0, rate)


class TimedTrainer:
    """Model, optimisers and frames on one device.

    Attributes:
        step: steps done.
    """

    def __init__(
        self,
        directory: Path,
        packed: Path,
        tokenizer: Path,
        schedule: Schedule,
        device: str,
        seed: int = 1,
        sizes: str = FIRST,
        started: float | None = None,
    ) -> None:
        """Args:
        directory: of the log and of `average.pt`, the last weights that were good.
        packed: the frames' files; more of them may arrive later.
        tokenizer: the SentencePiece model.
        schedule: how long.
        device: "cuda", or "cpu" to try it out.
        seed: of weights, sentences and, on one machine, all else.
        sizes: a name in `architecture.SIZES`.
        started: when the time began, `time.monotonic()`; None for now.
        """
        self._started = time.monotonic() if started is None else started
        self._schedule, self._device, self.step = schedule, torch.device(device), 0
        self._directory, self._folder = directory, StateFolder(directory)
        torch.manual_seed(seed)
        self._rng = np.random.default_rng(seed)
        self._frames = DeviceFrames(packed, self._device)
        self._tell("the first frames are unpacked")
        words = Tokenizer(tokenizer)
        self._model = Model(words.vocabulary, sizes)
        start_first_layer(self._model.tips.backbone, self._frames.first.rgb)
        self._model.to(self._device).tips.to(memory_format=torch.channels_last)
        self._ids = self._sentences(words)
        weights = class_weights(self._frames.first.classes)
        self._weights = torch.from_numpy(weights).to(self._device)
        self._count = torch.tensor(self._frames.count, dtype=torch.float64, device=self._device)
        self._sums = torch.zeros(len(Losses._fields) + 1, device=self._device)
        self._average = Average(self._model, _AVERAGE)
        self._optimisers = GraphOptimisers(self._model)
        self._precision = "bf16" if may_use_bf16(self._device) else "fp32"
        self._caution, self._usual, self._began = 1.0, float("inf"), time.monotonic()

    @property
    def average(self) -> Model:
        """The averaged weights."""
        assert isinstance(self._average.module, Model)
        return self._average.module

    @property
    def progress(self) -> float:
        """The share that is gone of the time between the first step and the end."""
        whole = self._started + self._schedule.seconds - self._began
        return min(1.0, (time.monotonic() - self._began) / max(whole, 1e-9))

    def run(self, check_every_s: float = 25) -> None:
        """Trains until the time is over."""
        steps = {grid: self._prepared(grid) for grid in (GRID // 2, GRID)}
        self._tell("steps are ready")
        self._frames.follow()
        self._put_by()
        self._began = checked = put_by = time.monotonic()
        while (progress := self.progress) < 1:
            now = time.monotonic()
            grid = self._schedule.grid_at(progress)
            self._optimisers.rate.fill_(self._caution * self._schedule.rate_at(progress))
            self._count.fill_(self._frames.count)
            for offset in self._rng.integers(4, size=_CHUNK):
                steps[grid][int(offset)]()
            self.step += _CHUNK
            if not self._went_well(grid):
                continue
            if now - put_by >= _PUT_BY_S:
                self._put_by()
                put_by = now
            if now - checked >= check_every_s:
                self._check(grid)
                checked = now
        self._check(GRID)

    def _one_step(self, grid: int, offset: tuple[int, int]) -> None:
        """From the choice of the frames to the averaged weights; nothing here waits."""
        size = self._schedule.batch
        numbers = self._frames.numbers(self._count, size)
        made = batch(self._frames.frames, numbers, vary(size, self._device), offset, grid)
        texts = self._ids[torch.randint(_TEXTS, (1,), device=self._device)][0]
        found = self._losses(self._model, made, texts)
        self._optimisers.zero_grad()
        found.total().backward()
        norm = self._optimisers.step()
        self._average.step(10**9)
        self._sums += torch.stack([*found, norm]).detach()

    def _prepared(self, grid: int) -> list[Callable[[], None]]:
        """One step for each offset of the truth, to be called."""
        offsets = list(product((0, 1), repeat=2))
        if self._device.type != "cuda":
            self._one_step(grid, offsets[0])
            return [partial(self._one_step, grid, offset) for offset in offsets]
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):  # the rate is 0: nothing is learnt
            for _ in range(3):
                self._one_step(grid, offsets[0])
        torch.cuda.current_stream().wait_stream(beside)
        graphs, pool = [], None
        for offset in offsets:
            graph = torch.cuda.CUDAGraph()
            self._optimisers.zero_grad()
            with torch.cuda.graph(graph, pool=pool):
                self._one_step(grid, offset)
            pool = graph.pool()
            graphs.append(graph.replay)
        self._sums.zero_()
        return graphs

    def _losses(self, model: Model, made: Batch, ids: Tensor) -> Losses:
        with casting(self._precision, self._device):
            embeddings = F.normalize(model.text(ids, ids != 0).float(), dim=-1)
            return losses(model.tips, made, embeddings, model.log_scale, self._weights)

    def _sentences(self, tokenizer: Tokenizer) -> Tensor:
        """(_TEXTS, K, L) ids of one sentence for each class, 0 where it has ended."""
        ids = np.stack([tokenizer(phrases(self._rng)).ids for _ in range(_TEXTS)])
        longest = int((ids != 0).sum(axis=2).max())
        return torch.from_numpy(ids[..., :longest].copy()).to(self._device)

    def _went_well(self, grid: int) -> bool:
        """Notes the chunk's losses; what diverged is taken back and goes on at half the rate."""
        *means, norm = (self._sums / _CHUNK).tolist()
        self._sums.zero_()
        total = float(Losses(*map(torch.tensor, means)).total())
        if not total < _DIVERGED * self._usual:
            logger.info("step %d: loss %.3f: back, at half the rate", self.step, total)
            for now, before in zip(self._state(), self._kept, strict=True):
                now.copy_(before)
            self._caution /= 2
            return False
        self._usual = total if self._usual == float("inf") else 0.9 * self._usual + 0.1 * total
        seconds = time.monotonic() - self._started
        rate = float(self._optimisers.rate)
        self._folder.note(
            self.step,
            {**dict(zip(Losses._fields, means, strict=True)), "norm": norm, "rate": rate,
             "side": 14 * grid, "frames": self._frames.count, "seconds": seconds},
        )  # fmt: skip
        return True

    def _put_by(self) -> None:
        self._kept = [value.clone() for value in self._state()]

    def _state(self) -> list[Tensor]:
        weights = [*self._model.state_dict().values(), *self.average.state_dict().values()]
        return [*(w.detach() for w in weights), *self._optimisers.state()]

    @torch.no_grad()
    def _check(self, grid: int) -> None:
        """Notes the averaged weights' losses on scenes not learnt from, and keeps the weights."""
        frames, found, right = self._frames.checked, [], []
        generator = torch.Generator().manual_seed(0)
        for numbers in torch.arange(len(frames.rgb)).split(self._schedule.batch):
            variation = vary(len(numbers), "cpu", generator)
            variation = type(variation)(*(part.to(self._device) for part in variation))
            made = batch(frames, numbers.to(self._device), variation, (0, 1), grid)
            found.append(torch.stack([*self._losses(self.average, made, self._ids[0])]))
            labels = self.average.tips(made.images, ("segmentation",)).segmentation.argmax(dim=1)
            known = made.classes != 255
            right.append((labels[:, ::2, 1::2] == made.classes)[known].float().mean())
        means = torch.stack(found).mean(dim=0).tolist()
        checked = dict(zip(Losses._fields, means, strict=True))
        checked["pixels_right"] = float(torch.stack(right).mean())
        self._folder.note(self.step, {f"checked_{name}": v for name, v in checked.items()})
        self._tell(str({name: round(value, 4) for name, value in checked.items()}))
        new = self._directory / "average.new"
        half = {name: value.half().cpu() for name, value in self.average.state_dict().items()}
        torch.save({"step": self.step, "checked": checked, "average": half}, new)
        os.replace(new, self._directory / "average.pt")

    def _tell(self, what: str) -> None:
        logger.info("%.1f s, step %d: %s", time.monotonic() - self._started, self.step, what)
