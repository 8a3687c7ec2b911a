# SPDX-License-Identifier: Apache-2.0
"""Class logits → label map with confidence, without ever holding full-size logits."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

UNLABELLED = 255
_CHUNK_ELEMENTS = 1_000_000  # interpolated logits held at a time: 4 MB


class LabelMap(NamedTuple):
    """Labels and how sure they are, both (B, H, W) uint8."""

    labels: Tensor  # index of the winning class
    confidence: Tensor  # how far it is ahead of the second, 0 to 255


class _Corners(NamedTuple):
    """For N output pixels: the four head pixels around each, flat (N, 4), and their weights."""

    pixel: Tensor
    weight: Tensor


class _Axis(NamedTuple):
    """For each output row (or column): the two input ones it lies between, and how far along."""

    before: Tensor
    after: Tensor
    weight: Tensor


def label_map_at(logits: Tensor, size: tuple[int, int]) -> LabelMap:
    """Upsamples class logits (B, K, h, w) bilinearly to (H, W) and takes the best class.

    The labels are those of argmax over bilinearly upsampled logits. The confidence is the margin
    p(label) − max p(other) of the softmax at the head's resolution, upsampled bilinearly too
    and never below 0: it is 1 where nothing else comes into question, and 0 at the border of two
    regions, however sure both are. A single class is certain everywhere.
    """
    logits = logits.float()
    b, k, h, w = logits.shape
    corners = _corners(b, (h, w), size, logits.device)
    by_pixel = logits.permute(0, 2, 3, 1).reshape(-1, k)  # (B·h·w, K), a view if channels-last
    labels = _labels(by_pixel, corners)
    confidence = _confidence(by_pixel, labels, corners)
    return LabelMap(labels.to(torch.uint8).view(b, *size), confidence.view(b, *size))


def with_ids(outputs: Tensor, id_of_output: Tensor) -> Tensor:
    """Indices of the network's outputs → the ids that they stand for.

    Args:
        outputs: (B, H, W) uint8.
        id_of_output: (256,) uint8 on the same device.

    Returns:
        (B, H, W) uint8.
    """
    return id_of_output.index_select(0, outputs.flatten().int()).view_as(outputs)


def with_threshold(ids: Tensor, found: LabelMap, least: Tensor) -> Tensor:
    """Ids (B, H, W), 255 where the confidence is below what the label's index asks for.

    Args:
        ids: uint8, of the labels.
        found: the labels and their confidence.
        least: (256,) uint8 on the same device, by label.
    """
    wanted = least.index_select(0, found.labels.flatten().int()).view_as(ids)
    return ids.masked_fill(found.confidence < wanted, UNLABELLED)


def _labels(by_pixel: Tensor, corners: _Corners) -> Tensor:
    """argmax of the upsampled logits, (N,) int64 for N output pixels.

    Where one class is best at all four corners it is best between them, because bilinear
    interpolation is a convex sum: only the other pixels need their logits interpolated.
    """
    best = by_pixel.argmax(dim=1)  # (B·h·w,)
    around = best[corners.pixel]  # (N, 4)
    labels = around[:, 0].clone()
    mixed = (around != labels[:, None]).any(dim=1).nonzero()[:, 0]
    for chunk in mixed.split(max(1, _CHUNK_ELEMENTS // by_pixel.shape[1])):
        # Σ over the four corners of weight × logits, for these pixels only: (M, K)
        logits = F.embedding_bag(
            corners.pixel[chunk],
            by_pixel,
            per_sample_weights=corners.weight[chunk],
            mode="sum",
        )
        labels[chunk] = logits.argmax(dim=1)
    return labels


def _confidence(by_pixel: Tensor, labels: Tensor, corners: _Corners) -> Tensor:
    """Σ over the four corners of weight × (p(label) − max p(other)), as 0 to 255."""
    k = by_pixel.shape[1]
    first, best = by_pixel.max(dim=1)  # (B·h·w,)
    others = by_pixel.scatter(1, best[:, None], -torch.inf)
    log_total = torch.logsumexp(by_pixel, dim=1)
    p_first, p_second = (first - log_total).exp(), (others.amax(dim=1) - log_total).exp()
    at_label = corners.pixel * k + labels[:, None]  # (N, 4)
    p_label = (by_pixel.reshape(-1)[at_label] - log_total[corners.pixel]).exp()
    wins = best[corners.pixel] == labels[:, None]
    p_other = torch.where(wins, p_second[corners.pixel], p_first[corners.pixel])
    margin = ((p_label - p_other) * corners.weight).sum(dim=1)
    return (margin * 255).round().clamp(0, 255).to(torch.uint8)


def _corners(
    batch: int, native: tuple[int, int], size: tuple[int, int], device: torch.device
) -> _Corners:
    """The four head pixels around each output pixel of a batch."""
    (h, w), (height, width) = native, size
    y, x = _axis(h, height, device), _axis(w, width, device)
    rows = torch.stack([y.before, y.before, y.after, y.after])[:, :, None]  # (4, H, 1)
    columns = torch.stack([x.before, x.after, x.before, x.after])[:, None]  # (4, 1, W)
    index = (rows * w + columns).view(4, -1).T  # (H·W, 4)
    y_weight = torch.stack([1 - y.weight, 1 - y.weight, y.weight, y.weight])[:, :, None]
    x_weight = torch.stack([1 - x.weight, x.weight, 1 - x.weight, x.weight])[:, None]
    weight = (y_weight * x_weight).view(4, -1).T
    image = torch.arange(batch, device=device).repeat_interleave(height * width)[:, None]
    return _Corners(index.repeat(batch, 1) + image * (h * w), weight.repeat(batch, 1))


def _axis(inputs: int, outputs: int, device: torch.device) -> _Axis:
    """Bilinear positions with pixel centres half a pixel in (align_corners=False)."""
    at = (torch.arange(outputs, device=device, dtype=torch.float32) + 0.5) * (inputs / outputs)
    at = (at - 0.5).clamp(min=0.0)
    before = at.floor().long().clamp(max=inputs - 1)
    return _Axis(before, (before + 1).clamp(max=inputs - 1), at - before)
