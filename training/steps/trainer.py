# SPDX-License-Identifier: Apache-2.0
"""The training of the demo model, step by step; stops and goes on at any step."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from tips_ros.errors import UserError
from tips_ros.perception.loading.load import load_model
from training.frames.feeder import Maker, Source, Step, feed
from training.frames.frame_store import CHECKED_SCENES, FrameStore
from training.network.architecture import CLASSES, FIRST, GRID, SIZES, demo_model
from training.network.averaging import Average
from training.network.first_layer import start_first_layer
from training.network.plain_attention import use_plain_attention
from training.network.precision import Precision, casting, faster_precision
from training.steps.checkpoint import StateFolder
from training.steps.objectives import Losses, losses
from training.steps.optimisers import Optimisers

logger = logging.getLogger(__name__)

_FIRST_TEMPERATURE = 0.07
_RARE = 0.4  # a class of share s weighs as s^-0.4


class Plan(NamedTuple):
    """Plan of a training: its length and its data."""

    images: int
    batch: int
    seed: int
    small: float = 0.65  # share of the steps that see small pictures
    cool_down: float = 0.3  # share of the steps in which the rate falls to zero
    average: float = 0.999  # share of the averaged weights that a step keeps
    sizes: str = FIRST  # of the model, a name in `architecture.SIZES`

    @property
    def steps(self) -> int:
        """Number of steps."""
        return self.images // self.batch

    def grid_at(self, step: int) -> int:
        """Patches along a side: a quarter of them costs less than half the time."""
        return GRID // 2 if step < self.small * self.steps else GRID


class Model(nn.Module):
    """All that is trained: image encoder with heads, text encoder, temperature."""

    def __init__(self, vocabulary: int, sizes: str) -> None:
        super().__init__()
        self.tips, self.text = demo_model(vocabulary, sizes)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(_FIRST_TEMPERATURE)))

    @torch.no_grad()
    def take_over(self, directory: Path) -> None:
        """Takes the weights of a model directory that was trained here, with the same sizes.

        Raises:
            UserError: its sizes are others.
            ModelNotFound, CheckpointError: see `load_model`.
        """
        trained = load_model(str(directory), with_text=True)
        temperature = trained.description.temperature
        assert trained.text is not None and temperature is not None  # `export` writes both
        try:
            self.tips.load_state_dict(trained.tips.state_dict())
            self.text.load_state_dict(trained.text.encoder.state_dict())
        except RuntimeError as error:
            raise UserError(
                f"{directory}: a model of other sizes can't be gone on from; name the ones "
                f"that it was trained with: --sizes {', '.join(SIZES)}"
            ) from error
        self.log_scale.fill_(-math.log(temperature))

    @property
    def temperature(self) -> float:
        """Temperature that the cosines of patches and words are divided by."""
        return float(torch.exp(-self.log_scale.detach()))


class Trainer:
    """Model, optimisers and data, with everything on disk that going on later needs.

    Attributes:
        step: steps done.
        average: the averaged weights, which are the result.
    """

    def __init__(
        self,
        directory: Path,
        store: FrameStore,
        tokenizer: Path,
        plan: Plan,
        device: str,
        precision: Precision | None = None,
    ) -> None:
        """Takes up the training in `directory`, or starts one there.

        Args:
            directory: of checkpoint and log.
            store: frames, all of them there.
            tokenizer: the SentencePiece model.
            plan: how long; the same as when it was started.
            device: "cpu" or "cuda".
            precision: of the matrix products; None takes the faster one.

        Raises:
            ValueError: what is in `directory` was started with another plan.
        """
        self.plan, self._store, self._device = plan, store, torch.device(device)
        learnt = (store.scenes - CHECKED_SCENES) * store.views
        self._source = Source(store.directory, store.scenes, store.views, learnt, tokenizer,
                              plan.batch, plan.seed)  # fmt: skip
        self._maker = Maker(self._source)
        self._folder = StateFolder(directory)
        torch.manual_seed(plan.seed)
        self._model = Model(self._maker.vocabulary, plan.sizes)
        self._model.tips.to(memory_format=torch.channels_last)  # as tokens already are
        if self._device.type == "cpu":
            use_plain_attention(self._model)
        self._weights = torch.from_numpy(class_weights(store.frames.classes)).to(self._device)
        self.step, self._seconds, self._running = 0, 0.0, list[list[float]]()
        self._stopping = False
        state = self._folder.load(self._device)
        if state is None:
            start_first_layer(self._model.tips.backbone, store.frames.rgb)
        self._model.to(self._device)
        self._average = Average(self._model, plan.average)
        self._optimisers = Optimisers(self._model, plan.steps, plan.cool_down)
        if state is not None:
            self._go_on(state)
            precision = precision or state["precision"]
        self._precision: Precision = precision or faster_precision(self._try_out, self._device)
        logger.info("%s on %s, from step %d", self._precision, self._device, self.step)

    @property
    def average(self) -> Model:
        """The averaged weights."""
        assert isinstance(self._average.module, Model)
        return self._average.module

    def run(self, save_every_s: float = 60, check_every: int = 1000, log_every: int = 50) -> None:
        """Trains to the end of the plan, or to the next step after `stop`; then saves.

        What is killed loses what was done since the last save, `save_every_s` ago or less.
        """
        steps = self.plan.steps
        grids = np.array([self.plan.grid_at(step) for step in range(steps)])
        saved = since = time.monotonic()
        data = feed(self._source, grids, self.step)
        while self.step < steps and not self._stopping:
            self._one_step(next(data))
            now = time.monotonic()
            self._seconds, since = self._seconds + now - since, now
            last = self.step == steps
            if self.step % log_every == 0 or last:
                self._tell()
            if self.step % check_every == 0 or last:
                checked = self.check()
                self._folder.note(self.step, {f"checked_{k}": v for k, v in checked.items()})
                logger.info("step %d of %d: %s", self.step, steps, checked)
            if last or self._stopping or now - saved >= save_every_s:
                self._save()
                saved = time.monotonic()

    def stop(self) -> None:
        """Lets `run` end after the step that it is at."""
        self._stopping = True

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """The averaged weights' losses on scenes that are not learnt from; how many labels fit."""
        rng = np.random.default_rng(self.plan.seed)
        grid = self.plan.grid_at(max(self.step - 1, 0))
        found, right = [], []
        for start in range(self._source.learnt, len(self._store), self.plan.batch):
            numbers = np.arange(start, min(start + self.plan.batch, len(self._store)))
            step = self._maker.of_frames(numbers, grid, rng)
            found.append([float(value) for value in self._losses(self.average, step)])
            maps = self.average.tips(step.batch.images.to(self._device), ("segmentation",))
            down, across = step.batch.offset
            labels = maps.segmentation.argmax(dim=1)[:, down::2, across::2].cpu()
            known = step.batch.classes != 255
            right.append(float((labels == step.batch.classes)[known].float().mean()))
        means = dict(zip(Losses._fields, np.mean(found, axis=0).tolist(), strict=True))
        return {**means, "pixels_right": float(np.mean(right))}

    def _one_step(self, step: Step) -> None:
        found = self._losses(self._model, step)
        found.total().backward()
        norm = self._optimisers.step(self.step)
        self.step += 1
        self._average.step(self.step)
        self._running.append([*(float(value.detach()) for value in found), norm])

    def _losses(self, model: Model, step: Step) -> Losses:
        made = step.batch
        on_device = type(made)(*(part.to(self._device) for part in made[:-1]), made.offset)
        with casting(self._precision, self._device):
            texts = model.text(step.ids.to(self._device), step.is_token.to(self._device))
            embeddings = F.normalize(texts.float(), dim=-1)
            return losses(model.tips, on_device, embeddings, model.log_scale, self._weights)

    def _try_out(self, precision: Precision) -> None:
        """Forward and backward once, and nothing learnt."""
        self._precision = precision
        step = self._maker.of_frames(np.arange(self.plan.batch), GRID,
                                     np.random.default_rng(0))  # fmt: skip
        self._losses(self._model, step).total().backward()
        self._model.zero_grad(set_to_none=True)

    def _tell(self) -> None:
        names = (*Losses._fields, "norm")
        means = dict(zip(names, np.mean(self._running, axis=0).tolist(), strict=True))
        self._running.clear()
        rate = self._optimisers.rate_at(self.step - 1)
        self._folder.note(self.step, {**means, "rate": rate, "seconds": self._seconds})

    def _save(self) -> None:
        self._folder.save(
            {
                "step": self.step,
                "plan": list(self.plan),
                "precision": self._precision,
                "weights": self._model.state_dict(),
                "average": self._average.module.state_dict(),
                "optimisers": self._optimisers.state_dict(),
                "running": self._running,
                "seconds": self._seconds,
                "random": torch.get_rng_state(),
            }
        )

    def _go_on(self, state: dict[str, Any]) -> None:
        if state["plan"] != list(self.plan):
            raise ValueError(
                f"this training was started with {Plan(*state['plan'])}, not with {self.plan}; "
                f"go on with the first, or start in another folder"
            )
        self.step, self._seconds = state["step"], state["seconds"]
        self._running = state["running"]
        self._model.load_state_dict(state["weights"])
        self._average.module.load_state_dict(state["average"])
        self._optimisers.load_state_dict(state["optimisers"])
        torch.set_rng_state(state["random"].cpu())


def class_weights(classes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(K,) float32 weights of the classes by how rare they are, 1 on average over the pixels.

    Args:
        classes: (N, H, W) of a store's frames; some of them are looked at.
    """
    classes = classes[:: max(1, len(classes) // 1000), ::4, ::4]
    counts = np.bincount(classes[classes < 255].ravel(), minlength=len(CLASSES)) + 1.0
    share = counts / counts.sum()
    weights = np.clip(share**-_RARE, None, 0.0005**-_RARE)
    return (weights / (weights * share).sum()).astype(np.float32)
