# SPDX-License-Identifier: Apache-2.0
"""Stored frames → a batch of tensors, each frame mirrored, zoomed and developed differently.

It runs where the frames are, on a CPU or in a GPU's memory, and never waits for what it computes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.description import NYU_FOCAL_RATIO
from training.frames.appearance.appearance import Appearance
from training.frames.appearance.scene import Scene, unprojected
from training.frames.frame_store import PICTURE, TRUTH
from training.frames.variation import Variation
from training.network.architecture import GRID, PATCH


class Frames(NamedTuple):
    """N frames as a frame store has them, as tensors on the device that makes the batches."""

    rgb: Tensor  # (N, PICTURE, PICTURE, 3) uint8
    depth_m: Tensor  # (N, TRUTH, TRUTH) float16
    normals: Tensor  # (N, TRUTH, TRUTH, 3) int8
    classes: Tensor  # (N, TRUTH, TRUTH) uint8
    focal_ratio: Tensor  # (N,) float32


class Batch(NamedTuple):
    """B frames of g×g patches. Truth is that of every second pixel of the heads: h = 4·g."""

    images: Tensor  # (B, 3, 14·g, 14·g) RGB in [0, 1]
    depth_m: Tensor  # (B, h, h) as the reference camera would have seen it; 0 where none
    normals: Tensor  # (B, 3, h, h) facing the camera; 0 where none
    classes: Tensor  # (B, h, h) position in CLASSES, 255 unlabelled
    offset: tuple[int, int]  # the first pixel taken, down and across


def batch(
    frames: Frames,
    numbers: Tensor,
    variation: Variation,
    offset: tuple[int, int],
    grid: int = GRID,
    generator: torch.Generator | None = None,
    appearance: Appearance | None = None,
) -> Batch:
    """Some of the frames, varied, shrunk to `grid` × `grid` patches.

    Args:
        frames: to choose from.
        numbers: (B,) int64 which ones.
        variation: of these B frames.
        offset: 0 or 1 twice: the first pixel of the heads that has a truth, down and across.
        grid: patches along a side: GRID or half of it.
        generator: of the grain and the appearance.
        appearance: makes some of the frames look otherwise; None leaves all as they are.
    """
    images = _cut_out(frames.rgb[numbers], variation, PATCH * grid)
    few = 0 if appearance is None else appearance.count(len(numbers))
    if appearance is not None and few:
        cut = Variation(*(part[:few] for part in variation))
        seen = _scene(frames, numbers[:few], cut, PATCH * grid)
        images[:few] = appearance.of_scene(images[:few], seen, generator)
    images = _developed(images, variation, generator)
    if appearance is not None and few:
        images[:few] = appearance.of_camera(images[:few], generator)
    rows = _truth_pixels(offset[0], grid, variation.top, variation.zoom, None)
    columns = _truth_pixels(offset[1], grid, variation.left, variation.zoom, variation.mirrored)
    depth, normals = _truth(frames, numbers, rows, columns, variation.mirrored)
    # The reference camera sees a thing as large as this one does from another distance.
    farther = NYU_FOCAL_RATIO * variation.zoom / frames.focal_ratio[numbers]
    return Batch(
        images.contiguous(memory_format=torch.channels_last),
        depth * farther[:, None, None],
        normals,
        _classes(frames, numbers, rows, columns),
        offset,
    )


def _truth(
    frames: Frames, numbers: Tensor, rows: Tensor, columns: Tensor, mirrored: Tensor
) -> tuple[Tensor, Tensor]:
    """Depth (B, h, w) and normals (B, 3, h, w) at rows (B, h) and columns (B, w)."""
    pick = _pixels(numbers, rows, columns)
    across = torch.where(mirrored, -1.0, 1.0)[:, None, None]
    x, y, z = (frames.normals[pick].float() / 127).unbind(dim=-1)
    normals = torch.stack([x * across, y, z], dim=1)
    return frames.depth_m[pick].float(), normals


def _classes(frames: Frames, numbers: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(B, h, w) int64 at rows (B, h) and columns (B, w)."""
    return frames.classes[_pixels(numbers, rows, columns)].long()


def _pixels(numbers: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of frames' pixels that are (B, h, w) together."""
    return numbers[:, None, None], rows[:, :, None], columns[:, None, :]


def _scene(frames: Frames, numbers: Tensor, variation: Variation, side: int) -> Scene:
    """The scene of cut-outs of so many pixels."""
    def at(count: int) -> tuple[Tensor, Tensor]:
        rows = _places(variation.top, variation.zoom, count, None)
        columns = _places(variation.left, variation.zoom, count, variation.mirrored)
        return _stored(rows), _stored(columns)

    depth, normals = _truth(frames, numbers, *at(side // 2), variation.mirrored)
    classes = _classes(frames, numbers, *at(side))
    focal_ratio = frames.focal_ratio[numbers] / variation.zoom
    return unprojected(depth, normals, classes, focal_ratio)


def _truth_pixels(
    first: int, grid: int, start: Tensor, zoom: Tensor, mirrored: Tensor | None
) -> Tensor:
    """(B, h) where in the stored truth every second pixel of the heads looks, along one side."""
    heads = 8 * grid
    return _stored(_places(start, zoom, heads, mirrored)[:, first::2])


def _stored(places: Tensor) -> Tensor:
    """The stored truth's pixels at places that are fractions of the picture's side."""
    return (places * TRUTH).floor().long().clamp(0, TRUTH - 1)


def _places(start: Tensor, zoom: Tensor, count: int, mirrored: Tensor | None) -> Tensor:
    """(B, count) centres of pixels of a cut-out as fractions of the whole picture's side."""
    centres = ((torch.arange(count, device=zoom.device) + 0.5) / count)[None]
    if mirrored is not None:
        centres = torch.where(mirrored[:, None], 1 - centres, centres)
    return start[:, None] + zoom[:, None] * centres


def _cut_out(rgb: Tensor, variation: Variation, side: int) -> Tensor:
    """(B, H, W, 3) → (B, 3, side, side): parts of the pictures, in [0, 1]."""
    images = rgb.permute(0, 3, 1, 2).float() / 255
    columns = _places(variation.left, variation.zoom, side, variation.mirrored)
    rows = _places(variation.top, variation.zoom, side, None)
    if side < PICTURE:
        # Linear interpolation between two of the pixels alone would alias where they shrink much.
        much = variation.zoom * (PICTURE / side) > 1.5
        soft = F.avg_pool2d(F.pad(images, (0, 1, 0, 1), mode="replicate"), 2, stride=1)
        images = torch.where(much[:, None, None, None], soft, images)
        shift = much[:, None] * (0.5 / PICTURE)  # a mean of two pixels lies between them
        columns, rows = columns - shift, rows - shift
    size = (len(images), side, side)
    where = torch.stack([columns[:, None, :].expand(size), rows[:, :, None].expand(size)], dim=-1)
    return F.grid_sample(images, 2 * where - 1, padding_mode="border", align_corners=False)


def _developed(images: Tensor, how: Variation, generator: torch.Generator | None) -> Tensor:
    """The pictures with other exposure, contrast, colour, sharpness and noise."""

    def each(values: Tensor) -> Tensor:
        return values.view(len(images), -1, 1, 1)

    images = images.clamp_min(1e-4) ** each(how.gamma)
    images = images * each(how.gain)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * each(how.contrast)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * each(how.colour)
    soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    images = images + each(how.sharpness) * (images - soft)
    grain = torch.randn(images.shape, device=images.device, generator=generator)
    return (images + each(how.grain) * grain).clamp(0, 1)
