# SPDX-License-Identifier: Apache-2.0
"""The label map on a GPU: the same steps for every pixel, and nothing that the host waits for.

To look at mixed pixels alone, as `segmentation` does on a CPU, the host must learn how many there
are, and then ask for many small steps. A GPU interpolates the logits of all pixels sooner; where
Triton is installed two kernels do so, and write labels and confidence alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.fast.gpu.labels import labels_by_kernels
from tips_ros.perception.semantic.label_map import Axis, LabelMap, as_bytes, axis, shares

_GROUP_ELEMENTS = 16_000_000  # interpolated logits held at a time: 64 MB


def dense_label_map(logits: Tensor, size: tuple[int, int]) -> LabelMap:
    """Computes `label_map_at` on any device.

    Args:
        logits: (B, K, h, w).
        size: (H, W).
    """
    if (made := labels_by_kernels(logits, size)) is not None:
        return LabelMap(*made)
    logits = logits.float()
    b, k, h, w = logits.shape
    labels = _winners(logits, size)  # (B, H, W) int64
    by_pixel = logits.permute(0, 2, 3, 1).reshape(-1, k)  # (B·h·w, K), a view if channels-last
    best = by_pixel.argmax(dim=1, keepdim=True)
    p, first, second = shares(by_pixel, best)
    margins = p.sub_(first).scatter_(1, best, first - second)  # of each class over all others
    y, x = axis(h, size[0], logits.device), axis(w, size[1], logits.device)
    margin = _interpolate_margin(margins.view(b, h * w * k), labels, y, x, (w, k))
    return LabelMap(labels.to(torch.uint8), as_bytes(margin))


def _winners(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, K, h, w) → (B, H, W) the first of the largest logits, some classes after the others."""
    group = max(1, _GROUP_ELEMENTS // (len(logits) * size[0] * size[1]))
    tops = []
    for start in range(0, logits.shape[1], group):
        some = logits[:, start : start + group]
        full = F.interpolate(some, size=size, mode="bilinear", align_corners=False)
        largest, which = full.max(dim=1)
        tops.append((largest, which + start))
        if len(tops) == 2:
            (most, labels), (largest, which) = tops
            ahead = largest > most
            tops = [(torch.where(ahead, largest, most), torch.where(ahead, which, labels))]
    return tops[0][1]


def _interpolate_margin(
    margins: Tensor, labels: Tensor, y: Axis, x: Axis, width_and_classes: tuple[int, int]
) -> Tensor:
    """The margin of each pixel's label, interpolated between the four pixels of the head around it.

    Args:
        margins: (B, h·w·K).
        labels: (B, H, W).
        y, x: the positions of rows and columns.
        width_and_classes: w and K.

    Returns:
        (B, H, W) fp32.
    """
    w, k = width_and_classes
    mixed = torch.zeros(labels.shape, device=labels.device)
    for row, down in ((y.before, 1 - y.weight), (y.after, y.weight)):
        for column, along in ((x.before, 1 - x.weight), (x.after, x.weight)):
            place = (row[:, None] * w + column) * k + labels  # (B, H, W)
            found = margins.gather(1, place.flatten(1)).view_as(mixed)
            mixed.addcmul_(found, down[:, None] * along)
    return mixed
