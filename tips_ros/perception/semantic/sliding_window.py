# SPDX-License-Identifier: Apache-2.0
"""Zero-shot segmentation by overlapping windows, for images larger than the network's input.

The recipe with which TIPS' zero-shot numbers were measured: in each window the cosines are
upsampled and go through a softmax without temperature; where windows overlap, the mean counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.language.image_text import check_temperature
from tips_ros.perception.semantic.label_map import LabelMap

WINDOW = 448
STRIDE = 336
_BAND_ELEMENTS = 2_000_000  # class probabilities held at a time: 8 MB


class Window(NamedTuple):
    """A part of an image and what was found in it."""

    top: int
    left: int
    height: int
    width: int
    cosines: Tensor  # (B, K, h, w), at the resolution of patches


class WindowedCosines(NamedTuple):
    """An image in overlapping windows that cover it."""

    size: tuple[int, int]  # (H, W) of the image
    windows: list[Window]


def sliding_windows(
    images: Tensor,
    cosines_of: Callable[[Tensor], Tensor],
    side: int = WINDOW,
    stride: int = STRIDE,
) -> WindowedCosines:
    """Runs the network on each window.

    Args:
        images: (B, 3, H, W), RGB in [0, 1]. A window is a square of `side`, or as much of it as
            the image has: a shorter side must be a multiple of the patch size.
        cosines_of: (B, 3, h, w) → (B, K, patches down, patches across).
        side: of a window, in pixels.
        stride: from one window to the next; the last one is moved back into the image.
    """
    height, width = images.shape[-2:]
    windows = []
    for top in _starts(height, side, stride):
        for left in _starts(width, side, stride):
            part = images[..., top : top + side, left : left + side]
            h, w = part.shape[-2:]
            windows.append(Window(top, left, h, w, cosines_of(part)))
    return WindowedCosines((height, width), windows)


def window_probabilities(windowed: WindowedCosines, rows: range | None = None) -> Tensor:
    """Mean class probabilities (B, K, R, W) of R of the image's rows; of all, unless told."""
    height, width = windowed.size
    rows = range(height) if rows is None else rows
    first = windowed.windows[0].cosines
    total = first.new_zeros(*first.shape[:2], len(rows), width, dtype=torch.float32)
    count = total.new_zeros(len(rows), width)
    for top, left, h, w, cosines in windowed.windows:
        covered = range(max(rows.start, top), min(rows.stop, top + h))
        if not covered:
            continue
        probabilities = _resize_rows(
            cosines.float(), (h, w), range(covered.start - top, covered.stop - top)
        ).softmax(dim=1)
        here = slice(covered.start - rows.start, covered.stop - rows.start)
        total[..., here, left : left + w] += probabilities
        count[here, left : left + w] += 1
    return total / count


def window_label_map(
    windowed: WindowedCosines, size: tuple[int, int], temperature: float
) -> LabelMap:
    """The best class by the mean probabilities, upsampled bilinearly to (H, W).

    Works in bands of rows: probabilities of all classes at full size are never held. Without a
    temperature all of them are close to 1/K, which says nothing: the confidence is the margin of
    the best over the second share of probability^(1/temperature), which for a single window is
    softmax(cosine / temperature), as in `zero_shot_label_map`.

    Args:
        windowed: as of `sliding_windows`.
        size: (H, W) of the label map.
        temperature: the model's own, from the text encoder's checkpoint.
    """
    sharpness = 1 / check_temperature(temperature)
    labels, confidence = [], []
    for band in _bands(windowed, size):
        probabilities = _probabilities_at(windowed, size, band)
        labels.append(probabilities.argmax(dim=1).to(torch.uint8))
        shares = (probabilities.log() * sharpness).softmax(dim=1)
        best = shares.topk(min(2, shares.shape[1]), dim=1).values
        margin = best[:, 0] - best[:, 1] if best.shape[1] > 1 else best[:, 0]
        confidence.append((margin * 255).round().to(torch.uint8))
    return LabelMap(torch.cat(labels, dim=1), torch.cat(confidence, dim=1))


def _starts(length: int, side: int, stride: int) -> list[int]:
    """Returns the positions at which windows begin along one axis."""
    last = max(length - side, 0)
    return [*range(0, last, stride), last]


def _bands(windowed: WindowedCosines, size: tuple[int, int]) -> Iterator[range]:
    """The rows of the label map, as many at a time as memory is meant for."""
    b, k = windowed.windows[0].cosines.shape[:2]
    widest = max(size[1], windowed.size[1])
    count = max(1, _BAND_ELEMENTS // (b * k * widest))
    for start in range(0, size[0], count):
        yield range(start, min(start + count, size[0]))


def _probabilities_at(windowed: WindowedCosines, size: tuple[int, int], band: range) -> Tensor:
    """(B, K, rows of the band, W) of the probabilities upsampled to `size`."""
    weights = _row_weights(windowed.size[0], size[0], band, windowed.windows[0].cosines.device)
    rows = _used_rows(windowed.size[0], size[0], band)
    mixed = _mix_rows(window_probabilities(windowed, rows), weights[rows.start : rows.stop])
    return _resize_columns(mixed, size[1])


def _resize_rows(maps: Tensor, size: tuple[int, int], rows: range) -> Tensor:
    """Some rows of (B, K, h, w) upsampled bilinearly to `size`: (B, K, R, W)."""
    weights = _row_weights(maps.shape[-2], size[0], rows, maps.device)
    return _resize_columns(_mix_rows(maps, weights), size[1])


def _row_weights(inputs: int, outputs: int, rows: range, device: torch.device) -> Tensor:
    """(inputs, R): what each input row adds to some of the output rows of F.interpolate."""
    identity = torch.eye(inputs, device=device)[None]
    weights = F.interpolate(identity, size=outputs, mode="linear", align_corners=False)[0]
    return weights[:, rows.start : rows.stop]


def _used_rows(inputs: int, outputs: int, rows: range) -> range:
    """The input rows that these output rows are made of.

    By the formula instead of the weights: those are on the device, and the host would wait.
    """
    first, last = ((row + 0.5) * inputs / outputs - 0.5 for row in (rows.start, rows.stop - 1))
    return range(max(0, math.floor(first)), min(inputs, math.ceil(last) + 1))


def _mix_rows(maps: Tensor, weights: Tensor) -> Tensor:
    """(B, K, h, w), (h, R) → (B, K, R, w)."""
    return torch.einsum("bkhw,hr->bkrw", maps, weights)


def _resize_columns(maps: Tensor, width: int) -> Tensor:
    """(B, K, R, w) → (B, K, R, W), bilinearly across only."""
    size = (maps.shape[-2], width)
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
