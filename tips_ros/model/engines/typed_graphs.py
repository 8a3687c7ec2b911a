# SPDX-License-Identifier: Apache-2.0
"""A graph in the types that it is to be computed in, so that no engine has to be asked to lower it.

TensorRT 11 knows no other way: it computes what the graph says. Products and what lies between them
are in half precision; fp32 are a LayerNorm, whose sums of squares overflow in fp16, a softmax, the
sums of depth's bins, and what comes in and goes out.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tips_ros.model.blocks import Attention
from tips_ros.model.engines.model_graphs import ModelGraph
from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.swap_modules import swap_modules


class WideLayerNorm(nn.LayerNorm):
    """A LayerNorm in fp32 between tensors of half precision."""

    def forward(self, x: Tensor) -> Tensor:
        """(…, D) → (…, D)."""
        return super().forward(x.float()).to(x.dtype)


class WideSoftmaxAttention(Attention):
    """An `Attention` with its softmax in fp32."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Scaled before they are multiplied: products of long vectors overflow in fp16."""
        scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-2, -1))
        return torch.matmul(torch.softmax(scores.float(), dim=-1).to(v.dtype), v)


class TypedGraph(nn.Module):
    """A graph of half precision between tensors of fp32."""

    def __init__(self, part: ModelGraph, dtype: torch.dtype) -> None:
        super().__init__()
        self.module = lower_module(part.module, dtype, _island)
        self.lowered, self.dtype = len(part.inputs) - part.wide, dtype

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Does what the graph does, fp32 to fp32."""
        lowered = (tensor.to(self.dtype) for tensor in inputs[: self.lowered])
        outputs = self.module(*lowered, *inputs[self.lowered :])
        return tuple(output.float() for output in outputs)


def type_graph(part: ModelGraph, dtype: torch.dtype) -> ModelGraph:
    """The same graph, typed. Its weights in half precision are its own; fp32 ones are shared."""
    if dtype == torch.float32:
        return part
    return part._replace(module=TypedGraph(part, dtype))


def lower_module(
    module: nn.Module,
    dtype: torch.dtype,
    kind: Callable[[nn.Module], type[nn.Module] | None] = lambda _: None,
    device: torch.device | None = None,
) -> nn.Module:
    """A copy with its floats in a dtype, made one by one: there never is another one in fp32.

    Args:
        module: stays as it is; what needs no conversion is shared with it.
        dtype: wanted.
        kind: which parts become what else; LayerNorms that do keep their weights.
        device: where the copy is to be; where the module is if None.
    """
    lowered = swap_modules(module, kind)
    for part in lowered.modules():
        if isinstance(part, WideLayerNorm):
            continue
        for name, parameter in part.named_parameters(recurse=False):
            lower = parameter.detach().to(device, dtype)
            setattr(part, name, frozen_parameter(lower, lower))
        for name, buffer in part.named_buffers(recurse=False):
            setattr(part, name, buffer.to(device, dtype if buffer.is_floating_point() else None))
    return lowered


def _island(part: nn.Module) -> type[nn.Module] | None:
    if type(part) is nn.LayerNorm:
        return WideLayerNorm
    return WideSoftmaxAttention if type(part) is Attention else None
