# SPDX-License-Identifier: Apache-2.0
"""Heads whose maps fit into fp16: the same heads with smaller numbers, by powers of two.

From its first convolutions on a decoder is made of convolutions and ReLUs, to which a factor can be
given at the start and taken off at the end. Normals are of any length; depth's activations are put
right in fp32, by the unit of its bins; class logits by the weights of the last layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn

from tips_ros.model.dpt import Fusion
from tips_ros.model.heads import DenseHead, DepthHead, SegmentationHead
from tips_ros.model.parts import parts_of
from tips_ros.model.tips import HEAD_NAMES, Tips

# Up to here nothing needs to change: 60 times as much is what fp16 holds, for other pictures.
_LARGEST = 1024.0


@torch.inference_mode()
def fit_into_fp16(tips: Tips, pictures: Tensor) -> dict[str, int]:
    """Makes the maps of a model's heads small enough, in place and exactly.

    Args:
        tips: as it was loaded, in fp32, with plain heads.
        pictures: (B, 3, H, W) by which is told how large they are.

    Returns:
        By the heads that needed it the power of two that their maps were divided by.
    """
    shifts: dict[str, int] = {}
    for name in HEAD_NAMES:
        head = getattr(tips, name)
        if isinstance(head, DenseHead):
            with _watch(head) as largest:
                tips(pictures, [name])
            top = max(largest)
            if math.isfinite(top) and top > _LARGEST:
                shifts[name] = math.ceil(math.log2(top / _LARGEST))
                scale_maps(head, shifts[name])
    return shifts


def scale_maps(head: DenseHead, shift: int) -> None:
    """Divides a head's maps by 2^shift, in place; what it says stays the same.

    Of normals, which are of any length, that is their direction.
    """
    factor = 2.0**-shift
    decoder = head.dpt
    convs = parts_of(decoder.convs, nn.Conv2d)
    scaled: list[Tensor | None] = [conv.weight for conv in convs]
    fusions = parts_of(decoder.fusions, Fusion)
    scaled += [fusion.out_conv.bias for fusion in fusions]
    scaled.append(decoder.project.bias)
    if not isinstance(head, SegmentationHead):
        scaled.append(head.head.bias)
    with torch.no_grad():
        for tensor in scaled:
            if tensor is not None:
                tensor.mul_(factor)
        if isinstance(head, SegmentationHead):
            head.head.weight.div_(factor)
    if isinstance(head, DepthHead):
        head.bins = replace(head.bins, unit=head.bins.unit / factor)


@contextmanager
def _watch(head: DenseHead) -> Iterator[list[float]]:
    """Collects the largest values of a head's maps, from its decoder's first convolutions on."""
    largest = [0.0]

    def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        largest.append(float(output.abs().amax()))

    decoder = head.dpt
    watched = [*decoder.convs, *decoder.fusions.modules(), decoder.project, head.head]
    hooks = [
        part.register_forward_hook(note)
        for part in watched
        if not isinstance(part, nn.ModuleList)
    ]
    try:
        yield largest
    finally:
        for hook in hooks:
            hook.remove()
