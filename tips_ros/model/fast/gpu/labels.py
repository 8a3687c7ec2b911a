# SPDX-License-Identifier: Apache-2.0
"""The label map of a frame by Triton: the bytes of the logits in, two bytes a pixel out."""

from __future__ import annotations

from types import ModuleType

import torch
from torch import Tensor

from tips_ros.model.fast.gpu.kernels import run_kernel

_PIXELS, _CLASSES = 32, 32  # of a program at a time


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
    shares = logits.new_empty((3, pixels), dtype=torch.float32)
    lead = logits.new_empty(pixels, dtype=torch.int32)
    labels = logits.new_empty((b, *size), dtype=torch.uint8)
    confidence = torch.empty_like(labels)
    of_both = {"PIXELS": _PIXELS, "CLASSES": _CLASSES}
    kernels.summarise_kernel[(-(-pixels // _PIXELS),)](
        logits, shares, lead, pixels, w, h * w, k, *strides, **of_both
    )
    kernels.label_kernel[(b * size[0], -(-size[1] // _PIXELS))](
        logits, shares, lead, labels, confidence, pixels, h, w, h * w, *size, k, *strides, **of_both
    )
    return labels, confidence
