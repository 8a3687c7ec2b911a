# SPDX-License-Identifier: Apache-2.0
"""Number formats by name."""

from __future__ import annotations

import torch

FLOATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# In int8 the image encoder's linear layers are; see `model.fast.int8`.
PRECISIONS = {**FLOATS, "int8": torch.int8}


def precision_name(dtype: torch.dtype) -> str:
    """`torch.bfloat16` → `bf16`."""
    return next(name for name, known in PRECISIONS.items() if known == dtype)
