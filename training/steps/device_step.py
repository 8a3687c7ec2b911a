# SPDX-License-Identifier: Apache-2.0
"""One step of the training on a GPU, as CUDA graphs that the host only starts.

A step of this model is some thousand small kernels: launched one by one they take longer than they
run. So a graph holds all of it, from the choice of the frames to the averaged weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.appearance import APPEARANCE, Appearance
from training.frames.batches import Batch, Frames, batch
from training.frames.variation import Variation, vary
from training.network.averaging import Average
from training.network.half_copy import HalfCopy
from training.network.precision import Precision, casting
from training.steps.graph_optimisers import GraphOptimisers
from training.steps.objectives import Losses, losses
from training.steps.trainer import Model

AVERAGE = 0.999  # share of the averaged weights that a step keeps
_ALWAYS = 10**9  # steps after which an average keeps that share


class DeviceStep:
    """A model that learns from frames on its device.

    Attributes:
        rate: () fraction of the full learning rate; fill it to change it.
        count: () how many of the frames may be learnt from; likewise.
        sums: losses and the gradient's norm, summed over the steps since it was last zeroed.
    """

    def __init__(
        self, model: Model, frames: Frames, ids: Tensor, class_weights: Tensor, size: int,
        precision: Precision, appearance: float = APPEARANCE, average: float = AVERAGE,
    ) -> None:  # fmt: skip
        """Args:
        model: on the device; trained in place.
        frames: to learn from.
        ids: (T, K, L) sentences for each class, 0 where they have ended.
        class_weights: (K,) of the segmentation head's classes.
        size: pictures of a step.
        precision: "bf16" computes in it throughout, from weights that stay fp32.
        appearance: share of the frames that get another look.
        average: share of the averaged weights that a step keeps.
        """
        self._model, self._frames, self._ids, self._size = model, frames, ids, size
        self._weights, self._device = class_weights, ids.device
        self.count = torch.zeros((), dtype=torch.float64, device=self._device)
        self.sums = torch.zeros(len(Losses._fields) + 1, device=self._device)
        self._average = Average(model, average)
        self._optimisers = GraphOptimisers(model)
        self.rate = self._optimisers.rate
        self._precision = precision
        self._half = HalfCopy(model) if precision == "bf16" else None
        self._appearance = Appearance(appearance, self._device) if appearance else None

    @property
    def average(self) -> Model:
        """The averaged weights."""
        assert isinstance(self._average.module, Model)
        return self._average.module

    def state(self) -> list[Tensor]:
        """All that steps change, to be copied and put back."""
        weights = [*self._model.state_dict().values(), *self.average.state_dict().values()]
        return [*(weight.detach() for weight in weights), *self._optimisers.state()]

    def prepared(self, grid: int) -> list[Callable[[], None]]:
        """The step for pictures of `grid` × `grid` patches: one call for each offset of the truth.

        Its calls are done when the device is; the rate must be 0 meanwhile.
        """
        offsets = list(product((0, 1), repeat=2))
        calls: list[Callable[[], None]] = [partial(self._step, grid, o) for o in offsets]
        if self._device.type == "cuda":
            beside = torch.cuda.Stream(self._device)
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                for _ in range(3):  # a graph can't hold what libraries do at their first call
                    calls[0]()
            torch.cuda.current_stream().wait_stream(beside)
            calls = self._captured(calls)
        else:
            calls[0]()
        self.sums.zero_()
        return calls

    @torch.no_grad()
    def check(self, frames: Frames, grid: int) -> dict[str, float]:
        """The averaged weights' losses: frames look as rendered, varied alike but for grain."""
        found, right = [], []
        generator = torch.Generator().manual_seed(0)
        for numbers in torch.arange(len(frames.rgb)).split(self._size):
            drawn = vary(len(numbers), "cpu", generator)
            variation = Variation(*(part.to(self._device) for part in drawn))
            made = batch(frames, numbers.to(self._device), variation, (0, 1), grid)
            with casting(self._precision, self._device):
                found.append(torch.stack([*self._losses(self.average, made, self._ids[0])]))
                labels = self.average.tips(made.images, ("segmentation",)).segmentation
            known = made.classes != 255
            right.append((labels.argmax(dim=1)[:, ::2, 1::2] == made.classes)[known].float().mean())
        means = torch.stack(found).mean(dim=0).tolist()
        return {**dict(zip(Losses._fields, means, strict=True)),
                "pixels_right": float(torch.stack(right).mean())}  # fmt: skip

    def _captured(self, calls: list[Callable[[], None]]) -> list[Callable[[], None]]:
        graphs: list[torch.cuda.CUDAGraph] = []
        for call in calls:
            graph = torch.cuda.CUDAGraph()
            # One graph runs at a time: they may share their memory.
            with torch.cuda.graph(graph, pool=graphs[0].pool() if graphs else None):
                call()
            graphs.append(graph)
        return [graph.replay for graph in graphs]

    def _step(self, grid: int, offset: tuple[int, int]) -> None:
        """Nothing here waits for the device."""
        drawn = torch.rand(self._size, dtype=torch.float64, device=self._device)
        numbers = (drawn * self.count).long()
        variation = vary(self._size, self._device)
        made = batch(self._frames, numbers, variation, offset, grid, appearance=self._appearance)
        ids = self._ids[torch.randint(len(self._ids), (1,), device=self._device)][0]
        self._optimisers.zero_grad()
        if self._half is None:
            found = self._losses(self._model, made, ids)
            found.total().backward()
        else:
            half = self._half.renewed()
            made = made._replace(images=made.images.bfloat16())
            found = self._losses(half, made, ids)
            found.total().backward()
            self._half.hand_over()
        norm = self._optimisers.step()
        self._average.step(_ALWAYS)
        self.sums += torch.stack([*found, norm]).detach()

    def _losses(self, model: Model, made: Batch, ids: Tensor) -> Losses:
        embeddings = F.normalize(model.text(ids, ids != 0).float(), dim=-1)
        return losses(model.tips, made, embeddings, model.log_scale, self._weights)
