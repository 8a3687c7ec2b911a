# SPDX-License-Identifier: Apache-2.0
"""Class logits → label map with confidence, without ever holding full-size logits."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.resizing import resize_maps
from tips_ros.perception.semantic.dense_labels import dense_label_map
from tips_ros.perception.semantic.label_map import Axis, LabelMap, as_bytes, axis, shares

_CHUNK_ELEMENTS = 1_000_000  # interpolated logits held at a time: 4 MB
_MIXED = 255  # stands for a label that is not yet known: there are at most 255, from 0


class _Corners(NamedTuple):
    """The four head pixels around each of M output pixels, flat, and their weights; (M, 4)."""

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
    if logits.device.type != "cpu":
        return dense_label_map(logits, size)
    logits = logits.float()
    b, k, h, w = logits.shape
    y, x = axis(h, size[0], logits.device), axis(w, size[1], logits.device)
    by_pixel = logits.permute(0, 2, 3, 1).reshape(-1, k)  # (B·h·w, K), a view if channels-last
    best = _best(by_pixel)[:, None]
    p, first, second = shares(by_pixel, best)

    cells = _common_label(best.to(torch.uint8).view(b, h, w))
    labels = cells.index_select(2, x.before).index_select(1, y.before).flatten()
    confidence = as_bytes(resize_maps((first - second).view(b, 1, h, w), size).flatten())

    p.scatter_(1, best, 2 * first - second)  # so that p − first is the margin, whatever the class
    mixed = (labels == _MIXED).nonzero()[:, 0]
    for pixels in mixed.split(max(1, _CHUNK_ELEMENTS // k)):
        corners = _corners(pixels, y, x, (h, w))
        winners = _best(corners.mix(by_pixel))
        labels.scatter_(0, pixels, winners.to(torch.uint8))
        of_winners = corners._replace(pixel=corners.pixel * k + winners[:, None])
        margin = of_winners.mix(p.view(-1, 1)) - corners.mix(first)
        confidence.scatter_(0, pixels, as_bytes(margin[:, 0]))
    return LabelMap(labels.view(b, *size), confidence.view(b, *size))


def to_ids(outputs: Tensor, id_of_output: Tensor) -> Tensor:
    """Indices of the network's outputs → the ids that they stand for.

    Args:
        outputs: (B, H, W) uint8.
        id_of_output: (256,) uint8 on the same device.

    Returns:
        (B, H, W) uint8.
    """
    return id_of_output.index_select(0, outputs.flatten().int()).view_as(outputs)


def apply_threshold(ids: Tensor, found: LabelMap, least: Tensor) -> Tensor:
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
    # Numpy's is up to four times as fast as torch's.
    return torch.from_numpy(by_pixel.detach().numpy().argmax(axis=1))


def _common_label(best: Tensor) -> Tensor:
    """Returns the label a pixel and its neighbours right, below and between share, or `_MIXED`.

    Args:
        best: (B, h, w) uint8. Beyond the border it goes on as it ends.
    """
    right = torch.cat([best[..., 1:], best[..., -1:]], dim=2)
    across = best.masked_fill(best != right, _MIXED)
    below = torch.cat([across[:, 1:], across[:, -1:]], dim=1)
    return across.masked_fill(across != below, _MIXED)


def _corners(pixels: Tensor, y: Axis, x: Axis, native: tuple[int, int]) -> _Corners:
    """Gathers the corners of some output pixels, counted through all images of a batch."""
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
