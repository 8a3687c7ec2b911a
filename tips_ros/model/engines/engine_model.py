# SPDX-License-Identifier: Apache-2.0
"""A `Tips` whose parts are run by engines: interfaces and values are those of torch's parts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from tips_ros.model.engines.engine import Engine
from tips_ros.model.engines.model_graphs import BACKBONE, VALUES, depth_floor, inner_taps
from tips_ros.model.fast.dpt.fast_heads import FastDepthHead
from tips_ros.model.heads import DepthHead
from tips_ros.model.tips import Tips
from tips_ros.model.vit import PREFIX_TOKENS, ImageFeatures, LayerFeatures, PatchGrid
from tips_ros.model.vit import VisionTransformer as TorchBackbone

Part = TypeVar("Part", bound=nn.Module)


def build_engine_model(
    tips: Tips, engines: Mapping[str, Engine], input_size: tuple[int, int]
) -> Tips:
    """The model with its parts run by engines.

    Args:
        tips: the same in torch, on the CPU. It serves images of other sizes, and moves to where
            they are when the first one comes. Shared, not copied.
        engines: by the name of their part; for all parts of `parts_of`.
        input_size: (h, w) that the engines were made for.
    """
    result = Tips(tips.backbone, tips.taps)
    backbone = EngineBackbone(
        tips.backbone, tips.taps, engines[BACKBONE], engines[VALUES], input_size
    )
    setattr(result, "backbone", backbone)  # noqa: B010  it stands in for a VisionTransformer
    for name in tips.head_names:
        kind = EngineDepthHead if name == "depth" else EngineHead
        setattr(result, name, kind(getattr(tips, name), engines[name], backbone.grid))
    return result.train(tips.training)


class Reserve(Generic[Part]):
    """A part in torch beside its engine, which takes room on a device once it is needed there.

    It is no module, so that moving what holds it leaves it where it is.

    Attributes:
        module: the part, where it is now.
    """

    def __init__(self, module: Part) -> None:
        """Takes a part that nobody else moves; its tensors may be shared until it is moved."""
        self.module = module
        self._device: torch.device | None = None
        self._lock = threading.Lock()

    def on(self, device: torch.device) -> Part:
        """Moves the part to a device, if it isn't there, and returns it."""
        with self._lock:
            if self._device != device:
                self.module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
                self._device = device
            return self.module


class EngineBackbone(nn.Module):
    """Called as `VisionTransformer` is."""

    def __init__(
        self,
        in_torch: TorchBackbone,
        taps: Sequence[int],
        encoder: Engine,
        values: Engine,
        input_size: tuple[int, int],
    ) -> None:
        super().__init__()
        self._reserve = Reserve(in_torch)
        self.config = in_torch.config
        self.input_size = input_size
        patch = in_torch.config.patch
        self.grid = PatchGrid(input_size[0] // patch, input_size[1] // patch)
        self._encoder, self._values = encoder, values
        tapped = [*inner_taps(in_torch, taps), len(in_torch.blocks) - 1]
        self._outputs = {tap: i for i, tap in enumerate(tapped)}

    @property
    def in_torch(self) -> TorchBackbone:
        """The same in torch, wherever it is."""
        return self._reserve.module

    def forward(
        self, images: Tensor, taps: Sequence[int] = (), value_features: bool = False
    ) -> ImageFeatures:
        """Does what `VisionTransformer` does, in fp32; another size or other taps run in torch."""
        if tuple(images.shape[-2:]) != self.input_size or not self._outputs.keys() >= set(taps):
            in_torch = self._reserve.on(images.device)
            result: ImageFeatures = in_torch(images, taps, value_features)
            return result
        before_last, *normed = _run_by_image(self._encoder, [images])
        values = _run_by_image(self._values, [before_last])[0] if value_features else None
        cls, second_cls, patches = _split(normed[-1])
        layers = []
        for tap in taps:
            of_tap = _split(normed[self._outputs[tap]])
            layers.append(LayerFeatures(of_tap.patches, of_tap.cls, self.grid))
        return ImageFeatures(cls, second_cls, patches, self.grid, tuple(layers), values)


class EngineHead(nn.Module):
    """Called as a head of `tips_ros.model.heads` is."""

    def __init__(self, in_torch: nn.Module, engine: Engine, grid: PatchGrid) -> None:
        super().__init__()
        self._reserve = Reserve(in_torch)
        self.grid = grid
        self._engine = engine

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """Four intermediate layers → (B, outputs, h, w) fp32, channels-last in memory."""
        if any(layer.grid != self.grid for layer in layers):
            result: Tensor = self._in_torch(layers)(layers)
            return result
        inputs = [tensor for layer in layers for tensor in (layer.patch_tokens, layer.cls_token)]
        return _run_by_image(self._engine, inputs)[0].permute(0, 3, 1, 2)

    def _in_torch(self, layers: Sequence[LayerFeatures]) -> nn.Module:
        """The same in torch, moved to where the layers are."""
        return self._reserve.on(layers[0].patch_tokens.device)


class EngineDepthHead(EngineHead):
    """Called as a depth head is: its graph makes the evidence as well."""

    floor: Tensor  # (1, h, 1, K), see `depth_floor`

    def __init__(
        self, in_torch: DepthHead | FastDepthHead, engine: Engine, grid: PatchGrid
    ) -> None:
        super().__init__(in_torch, engine, grid)
        self.bins, self.width = in_torch.bins, in_torch.width
        floor = depth_floor(in_torch.bins, in_torch.outputs, grid)
        self.register_buffer("floor", floor, persistent=False)

    def forward(self, layers: Sequence[LayerFeatures], evidence: bool = False) -> Tensor:
        """Four intermediate layers → (B, 1, h, w) metres, or with its evidence (B, 4, h, w)."""
        if any(layer.grid != self.grid for layer in layers):
            result: Tensor = self._in_torch(layers)(layers, evidence)
            return result
        made = self.forward_above(layers, self.floor)
        return made if evidence else made[:, :1]

    def forward_above(self, layers: Sequence[LayerFeatures], floor: Tensor) -> Tensor:
        """The same with its evidence, over a floor (1, h, 1, K) of activations."""
        inputs = [tensor for layer in layers for tensor in (layer.patch_tokens, layer.cls_token)]
        floors = floor.expand(len(inputs[0]), -1, -1, -1)
        return _run_by_image(self._engine, [*inputs, floors])[0].permute(0, 3, 1, 2)


class _Tokens(NamedTuple):
    cls: Tensor  # (B, D)
    second_cls: Tensor  # (B, D)
    patches: Tensor  # (B, h·w, D)


def _split(sequence: Tensor) -> _Tokens:
    return _Tokens(sequence[:, 0], sequence[:, 1], sequence[:, PREFIX_TOKENS:])


def _run_by_image(engine: Engine, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Engines are for one image: a batch is run one by one."""
    wide = [tensor.float() for tensor in inputs]
    if len(wide[0]) == 1:
        return engine(wide)
    runs = [engine(one) for one in zip(*(tensor.split(1) for tensor in wide), strict=True)]
    return tuple(torch.cat(outputs) for outputs in zip(*runs, strict=True))
