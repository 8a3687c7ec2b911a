# SPDX-License-Identifier: Apache-2.0
"""The loop that adapts a depth head to measured depth; the best so far is what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.finetune.cache import EncodedFrames
from tips_ros.finetune.thinned_depth import decode_thinned, expected_depth
from tips_ros.model.heads import DepthHead

NEAREST = 0.05  # metres of measured depth from which on it counts
_WARM_UP = 0.05  # of the steps
_MOST_GRADIENT = 1.0
_LOOKS = 20  # at the watched frames, on the way
_WATCHED_BATCH = 8


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training.

    Attributes:
        steps: of the optimiser (AdamW); the rate falls to zero over them, as a cosine.
        batch: views in a step.
        rate: of learning, at its highest.
        weight_decay: of the optimiser.
        seed: of the order of views and of the pixels that count in each step.
    """

    steps: int = 600
    batch: int = 8
    rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Returns its fields by name."""
        return asdict(self)


class Trained(NamedTuple):
    """The way a head went.

    Attributes:
        steps: done, fewer than were asked for where it was interrupted.
        best_step: the one whose weights were kept; 0 is the head as it was.
        watched_before, watched_best: |ln depth − ln measured|, mean over the watched frames.
        interrupted: whether it was stopped before its end.
    """

    steps: int
    best_step: int
    watched_before: float
    watched_best: float
    interrupted: bool


def train_head(
    head: DepthHead,
    learn: EncodedFrames,
    watch: EncodedFrames,
    settings: TrainingSettings,
    progress: Callable[[int, float], object] = lambda step, watched: None,
) -> Trained:
    """Trains the head in place; a KeyboardInterrupt ends it early, with the best so far.

    Args:
        head: on the device that it is to be trained on, in fp32.
        learn: frames that it learns from.
        watch: frames that decide which weights are best.
        settings: how.
        progress: called after each step with its number and the last error of the watched frames.
    """
    device = head.head.weight.device
    before = watched = _error(head, watch, device)
    best, best_step, step, interrupted = _state(head), 0, 0, False
    least = before
    optimiser = torch.optim.AdamW(
        head.parameters(), settings.rate, weight_decay=settings.weight_decay
    )
    head.requires_grad_(True).train()
    try:
        for step, views in enumerate(_batches(learn.views, settings), 1):
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * _share_of_rate(step / settings.steps)
            offset = int(views[0]) % 2, int(views[-1]) % 2
            loss = _loss(head, learn, views, offset, device)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), _MOST_GRADIENT)
            optimiser.step()
            if step % max(1, settings.steps // _LOOKS) == 0 or step == settings.steps:
                watched = _error(head, watch, device)
                if watched < least:
                    best, best_step, least = _state(head), step, watched
            progress(step, watched)
    except KeyboardInterrupt:
        interrupted = True
    head.load_state_dict(best)
    head.requires_grad_(False).eval()
    return Trained(step, best_step, before, least, interrupted)


def _batches(views: int, settings: TrainingSettings) -> Iterator[NDArray[np.int64]]:
    """All views in a new order, again and again."""
    rng = np.random.default_rng(settings.seed)
    size = min(settings.batch, views)
    order = rng.permutation(views)
    for _ in range(settings.steps):
        if len(order) < size:
            order = np.concatenate([order, rng.permutation(views)])
        yield order[:size]
        order = order[size:]


def _share_of_rate(done: float) -> float:
    if done < _WARM_UP:
        return done / _WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (done - _WARM_UP) / (1.0 - _WARM_UP))


def _loss(
    head: DepthHead,
    frames: EncodedFrames,
    views: NDArray[np.int64],
    offset: tuple[int, int],
    device: torch.device,
) -> Tensor:
    batch = frames.batch(views, device)
    depth = expected_depth(head, decode_thinned(head.dpt, batch.layers, offset))
    return _log_error(depth, batch.depth[:, offset[0] :: 2, offset[1] :: 2], head.bins.max_m)


@torch.no_grad()
def _error(head: DepthHead, frames: EncodedFrames, device: torch.device) -> float:
    """Mean over the frames as they are, without their mirror images."""
    head.eval()
    numbers = np.arange(0, frames.views, 2)
    errors = []
    for start in range(0, len(numbers), _WATCHED_BATCH):
        views = numbers[start : start + _WATCHED_BATCH]
        batch = frames.batch(views, device)
        error = _log_error(head(batch.layers)[:, 0], batch.depth, head.bins.max_m)
        errors.append(float(error) * len(views))
    head.train()
    return sum(errors) / max(1, len(numbers))


def _log_error(depth: Tensor, measured: Tensor, max_m: float) -> Tensor:
    """Mean |ln depth − ln measured| over what was measured within the head's range."""
    known = (measured > NEAREST) & (measured < max_m)
    off = (depth.clamp_min(1e-3).log() - measured.clamp_min(1e-3).log()).abs()
    return (off * known).sum() / known.sum().clamp_min(1)


def _state(head: DepthHead) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in head.state_dict().items()}
