# SPDX-License-Identifier: Apache-2.0
"""All kernels of a function in one CUDA graph: asked for in one step instead of hundreds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

_WARM_UPS = 3  # in which compilers compile and libraries choose: none of that may be recorded


class Recording:
    """A function recorded once, for one shape of its inputs, and played on any stream.

    torch.compile has a mode that does this, but it belongs to the thread that compiled, and records
    anew for each order in which graphs follow each other. Calls from several threads are served one
    by one, on the device, too: they share the memory that the graph reads and writes.
    """

    def __init__(
        self,
        function: Callable[..., tuple[Tensor, ...]],
        inputs: Sequence[Tensor],
        *,
        pool: Any = None,
        dtype: torch.dtype | None = torch.float32,
    ) -> None:
        """Runs the function and records it.

        Args:
            function: asks the GPU for work, always for the same, and waits for nothing.
            inputs: on the GPU; their shapes and dtypes are those of the recording.
            pool: of `torch.cuda.graph_pool_handle`, for memory shared with other recordings, of
                which no two may be played at the same time.
            dtype: of what calls return; as the function makes it if None.

        Raises:
            Exception: whatever the function fails with, or does that can't be recorded.
        """
        self._device, self._dtype = inputs[0].device, dtype
        self._lock = threading.Lock()
        self._inputs = [tensor.clone() for tensor in inputs]
        stream = torch.cuda.Stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):
                function(*self._inputs)
        self._graph = torch.cuda.CUDAGraph()
        # What other threads ask of the GPU meanwhile is no part of it, and no error.
        with torch.cuda.graph(
            self._graph, pool=pool, stream=stream, capture_error_mode="thread_local"
        ):
            self._outputs = function(*self._inputs)
        self._played = stream.record_event()

    @torch.inference_mode()
    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Inputs in any dtype → outputs in memory that is the caller's; on this stream.

        Inputs may lie in pinned memory of the host: then they are uploaded to where they are read.
        """
        with self._lock:
            stream = torch.cuda.current_stream(self._device)
            stream.wait_event(self._played)
            for own, given in zip(self._inputs, inputs, strict=True):
                own.copy_(given, non_blocking=True)
            self._graph.replay()
            outputs = tuple(
                output.to(self._dtype or output.dtype, copy=True) for output in self._outputs
            )
            self._played = stream.record_event()
        return outputs
