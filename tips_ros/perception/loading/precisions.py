# SPDX-License-Identifier: Apache-2.0
"""Number formats, and the one that a device is fastest in."""

from __future__ import annotations

import torch

from tips_ros.model.fast.onednn import bf16_is_fast
from tips_ros.model.precisions import FLOATS, PRECISIONS, precision_name

__all__ = ["AUTO", "FLOATS", "PRECISIONS", "PRECISION_NAMES", "choose_precision", "precision_name"]

AUTO = "auto"
PRECISION_NAMES = (AUTO, *PRECISIONS)

_AMPERE, _VOLTA = 8, 7  # compute capabilities: matrix units with bf16, and with fp16 alone


def choose_precision(precision: str, device: str, backend: str = "auto") -> str:
    """`auto` → by the hardware and who computes on it; anything else is checked.

    Where a GPU has matrix units or a CPU instructions for it, that is bf16, whose range is fp32's,
    so that nothing overflows; on a GPU that has them for fp16 alone it is fp16; elsewhere fp32, and
    for ONNX Runtime on a CPU, which knows nothing lower there.

    Args:
        precision: one of `PRECISION_NAMES`.
        device: as torch names it, and there.
        backend: who is to compute.

    Raises:
        ValueError: none of them.
    """
    if precision not in PRECISION_NAMES:
        raise ValueError(f"precision {precision!r}: choose one of {', '.join(PRECISION_NAMES)}")
    if precision != AUTO:
        return precision
    if torch.device(device).type == "cpu":
        if backend == "onnxruntime":
            return "fp32"
        return "bf16" if bf16_is_fast() else "fp32"
    if torch.device(device).type != "cuda":
        return "fp32"
    major, _ = torch.cuda.get_device_capability(device)
    if major >= _AMPERE:
        return "bf16"
    return "fp16" if major >= _VOLTA else "fp32"
