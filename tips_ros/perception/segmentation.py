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
    confidence: Tensor  # its softmax probability, 0 to 255


def label_map_at(logits: Tensor, size: tuple[int, int]) -> LabelMap:
    """Upsamples class logits (B, K, h, w) bilinearly to (H, W) and takes the best class.

    The labels are those of argmax over bilinearly upsampled logits. The confidence is
    exp(best logit − logsumexp), where logsumexp is taken at the head's resolution and
    upsampled: exact at the head's pixels, and between them never above the true softmax
    (logsumexp is convex), for a fraction of its cost. Works in strips of rows.
    """
    logits = logits.float()
    height, width = size
    log_total = torch.logsumexp(logits, dim=1, keepdim=True)  # (B, 1, h, w)
    log_total = F.interpolate(log_total, size=size, mode="bilinear", align_corners=False)[:, 0]

    b, k, h, _ = logits.shape
    labels = torch.empty((b, height, width), dtype=torch.uint8, device=logits.device)
    confidence = torch.empty_like(labels)
    upper, lower, weight = _source_rows(h, height, logits.device)
    strip = max(1, _STRIP_ELEMENTS // (b * k * width))
    for top in range(0, height, strip):
        rows = slice(top, top + strip)
        # Rows first, then columns: bilinear interpolation is separable.
        x = torch.lerp(logits[:, :, upper[rows]], logits[:, :, lower[rows]], weight[rows, None])
        x = F.interpolate(x, size=(x.shape[2], width), mode="bilinear", align_corners=False)
        best, index = x.max(dim=1)  # (B, strip, W)
        labels[:, rows] = index
        confidence[:, rows] = ((best - log_total[:, rows]).exp() * 255).round().clamp(0, 255)
    return LabelMap(labels, confidence)


def _source_rows(h: int, height: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """For each of `height` output rows: the two input rows it lies between, and how far."""
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) * (h / height) - 0.5
    y = y.clamp(min=0.0)
    upper = y.floor().long().clamp(max=h - 1)
    lower = (upper + 1).clamp(max=h - 1)
    return upper, lower, y - upper
