# SPDX-License-Identifier: Apache-2.0
"""The label map of a frame by Triton: the bytes of the logits in, two bytes a pixel out."""

from __future__ import annotations

from types import ModuleType

import torch
from torch import Tensor

from tips_ros.model.fast.gpu.kernels import run_kernel

# Pixels, classes: of a program at a time; the fastest of those measured, docs/gpu.md.
SUMMARY_TILE, LABEL_TILE = (32, 32), (64, 32)


def labels_by_kernels(logits: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor] | None:
    """Labels and confidence (B, H, W) uint8 as `label_map_at` has them.

    Args:
        logits: (B, K, h, w) of any floating type, in any layout, on a GPU; at most 256 classes.
        size: (H, W).

    Returns:
        None where kernels can't be had, see `run_kernel`.
    """
    return run_kernel("label_kernels", logits, lambda of: launch_label_kernels(of, logits, size))


def launch_label_kernels(
    kernels: ModuleType, logits: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Runs the two kernels of a module `label_kernels`; for the rest see `labels_by_kernels`."""
    b, k, h, w = logits.shape
    pixels, strides = b * h * w, logits.stride()
    shares, lead = launch_summary(kernels, logits)
    labels = logits.new_empty((b, *size), dtype=torch.uint8)
    confidence = torch.empty_like(labels)
    at_once, of_classes = LABEL_TILE
    kernels.label_kernel[(b * size[0], -(-size[1] // at_once))](
        *(logits, shares, lead, labels, confidence, pixels, h, w, h * w, *size, k, *strides),
        FILLED=_is_filled(logits, of_classes),
        PIXELS=at_once,
        CLASSES=of_classes,
    )
    return labels, confidence


def launch_summary(kernels: ModuleType, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Shares (3, B·h·w) fp32 and leads (B·h·w,) int32 as `summarise_kernel` has them."""
    b, k, h, w = logits.shape
    pixels = b * h * w
    shares = logits.new_empty((3, pixels), dtype=torch.float32)
    lead = logits.new_empty(pixels, dtype=torch.int32)
    at_once, of_classes = SUMMARY_TILE
    kernels.summarise_kernel[(-(-pixels // at_once),)](
        *(logits, shares, lead, pixels, w, h * w, k, *logits.stride()),
        PIXELS=at_once,
        CLASSES=of_classes,
    )
    return shares, lead


def largest_share(logits: Tensor) -> Tensor | None:
    """The likeliest class's share of the softmax (B, 1, h, w) fp32; see `labels_by_kernels`."""
    b, _, h, w = logits.shape

    def launch(kernels: ModuleType) -> Tensor:
        return launch_summary(kernels, logits)[0][0].view(b, 1, h, w)

    return run_kernel("label_kernels", logits, launch)


def _is_filled(logits: Tensor, multiple: int) -> bool:
    """True if something can be read behind the classes of each pixel, up to a multiple."""
    b, k, h, w = logits.shape
    by_image, by_class, by_row, by_column = logits.stride()
    filled = -(-k // multiple) * multiple
    last = (b - 1) * by_image + (h - 1) * by_row + (w - 1) * by_column
    held = logits.untyped_storage().nbytes() // logits.element_size() - logits.storage_offset()
    return by_class == 1 and by_column >= filled and last + filled <= held
