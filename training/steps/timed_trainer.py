# SPDX-License-Identifier: Apache-2.0
"""The training of the demo model on a GPU, in as many steps as fit into a given time.

The size of the pictures and the learning rate follow from the share of the time that is gone: the
rate is down to zero when it is over, however fast the device is.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tips_ros.perception.language.tokenizer import Tokenizer
from training.frames.appearance.appearance import APPEARANCE
from training.frames.device_frames import DeviceFrames, Rooms
from training.frames.phrases import phrases
from training.network.architecture import FIRST, GRID
from training.network.first_layer import start_first_layer
from training.network.precision import Precision, may_use_bf16
from training.steps.checkpoint import StateFolder
from training.steps.device_step import AVERAGE, DeviceStep
from training.steps.objectives import Losses
from training.steps.trainer import Model, class_weights

logger = logging.getLogger(__name__)

BATCH = 96  # pictures of a step, for which the rates of `graph_optimisers` are
_TEXTS = 4096  # sets of one sentence for each class, made beforehand
_CHUNK = 32  # steps between two looks at the clock and the losses
_DIVERGED = 1.6  # times the loss of the steps before
_CHECKS = 19  # in all the time
_PUT_BY_S = 8  # between two states that a training which diverges goes back to


class Schedule(NamedTuple):
    """Shares of the time for each phase, and of the frames."""

    seconds: float
    batch: int = BATCH
    rate: float = 1.0  # factor on the learning rates
    appearance: float = APPEARANCE  # of the frames, these get another look
    warm_up: float = 0.02  # the rate rises
    small: float = 0.35  # pictures of half the side
    cool_down: float = 0.45  # at the end, the rate falls to zero
    rendered: float = 0.9  # rooms that come later than this are learnt from too seldom
    average: float = AVERAGE  # share of the averaged weights that a step keeps

    def grid_at(self, progress: float) -> int:
        """Patches along a side when this share of the time is gone."""
        return GRID // 2 if progress < self.small else GRID

    def rate_at(self, progress: float) -> float:
        """Fraction of the full rate."""
        rate = min(1.0, progress / self.warm_up, (1 - progress) / self.cool_down)
        return self.rate * max(0.0, rate)


class TimedTrainer:
    """Model and frames on one device.

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
        precision: Precision | None = None,
        started: float | None = None,
        room: int | None = None,
        rooms: Rooms | None = None,
        start: Path | None = None,
    ) -> None:
        """Args:
        directory: of the log and of `average.pt`, the last weights that were good.
        packed: the frames' files; more of them may arrive later.
        tokenizer: the SentencePiece model.
        schedule: how long.
        device: "cuda", or "cpu" to try it out.
        seed: of weights, sentences and all that is drawn.
        sizes: a name in `architecture.SIZES`.
        precision: to compute in; None takes bf16 where the device has it.
        started: when the time began, `time.monotonic()`; None for now.
        room: for how many frames; None for as many as are packed.
        rooms: that are rendered meanwhile; ended by this training.
        start: a model directory of these sizes, to go on from; None begins with random weights.
        """
        self._started = time.monotonic() if started is None else started
        self._schedule, self._directory, self.step = schedule, directory, 0
        self._folder = StateFolder(directory)
        where = torch.device(device)
        torch.manual_seed(seed)
        self._rng = np.random.default_rng(seed)
        self._frames = DeviceFrames(packed, where, room, rooms)
        self._tell(f"the first {self._frames.count} frames are there")
        words = Tokenizer(tokenizer)
        model = Model(words.vocabulary, sizes)
        if start is None:
            start_first_layer(model.tips.backbone, self._frames.first.rgb)
        else:
            model.take_over(start)
        model.to(where).tips.to(memory_format=torch.channels_last)
        weights = torch.from_numpy(class_weights(self._frames.first.classes))
        if precision is None:
            precision = "bf16" if may_use_bf16(where) else "fp32"
        self._one = DeviceStep(model, self._frames.frames, self._sentences(words).to(where),
                               weights.to(where), schedule.batch, precision,
                               schedule.appearance, schedule.average)  # fmt: skip
        self._caution, self._usual, self._began = 1.0, float("inf"), time.monotonic()

    @property
    def average(self) -> Model:
        """The averaged weights."""
        return self._one.average

    @property
    def progress(self) -> float:
        """The share that is gone of the time between the first step and the end."""
        whole = self._started + self._schedule.seconds - self._began
        return min(1.0, (time.monotonic() - self._began) / max(whole, 1e-9))

    def run(self, check_every_s: float | None = None) -> None:
        """Trains until the time is over; checks as often as told, or some twenty times."""
        try:
            self._run(check_every_s or self._schedule.seconds / _CHECKS)
        finally:
            self._frames.stop_rooms()

    def _run(self, check_every_s: float) -> None:
        steps = {grid: self._one.prepared(grid) for grid in (GRID // 2, GRID)}
        self._check(GRID)  # the first time is the slowest
        self._tell("steps are ready")
        self._frames.follow()
        self._good = self._newest = [value.clone() for value in self._one.state()]
        self._began = checked = put_by = time.monotonic()
        while (progress := self.progress) < 1:
            now = time.monotonic()
            if progress > self._schedule.rendered:
                self._frames.stop_rooms()
            grid = self._schedule.grid_at(progress)
            self._one.rate.fill_(self._caution * self._schedule.rate_at(progress))
            self._one.count.fill_(self._frames.count)
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

    def _sentences(self, tokenizer: Tokenizer) -> Tensor:
        """(_TEXTS, K, L) ids of one sentence for each class, 0 where it has ended."""
        ids = np.stack([tokenizer(phrases(self._rng)).ids for _ in range(_TEXTS)])
        longest = int((ids != 0).sum(axis=2).max())
        return torch.from_numpy(ids[..., :longest].copy())

    def _went_well(self, grid: int) -> bool:
        """Notes the chunk's losses; what diverged is taken back and goes on at half the rate."""
        *means, norm = (self._one.sums / _CHUNK).tolist()
        self._one.sums.zero_()
        total = float(Losses(*map(torch.tensor, means)).total())
        if not total < _DIVERGED * self._usual:
            self._tell(f"loss {total:.3f} after {self._usual:.3f}: back, at half the rate")
            for now, before in zip(self._one.state(), self._good, strict=True):
                now.copy_(before)
            self._newest = self._good
            self._caution /= 2
            return False
        self._usual = min(total, 0.9 * self._usual + 0.1 * total)
        about = {"norm": norm, "rate": float(self._one.rate), "side": 14 * grid,
                 "frames": self._frames.count, "seconds": self._seconds}  # fmt: skip
        self._folder.note(self.step, {**dict(zip(Losses._fields, means, strict=True)), **about})
        return True

    def _put_by(self) -> None:
        # What was put by last may be spoilt already; what was before it has gone well since.
        self._good, self._newest = self._newest, [value.clone() for value in self._one.state()]

    def _check(self, grid: int) -> None:
        """Notes how the averaged weights do on scenes not learnt from, and writes them."""
        checked = self._one.check(self._frames.checked, grid)
        self._folder.note(self.step, {f"checked_{name}": v for name, v in checked.items()})
        self._tell(str({name: round(value, 4) for name, value in checked.items()}))
        half = {name: value.half().cpu() for name, value in self.average.state_dict().items()}
        new = self._directory / "average.new"
        torch.save({"step": self.step, "checked": checked, "average": half}, new)
        os.replace(new, self._directory / "average.pt")

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _tell(self, what: str) -> None:
        logger.info("%.1f s, step %d: %s", self._seconds, self.step, what)
