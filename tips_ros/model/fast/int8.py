# SPDX-License-Identifier: Apache-2.0
"""Linear layers in int8, on processors that multiply bytes twice as fast as bf16.

Weights are rounded to 255 steps for each output channel; inputs for each token, as they come, by
the token's own largest value. So nothing is calibrated, and no picture is unlike those it was
calibrated with. Sums of products are exact.

For running in torch only: the kernels are those that torch's own compiler calls.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.blocks import GeluLinear
from tips_ros.model.fast.onednn import bf16_is_fast
from tips_ros.model.fast.swap_modules import Module, swap_modules

_STEPS = 127.0  # on each side of zero
_ZERO = 128  # the unsigned byte that stands for zero
_TINY = 1e-12
_UP = 1 + 2**-7  # more than rounding to bf16 takes away


def int8_is_there() -> bool:
    """Whether this processor multiplies bytes without overflow, and this torch can ask for it."""
    told = getattr(torch.cpu, "_is_vnni_supported", None)
    if told is None or not told() or not torch.backends.mkldnn.is_available():
        return False
    return all(hasattr(torch.ops.onednn, op) for op in ("qlinear_prepack", "qlinear_pointwise"))


def dtype_beside_int8() -> torch.dtype:
    """Precision of all other layers beside int8: bf16 where the processor has it."""
    return torch.bfloat16 if bf16_is_fast() else torch.float32


class _Packed(NamedTuple):
    """A weight as the kernel reads it."""

    weight: Tensor  # opaque
    scales: Tensor  # (out,)
    zeros: Tensor  # (out,)


class _Kernel:
    """Made at its first use. A copy of the layer makes its own: what is packed can't be copied."""

    def __init__(self) -> None:
        self._packed: _Packed | None = None

    def of(self, weight: Tensor) -> _Packed:
        """Quantises a layer's (out, in) weight."""
        if self._packed is None:
            wide = weight.detach().float()
            scales = wide.abs().amax(dim=1).clamp_(min=_TINY).div_(_STEPS)
            steps = wide.div(scales[:, None]).round_().to(torch.int8)
            packed = torch.ops.onednn.qlinear_prepack(steps, None)
            zeros = torch.zeros(len(scales), dtype=torch.int64)
            self._packed = _Packed(packed, scales, zeros)
        return self._packed

    def __reduce__(self) -> tuple[Any, ...]:
        return _Kernel, ()


class Int8Linear(nn.Linear):
    """An `nn.Linear` with int8 weights and inputs."""

    kernel: _Kernel

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) → (..., out)."""
        return _product(x, self.kernel.of(self.weight), self.bias)


class Int8GeluLinear(GeluLinear):
    """A `GeluLinear` with int8 weights and inputs."""

    kernel: _Kernel

    def forward(self, x: Tensor, also: Tensor | None = None) -> Tensor:
        """(B, N, in) → (B, N, out)."""
        y = _product(x, self.kernel.of(self.weight), self.bias)
        return F.gelu(y if also is None else y + also[:, None], approximate=self.approximate)


def _product(x: Tensor, kernel: _Packed, bias: Tensor | None) -> Tensor:
    """(..., in) → (..., out)."""
    tokens = x.flatten(0, -2)  # (M, in)
    largest = tokens.abs().amax(dim=1, keepdim=True)
    # Rounded to the precision beside, and up: what is divided by it is multiplied by the same.
    scales = largest.clamp_(min=_TINY).mul_(_UP / _STEPS)
    steps = torch.mul(tokens, scales.float().reciprocal()).round_().to(torch.int8)
    # The kernel wants bytes without a sign: 128 more, which is the other highest bit.
    unsigned = steps.view(torch.uint8).bitwise_xor_(_ZERO)
    y = torch.ops.onednn.qlinear_pointwise(
        unsigned, 1.0, _ZERO, *kernel, None, 1.0, 0, x.dtype, "none", [], ""
    )
    y = y.mul_(scales) if bias is None else torch.addcmul(bias, y, scales)
    return y.unflatten(0, x.shape[:-1])


def use_int8(module: Module) -> Module:
    """The same module with its linear layers in int8, on a CPU that has it (`int8_is_there`).

    Parameters are shared with the module given, which stays unchanged.
    """
    kinds: dict[type[nn.Module], type[nn.Module]] = {
        nn.Linear: Int8Linear,
        GeluLinear: Int8GeluLinear,
    }
    clone = swap_modules(module, lambda part: kinds.get(type(part)))
    for part in clone.modules():
        if isinstance(part, Int8Linear | Int8GeluLinear):
            part.kernel = _Kernel()
    return clone
