# SPDX-License-Identifier: Apache-2.0
"""A part compiled by torch itself: fused loops, and on a GPU one CUDA graph of all its kernels."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from tips_ros.model.engines.parts import Part

_GRAPHS = 1000


class CompiledEngine:
    """One compiled graph."""

    def __init__(self, part: Part, device: torch.device, dtype: torch.dtype) -> None:
        """Compiles a part and runs it once, which is when torch does the work.

        Args:
            part: on the CPU in fp32; it is copied.
            device: where it is to run.
            dtype: of weights and activations; sums of depth bins stay fp32.

        Raises:
            Exception: whatever stops torch's compiler, such as a missing C++ compiler.
        """
        import torch._dynamo  # takes over a second: for those who compile

        self._device, self._dtype = device, dtype
        module = copy.deepcopy(part.module).to(device, dtype)
        # Launching hundreds of small kernels takes a GPU's host longer than the GPU needs for them.
        mode = "reduce-overhead" if device.type == "cuda" else "default"
        self._run = torch.compile(module, fullgraph=True, dynamic=False, mode=mode)
        # Heads share their code, and so do the models of a process; torch would give up after 8.
        with torch.inference_mode(), torch._dynamo.config.patch(recompile_limit=_GRAPHS):
            self(part.inputs)

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """As of `Engine`, on the device."""
        outputs = self._run(*(tensor.to(self._device, self._dtype) for tensor in inputs))
        # A CUDA graph writes its outputs to the same memory every time.
        return tuple(output.to(torch.float32, copy=True) for output in outputs)
