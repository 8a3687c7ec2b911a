# SPDX-License-Identifier: Apache-2.0
"""Half precision where the processor is made for it and a measurement says that it is faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

import torch

Precision = Literal["fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def may_use_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices itself: AVX512-BF16, AMX, or a GPU's cores."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def casting(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Within it the matrix products are in this precision; sums and losses stay fp32."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)  # type: ignore[return-value]


def faster_precision(
    work: Callable[[Precision], object], device: torch.device, rounds: int = 3
) -> Precision:
    """The precision in which `work` takes less time; fp32 where the device has no bf16.

    Time is the processor's own on a CPU, so that other programs do not decide.
    """
    if not may_use_bf16(device):
        return "fp32"
    taken = {precision: min(_seconds(work, precision, device) for _ in range(rounds))
             for precision in PRECISIONS}  # fmt: skip
    return "bf16" if taken["bf16"] < 0.95 * taken["fp32"] else "fp32"


def _seconds(
    work: Callable[[Precision], object], precision: Precision, device: torch.device
) -> float:
    if device.type != "cuda":
        start = time.process_time()
        work(precision)
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    work(precision)
    torch.cuda.synchronize()
    return time.perf_counter() - start
