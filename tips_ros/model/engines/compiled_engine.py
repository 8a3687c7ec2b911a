# SPDX-License-Identifier: Apache-2.0
"""A part compiled by torch itself: fused loops, and on a GPU one CUDA graph of all its kernels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tips_ros.model.engines.export import silence
from tips_ros.model.engines.model_graphs import ModelGraph
from tips_ros.model.engines.recording import Recording
from tips_ros.model.engines.typed_graphs import lower_module

_GRAPHS = 1000


class CompiledEngine:
    """One compiled graph."""

    def __init__(self, part: ModelGraph, device: torch.device, dtype: torch.dtype) -> None:
        """Compiles a part and runs it, which is when torch does the work.

        Args:
            part: on the CPU in fp32; it stays as it is.
            device: where it is to run.
            dtype: of weights and activations; sums of depth bins stay fp32.

        Raises:
            Exception: whatever stops torch's compiler, such as a missing C++ compiler.
        """
        import torch._dynamo  # takes over a second: for those who compile

        self.precision = dtype
        self._lowered = len(part.inputs) - part.wide
        module = lower_module(part.module, dtype, device=device)
        self._run = torch.compile(module, fullgraph=True, dynamic=False)
        self._recording: Recording | None = None
        inputs = self._lower([tensor.to(device) for tensor in part.inputs])
        # Heads share their code, and so do the models of a process; torch would give up after 8.
        several = torch._dynamo.config.patch(cache_size_limit=_GRAPHS)
        # A GPU's convolutions would round what is called fp32 to ten bits. Compiling fp32 for it
        # torch warns that products don't do so either, which is an error where warnings are.
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=dtype != torch.float32)
        with torch.inference_mode(), several, exact, silence():
            if device.type == "cuda":
                self._recording = Recording(self._run, inputs)
            else:
                self._run(*inputs)

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Runs the graph, see `Engine`, on the device."""
        if self._recording is not None:
            return self._recording(inputs)
        outputs = self._run(*self._lower(inputs))
        return tuple(output.to(torch.float32) for output in outputs)

    def _lower(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        lowered = [tensor.to(self.precision) for tensor in inputs[: self._lowered]]
        return [*lowered, *inputs[self._lowered :]]
