# SPDX-License-Identifier: Apache-2.0
"""Class logits → label map with confidence, without ever holding full-size logits."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.resizing import resized

UNLABELLED = 255
_CHUNK_ELEMENTS = 1_000_000  # interpolated logits held at a time: 4 MB
_MIXED = 255  # stands for a label that is not yet known: there are at most 255, from 0


class LabelMap(NamedTuple):
    """Labels and how sure they are, both (B, H, W) uint8."""

    labels: Tensor  # index of the winning class
    confidence: Tensor  # how far it is ahead of the second, 0 to 255


class _Axis(NamedTuple):
    """For each output row (or column): the two input ones it lies between, and how far along."""

    before: Tensor
    after: Tensor
    weight: Tensor


class _Corners(NamedTuple):
    """For M output pixels: the four head pixels around each, flat, and their weights; (M, 4)."""

    pixel: Tensor
    weight: Tensor

    def mix(self, by_pixel: Tensor) -> Tensor:
        """Σ over the four corners of weight × what is there: (P, K) → (M, K)."""
        return F.embedding_bag(self.pixel, by_pixel, per_sample_weights=self.weight, mode="sum")


def label_map_at(logits: Tensor, size: tuple[int, int]) -> LabelMap:
    """Upsamples class logits (B, K, h, w) bilinearly to (H, W) and takes the best class.

    The labels are those of argmax over bilinearly upsampled logits. The confidence is the margin
    p(label) − max p(other) of the softmax at the head's resolution, upsampled bilinearly too
    and never below 0: it is 1 where nothing else comes into question, and 0 at the border of two
    regions, however sure both are. A single class is certain everywhere.

    Where one class is best at all four corners it is best between them, because bilinear
    interpolation is a convex sum: only the other pixels need their logits interpolated.
    """
    logits = logits.float()
    b, k, h, w = logits.shape
    y, x = _axis(h, size[0], logits.device), _axis(w, size[1], logits.device)
    by_pixel = logits.permute(0, 2, 3, 1).reshape(-1, k)  # (B·h·w, K), a view if channels-last
    best = _best(by_pixel)[:, None]
    p, first, second = _shares(by_pixel, best)

    cells = _agreed(best.to(torch.uint8).view(b, h, w))
    labels = cells.index_select(2, x.before).index_select(1, y.before).flatten()
    confidence = _as_bytes(resized((first - second).view(b, 1, h, w), size).flatten())

    p.scatter_(1, best, 2 * first - second)  # so that p − first is the margin, whatever the class
    mixed = (labels == _MIXED).nonzero()[:, 0]
    for pixels in mixed.split(max(1, _CHUNK_ELEMENTS // k)):
        corners = _corners(pixels, y, x, (h, w))
        winners = _best(corners.mix(by_pixel))
        labels.scatter_(0, pixels, winners.to(torch.uint8))
        of_winners = corners._replace(pixel=corners.pixel * k + winners[:, None])
        margin = of_winners.mix(p.view(-1, 1)) - corners.mix(first)
        confidence.scatter_(0, pixels, _as_bytes(margin[:, 0]))
    return LabelMap(labels.view(b, *size), confidence.view(b, *size))


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


def _best(by_pixel: Tensor) -> Tensor:
    """The first of the largest values of each row: (P, K) → (P,)."""
    if by_pixel.device.type == "cpu":  # numpy's is up to four times as fast as torch's
        return torch.from_numpy(by_pixel.detach().numpy().argmax(axis=1))
    return by_pixel.argmax(dim=1)


def _shares(by_pixel: Tensor, best: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Softmax (P, K), of which the best class's is left undefined; that, and the next, (P, 1).

    Args:
        by_pixel: (P, K) logits.
        best: (P, 1) the best class.
    """
    p = by_pixel.softmax(dim=1)
    first = p.gather(1, best)
    return p, first, p.scatter_(1, best, 0.0).amax(dim=1, keepdim=True)


def _agreed(best: Tensor) -> Tensor:
    """What a pixel and its neighbours right, below and between have in common, or `_MIXED`.

    Args:
        best: (B, h, w) uint8. Beyond the border it goes on as it ends.
    """
    right = torch.cat([best[..., 1:], best[..., -1:]], dim=2)
    across = best.masked_fill(best != right, _MIXED)
    below = torch.cat([across[:, 1:], across[:, -1:]], dim=1)
    return across.masked_fill(across != below, _MIXED)


def _as_bytes(share: Tensor) -> Tensor:
    """0 to 1 as 0 to 255; below 0 is 0, too. The tensor given is used up."""
    return share.mul_(255).round_().clamp_(0, 255).to(torch.uint8)


def _corners(pixels: Tensor, y: _Axis, x: _Axis, native: tuple[int, int]) -> _Corners:
    """Of some output pixels, counted through all images of a batch."""
    h, w = native
    across = len(x.before)
    rows = pixels.div(across, rounding_mode="floor")  # of all images, one below the other
    column = pixels - rows * across
    image = rows.div(len(y.before), rounding_mode="floor")
    row = rows - image * len(y.before)
    above, below = (image * (h * w) + at.index_select(0, row) * w for at in (y.before, y.after))
    left, right = (at.index_select(0, column) for at in (x.before, x.after))
    down, along = y.weight.index_select(0, row), x.weight.index_select(0, column)
    return _Corners(
        torch.stack([above + left, above + right, below + left, below + right], dim=1),
        torch.stack(
            [(1 - down) * (1 - along), (1 - down) * along, down * (1 - along), down * along], dim=1
        ),
    )


def _axis(inputs: int, outputs: int, device: torch.device) -> _Axis:
    """Bilinear positions with pixel centres half a pixel in (align_corners=False)."""
    at = (torch.arange(outputs, device=device, dtype=torch.float32) + 0.5) * (inputs / outputs)
    at = (at - 0.5).clamp(min=0.0)
    before = at.floor().long().clamp(max=inputs - 1)
    return _Axis(before, (before + 1).clamp(max=inputs - 1), at - before)
