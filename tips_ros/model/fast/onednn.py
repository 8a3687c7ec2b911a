# SPDX-License-Identifier: Apache-2.0
"""Linear layers by oneDNN, which torch asks for convolutions but not, in fp32, for these.

Torch's own choice is MKL, which on AMD processors may not use AVX-512: there oneDNN is up to twice
as fast. So it is for 1×1 convolutions, which torch leaves to MKL, too, when it has but one thread.
And oneDNN adds a bias and takes a GELU of sums that are still in registers, in fp32 whatever the
precision. For running in torch only: an exported graph must be made from a model without these.
"""

from __future__ import annotations

import platform
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.blocks import GeluLinear
from tips_ros.model.fast.swap_modules import Module, swap_modules

_ASKED = ("_linear_pointwise", "_is_mkldnn_bf16_supported")  # no API promises them


def onednn_is_there() -> bool:
    """Whether this torch can be asked for it, on a processor where it is worth it."""
    return (
        platform.machine().lower() in ("x86_64", "amd64")
        and torch.backends.mkldnn.is_available()
        and all(hasattr(torch.ops.mkldnn, op) for op in _ASKED)
    )


def bf16_is_fast() -> bool:
    """Whether this processor multiplies bf16 itself, and so twice as fast as fp32."""
    told = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(told and told())


@cache
def _multiplies(dtype: torch.dtype) -> bool:
    """Whether oneDNN takes this precision here."""
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32


class OneDnnLinear(nn.Linear):
    """An `nn.Linear` that oneDNN multiplies where all is fp32 or bf16 on the CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) → (..., out)."""
        return onednn_linear(x, self.weight, self.bias)


class OneDnnGeluLinear(GeluLinear):
    """A `GeluLinear` in one step of oneDNN's."""

    def forward(self, x: Tensor, also: Tensor | None = None) -> Tensor:
        """(B, N, in) → (B, N, out)."""
        if also is not None and len(also) != 1:
            return super().forward(x, also)
        bias = self.bias if also is None else also[0] if self.bias is None else self.bias + also[0]
        return onednn_linear(x, self.weight, bias, self.approximate)


class OneDnnPointwise(nn.Conv2d):
    """A 1×1 `nn.Conv2d` by oneDNN, in fp32 on channels-last maps."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, K, H, W)."""
        if x.dtype != torch.float32 or not x.is_contiguous(memory_format=torch.channels_last):
            return super().forward(x)
        weight = self.weight.flatten(1)
        return onednn_linear(x.permute(0, 2, 3, 1), weight, self.bias).permute(0, 3, 1, 2)


def onednn_linear(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, gelu: str | None = None
) -> Tensor:
    """`F.linear` without a gradient, and `F.gelu` of it where its approximation is named."""
    if x.device.type != "cpu" or not _multiplies(x.dtype) or not x.numel():
        y = F.linear(x, weight, bias)
        return y if gelu is None else F.gelu(y, approximate=gelu)
    # What is not in one piece would be multiplied by a loop a thousand times slower.
    x, weight = x.contiguous(), weight.contiguous()
    after = "none" if gelu is None else "gelu"
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, after, [], gelu or "")


def use_onednn(module: Module) -> Module:
    """The same module with its linear layers and 1×1 convolutions by oneDNN.

    Where oneDNN can't be had it is returned as it is. Parameters are shared with the
    module given, which stays unchanged.
    """
    if not onednn_is_there():
        return module
    return swap_modules(module, _kind)


def _kind(part: nn.Module) -> type[nn.Module] | None:
    if type(part) is nn.Conv2d:
        return OneDnnPointwise if _is_pointwise(part) else None
    if type(part) is GeluLinear:
        return OneDnnGeluLinear
    return OneDnnLinear if type(part) is nn.Linear else None


def _is_pointwise(conv: nn.Conv2d) -> bool:
    plain = (conv.kernel_size, conv.stride, conv.padding, conv.groups)
    return plain == ((1, 1), (1, 1), (0, 0), 1)
