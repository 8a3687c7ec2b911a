# SPDX-License-Identifier: Apache-2.0
"""Stored frames → a batch of tensors, each frame mirrored, zoomed and developed differently."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.perception.description import NYU_FOCAL_RATIO
from training.architecture import GRID, PATCH
from training.frame_store import PICTURE, TRUTH, StoredFrame

Array = NDArray[Any]
_LEAST_ZOOM = 0.72  # side of the smallest cut-out, as a fraction of the picture's


class Batch(NamedTuple):
    """B frames of g×g patches. Truth is that of every second pixel of the heads: h = 4·g."""

    images: Tensor  # (B, 3, 14·g, 14·g) RGB in [0, 1]
    depth_m: Tensor  # (B, h, h) as the reference camera would have seen it; 0 where none
    normals: Tensor  # (B, 3, h, h) facing the camera; 0 where none
    classes: Tensor  # (B, h, h) position in CLASSES, 255 unlabelled
    offset: tuple[int, int]  # the first pixel taken, down and across


def batch(frames: list[StoredFrame], rng: np.random.Generator, grid: int = GRID) -> Batch:
    """Frames with everything about them varied at random, shrunk to `grid` × `grid` patches."""
    offset = int(rng.integers(2)), int(rng.integers(2))
    varied = [_varied(frame, offset, grid, rng) for frame in frames]
    rgb, depth, normals, classes = (np.stack(part) for part in zip(*varied, strict=True))
    images = torch.from_numpy(rgb).permute(0, 3, 1, 2).float().div_(255)
    return Batch(
        _developed(images, rng),
        torch.from_numpy(depth),
        torch.from_numpy(normals).permute(0, 3, 1, 2),
        torch.from_numpy(classes).long(),
        offset,
    )


def _varied(
    frame: StoredFrame, offset: tuple[int, int], grid: int, rng: np.random.Generator
) -> tuple[Array, Array, Array, Array]:
    """Picture, depth, normals and classes of a frame that is mirrored and cut out at random."""
    zoom = float(rng.uniform(_LEAST_ZOOM, 1.0)) if rng.random() < 0.6 else 1.0
    # Off the middle the optical axis would leave the centre of the picture: only a little.
    left, top = (0.5 * (1 - zoom) * (1 + 0.3 * rng.uniform(-1, 1, 2))).tolist()
    mirrored = bool(rng.random() < 0.5)
    rows = _truth_pixels(offset[0], grid, top, zoom, mirrored=False)
    columns = _truth_pixels(offset[1], grid, left, zoom, mirrored=mirrored)
    pick = np.ix_(rows, columns)
    # The reference camera sees a thing as large as this one does from another distance.
    farther = NYU_FOCAL_RATIO * zoom / float(frame.focal_ratio)
    depth = frame.depth_m[pick].astype(np.float32) * np.float32(farther)
    normals = frame.normals[pick].astype(np.float32) / 127
    rgb = _cut_out(frame.rgb, left, top, zoom, PATCH * grid)
    if mirrored:
        rgb, normals = rgb[:, ::-1], normals * np.array([-1, 1, 1], np.float32)
    return rgb, depth, normals, frame.classes[pick]


def _truth_pixels(
    first: int, grid: int, start: float, zoom: float, *, mirrored: bool
) -> NDArray[np.int64]:
    """Where in the stored truth every second pixel of the heads looks, along one side."""
    heads = 8 * grid
    centres = (np.arange(first, heads, 2) + 0.5) / heads
    centres = start + zoom * (1 - centres if mirrored else centres)
    return np.clip(np.floor(centres * TRUTH), 0, TRUTH - 1).astype(np.int64)


def _cut_out(
    rgb: NDArray[np.uint8], left: float, top: float, zoom: float, side: int
) -> NDArray[np.uint8]:
    """A part of the picture, `side` pixels wide and high."""
    scale = zoom * PICTURE / side  # pixels of the picture to one of the result
    if scale == 1:
        return rgb
    if scale > 1.5:  # linear interpolation between two of the pixels would alias
        rgb = cv2.blur(rgb, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
        middle = 0.5
    else:
        middle = 0.0
    shift = np.array([left, top]) * PICTURE + 0.5 * scale - 0.5 - middle
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(rgb, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _developed(images: Tensor, rng: np.random.Generator) -> Tensor:
    """The pictures with other exposure, contrast, colour, sharpness and noise."""
    count = len(images)

    def draw(spread: float, channels: int = 1) -> Tensor:
        values = np.exp(rng.normal(0, spread, (count, channels, 1, 1)))
        return torch.from_numpy(values).float()

    images = images.clamp_min(1e-4) ** draw(0.15)
    images = images * draw(0.12) * draw(0.06, 3)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * draw(0.12)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * draw(0.2)
    soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    # Below 0 softer, above 0 sharper.
    amount = torch.from_numpy(rng.uniform(-0.7, 0.6, (count, 1, 1, 1))).float()
    images = images + amount * (images - soft)
    grain = torch.from_numpy(rng.standard_normal(images.shape, np.float32))
    images = images + 0.02 * float(rng.random()) * grain
    return images.clamp(0, 1)
