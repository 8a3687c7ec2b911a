# SPDX-License-Identifier: Apache-2.0
"""The DPT decoder up to its last fusion, with what can be composed composed.

Convolutions that stay as they are belong to the plain decoder, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.blocks import GeluLinear
from tips_ros.model.dpt import LEVELS, DptDecoder, Fusion, Reassemble, ResidualUnit
from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.dpt.kernels import compose_spread
from tips_ros.model.fast.dpt.ones_channel import make_ones_with
from tips_ros.model.parts import parts_of
from tips_ros.model.vit import LayerFeatures


class FastReassemble(nn.Module):
    """Tokens of one layer → a feature map of the decoder's width."""

    def __init__(self, plain: Reassemble, conv: nn.Conv2d) -> None:
        super().__init__()
        patch, cls = plain.readout.weight.detach().chunk(2, dim=1)
        # Linear([patch ‖ CLS]) = Linear(patch) + Linear(CLS): the second is one vector an image.
        outputs, inputs = patch.shape
        self.of_patch = GeluLinear(inputs, outputs, "tanh", bias=False, device="meta")
        # A part of a matrix is not in one piece.
        self.of_patch.weight = frozen_parameter(patch.contiguous(), patch)
        self.of_cls = nn.Linear(inputs, outputs, device="meta")
        self.of_cls.weight = frozen_parameter(cls.contiguous(), cls)
        self.of_cls.bias = frozen_parameter(plain.readout.bias.detach().clone(), cls)
        self.projection = plain.projection
        self.grow: nn.Module = nn.Sequential(plain.resize, conv)
        if isinstance(plain.resize, nn.ConvTranspose2d):
            self.projection = make_ones_with(plain.projection)
            self.grow = SpreadConv(plain.resize, conv)

    def forward(self, layer: LayerFeatures) -> Tensor:
        """(B, h·w, D) and (B, D) → (B, C, h', w')."""
        x = self.of_patch(layer.patch_tokens, self.of_cls(layer.cls_token))
        x = x.unflatten(1, tuple(layer.grid)).permute(0, 3, 1, 2)
        grown: Tensor = self.grow(self.projection(x))
        return grown


class SpreadConv(nn.Module):
    """A transposed convolution and the 3×3 after it, as one transposed convolution.

    Their bias is the weight of a channel of ones.
    """

    def __init__(self, resize: nn.ConvTranspose2d, conv: nn.Conv2d) -> None:
        super().__init__()
        self.stride = resize.stride
        self.weight = frozen_parameter(compose_spread(resize, conv), conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C with ones, h, w) → (B, K, s·h, s·w)."""
        return F.conv_transpose2d(x, self.weight, None, self.stride, padding=1)


class FastResidualUnit(nn.Module):
    """The residual unit, in two tensors instead of five."""

    def __init__(self, plain: ResidualUnit) -> None:
        super().__init__()
        self.conv1, self.conv2 = plain.conv1, plain.conv2

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv2(self.conv1(F.relu(x)).relu_())
        return y.add_(x)


class FastFusion(nn.Module):
    """A fusion block up to its residual unit."""

    def __init__(self, plain: Fusion) -> None:
        super().__init__()
        self.skip_unit = FastResidualUnit(plain.skip_unit) if plain.skip_unit else None
        self.unit = FastResidualUnit(plain.unit)

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """(B, C, H, W) → the same shape."""
        if self.skip_unit is not None and skip is not None:
            if skip.shape[-2:] != x.shape[-2:]:  # an odd patch grid: ÷2 rounded up
                skip = F.interpolate(skip, size=x.shape[-2:], mode="bilinear", align_corners=False)
            x = self.skip_unit(skip).add_(x)
        result: Tensor = self.unit(x)
        return result


class FastDecoder(nn.Module):
    """Reassembles and fuses; stops before the last fusion's `out_conv` and ×2, a tail's."""

    def __init__(self, plain: DptDecoder) -> None:
        super().__init__()
        fusions = parts_of(plain.fusions, Fusion)
        levels, convs = parts_of(plain.reassemble, Reassemble), parts_of(plain.convs, nn.Conv2d)
        self.levels = nn.ModuleList(
            FastReassemble(reassemble, conv)
            for reassemble, conv in zip(levels, convs, strict=True)
        )
        self.fusions = nn.ModuleList(FastFusion(fusion) for fusion in fusions)
        self.out_convs = nn.ModuleList(fusion.out_conv for fusion in fusions[:-1])

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """Four layers, shallow to deep → (B, C, 4h, 4w) (more where h or w is odd)."""
        if len(layers) != LEVELS:
            raise ValueError(f"DPT reads {LEVELS} intermediate layers, not {len(layers)}")
        # Lists: a part of a ModuleList would be made anew, which not every exporter follows.
        levels, fusions = list(self.levels), list(self.fusions)
        x: Tensor = fusions[0](levels[-1](layers[-1]))
        coarse_to_fine = zip(reversed(layers[:-1]), reversed(levels[:-1]), strict=True)
        for (layer, level), out_conv, fusion in zip(
            coarse_to_fine, self.out_convs, fusions[1:], strict=True
        ):
            x = F.interpolate(out_conv(x), scale_factor=2, mode="bilinear", align_corners=True)
            x = fusion(x, level(layer))
        return x
