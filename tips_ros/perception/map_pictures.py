# SPDX-License-Identifier: Apache-2.0
"""Depth, normals and label maps as colour pictures for people, (H, W, 3) uint8 RGB."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED

Picture: TypeAlias = NDArray[np.uint8]

MOST_UNSURE = 0.5  # σ / depth at the end of the colours, the same in all pictures


def depth_picture(
    depth_m: NDArray[Any], max_depth_m: float | None = None, min_depth_m: float = 0.0
) -> Picture:
    """Near is warm (red), far is cool (blue); invalid pixels are black.

    Args:
        depth_m: (H, W) floating metres; NaN, infinite, zero and negative are invalid.
        max_depth_m: where the colours end; farther is shown as this. Give one to keep the colours
            of successive frames comparable; None takes `depth_limit_m` of this image.
        min_depth_m: where the colours begin.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    if max_depth_m is None:
        max_depth_m = depth_limit_m(depth_m)
    depth = np.ascontiguousarray(depth_m, np.float32)
    limits = np.finfo(np.float32)
    valid = cv2.inRange(depth, (float(limits.tiny),), (float(limits.max),))
    # Index 255 is nearest, 1 farthest; 0 is kept for "invalid". The half makes the cast round.
    per_metre = 254.0 / max(max_depth_m - min_depth_m, 1e-6)
    index = 255.5 - np.clip((depth - np.float32(min_depth_m)) * np.float32(per_metre), 0.0, 254.0)
    shade = np.zeros(depth.shape, np.uint8)
    with np.errstate(invalid="ignore"):  # the cast of NaN; those pixels are not copied
        cv2.copyTo(index.astype(np.uint8), valid, shade)
    return _look_up(shade, depth_colors())


def depth_limit_m(depth_m: NDArray[Any]) -> float:
    """A robust far end: the 98th percentile of the valid depths, metres; 1.0 when there is none."""
    sample = depth_m[::4, ::4] if depth_m.size > 40_000 else depth_m
    valid = sample[np.isfinite(sample) & (sample > 0)]
    return float(np.percentile(valid, 98)) if valid.size else 1.0


def deviation_picture(stddev_m: NDArray[Any], depth_m: NDArray[Any]) -> Picture:
    """Deviation over depth: dark is sure, bright is `MOST_UNSURE` or more; invalid black.

    Args:
        stddev_m: (H, W) floating metres; NaN where there is none.
        depth_m: (H, W), what it is the deviation of.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(stddev_m, np.float32) / np.asarray(depth_m, np.float32)
    valid = np.isfinite(share) & (share > 0)
    index = 1.5 + np.clip(np.where(valid, share, 0.0) * np.float32(254.0 / MOST_UNSURE), 0.0, 254.0)
    return _look_up(np.where(valid, index, 0).astype(np.uint8), deviation_colors())


def normals_picture(normals: NDArray[np.float32]) -> Picture:
    """The usual colours of normals: right is red, up is green, toward the camera is blue.

    Convention: normals in the optical frame (x right, y down, z forward), facing the camera; each
    of x, -y, -z goes from [-1, 1] to [0, 255]. A wall seen head-on is (128, 128, 255).

    Args:
        normals: (H, W, 3) float32 unit vectors; NaN is shown black.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    to_color = np.array(
        [[127.5, 0, 0, 127.5], [0, -127.5, 0, 127.5], [0, 0, -127.5, 127.5]], np.float32
    )
    colors = cv2.transform(np.ascontiguousarray(normals, np.float32), to_color)
    cv2.patchNaNs(colors, 0.0)
    return _picture(cv2.convertScaleAbs(colors))


def overlay(rgb: Picture, labels: Picture, palette: Picture, alpha: float = 0.5) -> Picture:
    """A label map laid over its image; unlabelled (255) pixels show the image alone.

    Args:
        rgb: (H, W, 3) uint8.
        labels: (H, W) uint8 class ids.
        palette: (256, 3) uint8 RGB, one colour per id.
        alpha: share of the label's colour, 0..1.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: the sizes differ.
    """
    if labels.shape != rgb.shape[:2]:
        raise ValueError(f"labels are {labels.shape} but the image {rgb.shape[:2]}; resize one")
    image = np.ascontiguousarray(rgb)
    label_map = np.ascontiguousarray(labels)
    blended = cv2.addWeighted(image, 1.0 - alpha, _look_up(label_map, palette), alpha, 0.0)
    unlabelled = (label_map == UNLABELLED).view(np.uint8)
    return _picture(cv2.copyTo(image, unlabelled, blended))


def _look_up(index: Picture, colors: Picture) -> Picture:
    """Look each (H, W) byte up in a (256, 3) table."""
    # applyColorMap copies the table's channels in the order they have: RGB in, RGB out.
    return _picture(cv2.applyColorMap(index, np.ascontiguousarray(colors).reshape(256, 1, 3)))


def _picture(array: Any) -> Picture:
    return np.asarray(array, dtype=np.uint8)


@lru_cache(maxsize=1)
def depth_colors() -> Picture:
    """The colours of `depth_picture`, (256, 3) RGB: 255 nearest, 1 farthest, 0 invalid (black)."""
    # The ends of the map are nearly black and would read as "invalid": use its middle.
    ramp = np.linspace(12, 243, 255).round().astype(np.uint8)[:, None]
    colors = np.zeros((256, 3), np.uint8)
    colors[1:] = cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO)[:, 0, ::-1]
    return colors


@lru_cache(maxsize=1)
def deviation_colors() -> Picture:
    """The colours of `deviation_picture`, (256, 3) RGB: 1 surest, 255 least sure, 0 invalid."""
    # Nearly black would read as "invalid".
    ramp = np.linspace(40, 255, 255).round().astype(np.uint8)[:, None]
    colors = np.zeros((256, 3), np.uint8)
    colors[1:] = cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0, ::-1]
    return colors
