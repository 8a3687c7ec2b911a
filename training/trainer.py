# SPDX-License-Identifier: Apache-2.0
"""The training of the demo model, step by step; stops and goes on at any step."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from tips_ros.perception.language.tokenizer import Tokenizer
from training.architecture import CLASSES, VIT, demo_model
from training.batches import Batch, batch
from training.first_layer import start_first_layer
from training.frame_store import FrameStore, StoredFrame
from training.objectives import Losses, losses
from training.optimisers import Optimisers
from training.phrases import phrases

_FIRST_TEMPERATURE = 0.07
_CHECKED_SCENES = 12  # the store's last scenes are not learnt from: they tell how it goes
_RARE = 0.4  # a class of share s weighs as s^-0.4


class Plan(NamedTuple):
    """How long and with what."""

    images: int
    batch: int
    seed: int
    small: float = 0.65  # share of the steps that see small pictures
    cool_down: float = 0.3  # share of the steps in which the rate falls to zero

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.images // self.batch

    def grid_at(self, step: int) -> int:
        """Patches along a side: a quarter of them costs less than half the time."""
        return VIT.pos_grid // 2 if step < self.small * self.steps else VIT.pos_grid


class Trainer:
    """Model, optimisers and data, with everything on disk that going on later needs."""

    def __init__(
        self, directory: Path, store: FrameStore, tokenizer: Path, plan: Plan, device: str
    ) -> None:
        self.plan, self._store, self._device = plan, store, torch.device(device)
        self._tokenizer = Tokenizer(tokenizer)
        torch.manual_seed(plan.seed)
        self.tips, self.text = demo_model(self._tokenizer.vocabulary)
        start_first_layer(self.tips.backbone, store.frames.rgb)
        self.tips.to(memory_format=torch.channels_last)  # as tokens already are
        self.log_scale = nn.Parameter(torch.tensor(-math.log(_FIRST_TEMPERATURE)))
        self._all = nn.ModuleList([self.tips, self.text])
        self._all.register_parameter("log_scale", self.log_scale)
        self._all.to(self._device)
        self._optimisers = Optimisers(self._all, plan.steps, plan.cool_down)
        self._weights = torch.from_numpy(class_weights(store)).to(self._device)
        self._checkpoint = directory / "checkpoint.pt"
        self._log = directory / "log.jsonl"
        self.step = 0
        if self._checkpoint.is_file():
            self._go_on()

    @property
    def temperature(self) -> float:
        """What cosines of patches and words are divided by."""
        return float(torch.exp(-self.log_scale.detach()))

    def run(self, save_every: int = 200, log_every: int = 20) -> None:
        """Trains to the end of the plan."""
        last = self._store.scenes - _CHECKED_SCENES
        count = last * self._store.views
        running: list[list[float]] = []
        bar = tqdm(total=self.plan.steps, initial=self.step, desc="training", unit="step")
        start = time.monotonic()
        while self.step < self.plan.steps:
            rng = np.random.default_rng([self.plan.seed, self.step])
            numbers = rng.choice(count, self.plan.batch, replace=False)
            found = losses(self.tips, *self._inputs(self._batch(numbers, rng), rng))
            found.total().backward()
            self._optimisers.step(self.step)
            self.step += 1
            running.append([float(value.detach()) for value in found])
            bar.update()
            if self.step % log_every == 0 or self.step == self.plan.steps:
                means = dict(zip(Losses._fields, np.mean(running, axis=0).tolist(), strict=True))
                running.clear()
                self._note({**means, "seconds": time.monotonic() - start})
                bar.set_postfix({name: f"{value:.3f}" for name, value in means.items()})
            if self.step % save_every == 0 or self.step == self.plan.steps:
                self._note({f"checked_{k}": v for k, v in self.check().items()})
                self._save()
        bar.close()

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """The losses on scenes that are not learnt from, and how many labels are right."""
        rng = np.random.default_rng(self.plan.seed)
        first = (self._store.scenes - _CHECKED_SCENES) * self._store.views
        found, right = [], []
        for start in range(first, len(self._store), self.plan.batch):
            numbers = np.arange(start, min(start + self.plan.batch, len(self._store)))
            inputs = self._inputs(self._batch(numbers, rng), rng)
            found.append([float(value) for value in losses(self.tips, *inputs)])
            maps = self.tips(inputs[0].images, ("segmentation",)).segmentation
            down, across = inputs[0].offset
            labels = maps.argmax(dim=1)[:, down::2, across::2]
            right.append(float((labels == inputs[0].classes).float().mean()))
        means = dict(zip(Losses._fields, np.mean(found, axis=0).tolist(), strict=True))
        return {**means, "pixels_right": float(np.mean(right))}

    def _batch(self, numbers: np.ndarray, rng: np.random.Generator) -> Batch:
        frames = [StoredFrame(*(array[n] for array in self._store.frames)) for n in numbers]
        made = batch(frames, rng, self.plan.grid_at(self.step))
        return Batch(*(part.to(self._device) for part in made[:-1]), made.offset)

    def _inputs(
        self, made: Batch, rng: np.random.Generator
    ) -> tuple[Batch, Tensor, Tensor, Tensor]:
        texts = self._tokenizer(phrases(rng))
        longest = int(texts.is_token.sum(axis=1).max())
        ids, is_token = (torch.from_numpy(a[:, :longest]).to(self._device) for a in texts[:2])
        embeddings = F.normalize(self.text(ids, is_token), dim=-1)
        return made, embeddings, self.log_scale, self._weights

    def _save(self) -> None:
        state = {
            "step": self.step,
            "weights": self._all.state_dict(),
            "optimisers": self._optimisers.state_dict(),
        }
        # A stop in the middle of writing must not cost the last good one.
        new = self._checkpoint.with_suffix(".new")
        torch.save(state, new)
        os.replace(new, self._checkpoint)

    def _go_on(self) -> None:
        state = torch.load(self._checkpoint, map_location=self._device, weights_only=True)
        self.step = state["step"]
        self._all.load_state_dict(state["weights"])
        self._optimisers.load_state_dict(state["optimisers"])

    def _note(self, values: dict[str, float]) -> None:
        rounded = {name: round(value, 5) for name, value in values.items()}
        with open(self._log, "a") as log:
            log.write(json.dumps({"step": self.step, **rounded}) + "\n")


def class_weights(store: FrameStore) -> np.ndarray:
    """(K,) float32 weights of the classes by how rare they are, 1 on average over the pixels."""
    classes = store.frames.classes[:: max(1, len(store) // 1000), ::4, ::4]
    counts = np.bincount(classes[classes < 255].ravel(), minlength=len(CLASSES)) + 1.0
    share = counts / counts.sum()
    weights = np.clip(share**-_RARE, None, 0.0005**-_RARE)
    return (weights / (weights * share).sum()).astype(np.float32)
