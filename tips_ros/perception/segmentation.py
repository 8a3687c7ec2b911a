# SPDX-License-Identifier: Apache-2.0
"""Class logits → label map with confidence, without ever holding full-size logits."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

UNLABELLED = 255
_STRIP_ELEMENTS = 1_000_000  # fp32 logits held at a time: 4 MB


class LabelMap(NamedTuple):
    """Labels and how sure they are, both (B, H, W) uint8."""

    labels: Tensor  # index of the winning class
    confidence: Tensor  # its probability, 0 to 255


class _Axis(NamedTuple):
    """For each output row (or column): the two input ones it lies between, and how far along."""

    before: Tensor
    after: Tensor
    weight: Tensor


def label_map_at(logits: Tensor, size: tuple[int, int]) -> LabelMap:
    """Upsamples class logits (B, K, h, w) bilinearly to (H, W) and takes the best class.

    The labels are those of argmax over bilinearly upsampled logits. The confidence is the softmax
    probability of that class at the head's resolution, upsampled bilinearly too: at the border
    of two sure regions it falls to a half and no further.
    """
    logits = logits.float()
    rows = _axis(logits.shape[2], size[0], logits.device)
    columns = _axis(logits.shape[3], size[1], logits.device)
    labels = _labels(logits, rows, size)
    return LabelMap(labels.to(torch.uint8), _confidence(logits, labels, rows, columns))


def _labels(logits: Tensor, rows: _Axis, size: tuple[int, int]) -> Tensor:
    """argmax of the upsampled logits, (B, H, W) int64, strip by strip."""
    b, k = logits.shape[:2]
    height, width = size
    labels = torch.empty((b, height, width), dtype=torch.int64, device=logits.device)
    step = max(1, _STRIP_ELEMENTS // (b * k * width))
    for top in range(0, height, step):
        strip = slice(top, top + step)
        # Rows first, then columns: bilinear interpolation is separable.
        above, below = logits[:, :, rows.before[strip]], logits[:, :, rows.after[strip]]
        x = torch.lerp(above, below, rows.weight[strip, None])
        x = F.interpolate(x, size=(x.shape[2], width), mode="bilinear", align_corners=False)
        labels[:, strip] = x.argmax(dim=1)
    return labels


def _confidence(logits: Tensor, labels: Tensor, rows: _Axis, columns: _Axis) -> Tensor:
    """Σ over the four nearest head pixels of weight × softmax probability of the pixel's label."""
    b, k, h, w = logits.shape
    log_total = torch.logsumexp(logits, dim=1).reshape(b, -1)  # (B, h·w)
    by_pixel = logits.permute(0, 2, 3, 1).reshape(b, -1)  # (B, h·w·K)
    probability = torch.zeros(labels.shape, device=logits.device)
    for y, y_weight in ((rows.before, 1 - rows.weight), (rows.after, rows.weight)):
        for x, x_weight in ((columns.before, 1 - columns.weight), (columns.after, columns.weight)):
            pixel = (y[:, None] * w + x).expand(labels.shape).reshape(b, -1)  # (B, H·W)
            logit = by_pixel.gather(1, pixel * k + labels.reshape(b, -1))
            p = (logit - log_total.gather(1, pixel)).exp().view(labels.shape)
            probability += p * y_weight[:, None] * x_weight
    return (probability * 255).round().clamp(0, 255).to(torch.uint8)


def _axis(inputs: int, outputs: int, device: torch.device) -> _Axis:
    """Bilinear positions with pixel centres half a pixel in (align_corners=False)."""
    at = (torch.arange(outputs, device=device, dtype=torch.float32) + 0.5) * (inputs / outputs)
    at = (at - 0.5).clamp(min=0.0)
    before = at.floor().long().clamp(max=inputs - 1)
    return _Axis(before, (before + 1).clamp(max=inputs - 1), at - before)
