# SPDX-License-Identifier: Apache-2.0
"""Bilinear ×2 and three taps along one axis, as small matrices."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=64)
def upsample_matrices(length: int, block: int, dtype: torch.dtype) -> Tensor:
    """Matrices that make the outputs of an axis from windows of its inputs.

    The axis has three maps, one for each tap of a kernel. All are upsampled ×2 with align_corners,
    shifted by −1, 0 and 1 and added; what comes from beyond the border is left out.

    Args:
        length: n inputs, 2·n outputs.
        block: inputs for which the outputs are made together.
        dtype: of the result, on the CPU.

    Returns:
        (blocks, 2·block, 3·(block + 2)): block b's outputs are those from 2·block·b on, made of
        positions block·b − 1 to block·b + block, three taps for each. Where one is no position or
        no output of the axis there are zeros.
    """
    count = -(-length // block)
    result = torch.zeros(count, 2 * block, block + 2, 3, dtype=torch.float64)
    for output in range(2 * length):
        b, place = divmod(output, 2 * block)
        for tap in range(3):
            upsampled = output + tap - 1
            if not 0 <= upsampled < 2 * length:
                continue
            source = upsampled * (length - 1) / (2 * length - 1)
            before = min(int(source), max(length - 2, 0))
            after = source - before
            for position, part in ((before, 1.0 - after), (before + 1, after)):
                if part:
                    result[b, place, position - block * b + 1, tap] += part
    return result.flatten(2).to(dtype)
