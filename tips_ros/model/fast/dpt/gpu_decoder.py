# SPDX-License-Identifier: Apache-2.0
"""The DPT decoder in fewer and larger steps for a GPU; values are the same up to rounding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.dpt import LEVELS
from tips_ros.model.fast.dpt.decoder import FastDecoder, FastFusion, FastReassemble
from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.gpu.gelu_product import gelu_product
from tips_ros.model.fast.gpu.steps import grow_add
from tips_ros.model.parts import parts_of
from tips_ros.model.tips import Tips
from tips_ros.model.vit import LayerFeatures


class GpuReassemble(nn.Module):
    """Tokens of one layer → a feature map, its first products with what follows them in one."""

    def __init__(self, plain: FastReassemble, in_one: bool) -> None:
        """Shares its parameters; `in_one`: by `gelu_product`, which the device must have."""
        super().__init__()
        self.in_one = in_one
        self.of_patch, self.of_cls = plain.of_patch, plain.of_cls
        self.projection, self.grow = plain.projection, plain.grow

    def forward(self, layer: LayerFeatures) -> Tensor:
        """(B, h·w, D) and (B, D) → (B, C, h', w')."""
        tokens = self._read(layer.patch_tokens, self.of_cls(layer.cls_token))
        x = F.linear(tokens, self.projection.weight.flatten(1), self.projection.bias)
        grown: Tensor = self.grow(x.unflatten(1, tuple(layer.grid)).permute(0, 3, 1, 2))
        return grown

    def _read(self, patches: Tensor, cls: Tensor) -> Tensor:
        if not self.in_one:
            made: Tensor = self.of_patch(patches, cls)
            return made
        # What is added of the CLS token is a bias to a product of matrices, if for one image.
        rows = [
            gelu_product(of_image, self.of_patch.weight, bias)
            for bias, of_image in zip(cls.unbind(), patches.unbind(), strict=True)
        ]
        return torch.stack(rows) if len(rows) > 1 else rows[0][None]


class GpuFusion(nn.Module):
    """A fusion block whose last convolution is also its `out_conv`, where it has one.

    conv2(r) + s is linear, and so out_conv(conv2(r) + s) is one 3×3 convolution of r plus a product
    of matrices, which adds to what is there.
    """

    def __init__(self, plain: FastFusion, out_conv: nn.Conv2d | None) -> None:
        super().__init__()
        self.skip_unit, self.unit = plain.skip_unit, plain.unit
        self.mixed = self.bias = None
        if out_conv is not None:
            weight, last = out_conv.weight.detach(), self.unit.conv2.weight.detach()
            product = torch.einsum("kc,cdyx->kdyx", weight.double()[:, :, 0, 0], last.double())
            channels_last = product.contiguous(memory_format=torch.channels_last)
            self.mixed = frozen_parameter(channels_last, last)
            self.of_sum = frozen_parameter(weight[:, :, 0, 0].t().contiguous(), last)
            bias = out_conv.bias
            self.bias = frozen_parameter(
                torch.zeros(len(weight)) if bias is None else bias.detach().clone(), last
            )

    def skip(self, x: Tensor) -> Tensor:
        """The change that the skip unit makes to a finer level's map, of the same shape."""
        assert self.skip_unit is not None
        made: Tensor = self.skip_unit.conv2(F.relu_(self.skip_unit.conv1(F.relu(x))))
        return made

    def forward(self, total: Tensor, active: Tensor) -> Tensor:
        """The map so far and its positive part (B, C, H, W) → the same shape, without a bias."""
        y = F.relu_(self.unit.conv1(active))
        if self.mixed is None:
            made: Tensor = self.unit.conv2(y)
            return made.add_(total)
        y = F.conv2d(y, self.mixed, padding=1)
        by_pixel, total = y.permute(0, 2, 3, 1), total.permute(0, 2, 3, 1)
        if by_pixel.is_contiguous():
            by_pixel.flatten(0, 2).addmm_(total.flatten(0, 2), self.of_sum)
            return y
        return (by_pixel + total @ self.of_sum).permute(0, 3, 1, 2)


class GpuDecoder(nn.Module):
    """A `FastDecoder` in such parts."""

    def __init__(self, plain: FastDecoder, gelu_in_one: bool = False) -> None:
        """Shares its parameters, but for products of them; a device has `gelu_product` or not."""
        super().__init__()
        self.levels = nn.ModuleList(
            GpuReassemble(level, gelu_in_one) for level in parts_of(plain.levels, FastReassemble)
        )
        out_convs = parts_of(plain.out_convs, nn.Conv2d)
        fusions = parts_of(plain.fusions, FastFusion)
        self.fusions = nn.ModuleList(
            GpuFusion(fusion, out_conv)
            for fusion, out_conv in zip(fusions, [*out_convs, None], strict=True)
        )

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """Four layers, shallow to deep → (B, C, 4h, 4w) (more where h or w is odd)."""
        if len(layers) != LEVELS:
            raise ValueError(f"DPT reads {LEVELS} intermediate layers, not {len(layers)}")
        maps = [level(layer) for level, layer in zip(self.levels, layers, strict=True)]
        fusions = parts_of(self.fusions, GpuFusion)
        total = maps.pop()
        x: Tensor = fusions[0](total, F.relu(total))
        for coarser, fusion in zip(fusions, fusions[1:], strict=False):
            size, skip = (2 * x.shape[-2], 2 * x.shape[-1]), maps.pop()
            if skip.shape[-2:] != size:  # an odd patch grid: ÷2 rounded up
                skip = F.interpolate(skip, size=size, mode="bilinear", align_corners=False)
            assert coarser.bias is not None
            x = fusion(*grow_add(x, coarser.bias, fusion.skip(skip), skip))
        return x


def fuse_decoders(tips: Tips, gelu_in_one: bool = False) -> Tips:
    """Gives a model's rewritten heads such decoders, and returns it.

    Args:
        tips: changed in place.
        gelu_in_one: whether `gelu_product` is there where the model will run.
    """
    for name in tips.head_names:
        head = getattr(tips, name)
        if isinstance(head.decoder, FastDecoder):
            head.decoder = GpuDecoder(head.decoder, gelu_in_one)
    return tips
