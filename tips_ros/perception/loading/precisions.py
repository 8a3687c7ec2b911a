# SPDX-License-Identifier: Apache-2.0
"""Number formats by name, and the one that a device is fastest in."""

from __future__ import annotations

import torch

from tips_ros.model.fast.onednn import bf16_is_fast

AUTO = "auto"
FLOATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# In int8 the image encoder's linear layers are; see `model.fast.int8`.
PRECISIONS = {**FLOATS, "int8": torch.int8}
PRECISION_NAMES = (AUTO, *PRECISIONS)

_AMPERE, _VOLTA = 8, 7  # compute capabilities: matrix units with bf16, and with fp16 alone


def choose_precision(precision: str, device: str) -> str:
    """`auto` → by the hardware; anything else is checked.

    Where a GPU has matrix units or a CPU instructions for it, that is bf16, whose range is fp32's,
    so that nothing overflows; on a GPU that has them for fp16 alone it is fp16; elsewhere fp32.

    Args:
        precision: one of `PRECISION_NAMES`.
        device: as torch names it, and there.

    Raises:
        ValueError: none of them.
    """
    if precision not in PRECISION_NAMES:
        raise ValueError(f"precision {precision!r}: choose one of {', '.join(PRECISION_NAMES)}")
    if precision != AUTO:
        return precision
    if torch.device(device).type == "cpu":
        return "bf16" if bf16_is_fast() else "fp32"
    if torch.device(device).type != "cuda":
        return "fp32"
    major, _ = torch.cuda.get_device_capability(device)
    if major >= _AMPERE:
        return "bf16"
    return "fp16" if major >= _VOLTA else "fp32"


def precision_name(dtype: torch.dtype) -> str:
    """`torch.bfloat16` → `bf16`."""
    return next(name for name, known in PRECISIONS.items() if known == dtype)
