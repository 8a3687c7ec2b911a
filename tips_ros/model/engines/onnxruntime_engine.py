# SPDX-License-Identifier: Apache-2.0
"""A part run by ONNX Runtime: on the CPU, by CUDA, or by TensorRT."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tips_ros.libraries import pip_install
from tips_ros.model.engines.engine import EngineUnavailable

TENSORRT, CUDA, CPU = (
    f"{name}ExecutionProvider" for name in ("Tensorrt", "CUDA", "CPU")
)  # as ONNX Runtime names them
Provider = tuple[str, dict[str, Any]]
_LIBRARIES = {TENSORRT: "TensorRT", CUDA: "CUDA and cuDNN of the versions it was built for"}
_NO_WARNINGS = 3  # such as of nodes that run on the CPU beside a GPU


class OnnxRuntimeEngine:
    """One session. Calls from several threads are served one by one."""

    def __init__(
        self,
        file: Path,
        providers: Sequence[Provider],
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Compiles a graph, which with TensorRT takes minutes.

        Args:
            file: see `onnx_file`; may be deleted afterwards.
            providers: see `providers_for`.
            device: where inputs are, and outputs will be.
            dtype: that the graph's products have.

        Raises:
            EngineUnavailable: ONNX Runtime would run it by another provider than was asked for, on
                the processor or in another precision, of which it only warns.
        """
        ort = import_onnxruntime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = _NO_WARNINGS
        # Else a call that fails is made again by a slower provider, from then on.
        self._session = ort.InferenceSession(
            file, options, providers=list(providers), enable_fallback=0
        )
        refuse_another_provider(self.provider, providers, dtype)
        self.precision = dtype  # the graph's own: no provider that was accepted changes it
        self._device = device
        self._lock = threading.Lock()

    @property
    def provider(self) -> str:
        """Name of the execution provider that runs the graph."""
        name: str = self._session.get_providers()[0]
        return name

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Runs the graph, see `Engine`, on the device."""
        binding = self._session.io_binding()
        kept = [tensor.detach().contiguous() for tensor in inputs]
        shapes = [output.shape for output in self._session.get_outputs()]
        outputs = tuple(torch.empty(shape, device=self._device) for shape in shapes)
        for inward, tensor in zip(self._session.get_inputs(), kept, strict=True):
            binding.bind_input(inward.name, *self._place(tensor))
        for outward, tensor in zip(self._session.get_outputs(), outputs, strict=True):
            binding.bind_output(outward.name, *self._place(tensor))
        if self._device.type == "cuda":  # the session has a stream of its own
            torch.cuda.current_stream(self._device).synchronize()
        with self._lock:
            self._session.run_with_iobinding(binding)
        return outputs

    def _place(self, tensor: Tensor) -> tuple[str, int, type, tuple[int, ...], int]:
        """Arguments of an IO binding: device and its number, element type, shape, address."""
        index = self._device.index or 0
        return self._device.type, index, np.float32, tuple(tensor.shape), tensor.data_ptr()


def providers_for(device: torch.device, dtype: torch.dtype, cache: Path) -> list[Provider]:
    """Best first, of those that this ONNX Runtime has.

    Args:
        device: where the model is to run.
        dtype: of the graph's products; below fp32 TensorRT alone is trusted to have all of them.
        cache: where TensorRT keeps its engines; the folder belongs to one `Ingredients.key`.

    Raises:
        EngineUnavailable: none for the device, or for the precision.
    """
    there = import_onnxruntime().get_available_providers()
    providers: list[Provider] = []
    if device.type == "cuda":
        index = device.index or 0
        if TENSORRT in there:
            # No precision among them: the graph is typed, and ONNX Runtime has TensorRT keep to
            # its types where it is not told to lower them. TensorRT 11 knows nothing else.
            options: dict[str, Any] = {
                "device_id": index,
                "trt_engine_cache_enable": True,
                "trt_engine_cache_path": str(cache),
                "trt_timing_cache_enable": True,
                "trt_timing_cache_path": str(cache),
            }
            providers.append((TENSORRT, options))
        if CUDA in there:
            providers.append((CUDA, {"device_id": index, "use_tf32": False}))
        if not providers:
            raise EngineUnavailable(
                f"backend onnxruntime: this one has no provider for {device} "
                f"({', '.join(there)}); {pip_install('onnxruntime-gpu')}, or use backend auto or "
                "torch"
            )
    if dtype != torch.float32 and not (providers and providers[0][0] == TENSORRT):
        raise EngineUnavailable(
            "backend onnxruntime: lower precision is TensorRT's alone, which is not here; "
            "use precision fp32, or backend auto or torch"
        )
    return [*providers, (CPU, {})]


def refuse_another_provider(
    started: str, asked: Sequence[Provider], dtype: torch.dtype = torch.float32
) -> None:
    """Refuses a provider that is there instead of the one that was asked for.

    ONNX Runtime lists providers whose libraries are missing, and goes on without them. In fp32 CUDA
    may take TensorRT's place: it computes the same, and what serves is told.

    Raises:
        EngineUnavailable: it is the CPU instead of a GPU, or the precision would be another.
    """
    wanted = [name for name, _ in asked]
    if started == wanted[0] or (started != CPU and dtype == torch.float32 and started in wanted):
        return
    raise EngineUnavailable(
        f"backend onnxruntime: {wanted[0]} did not start, and {started} would serve in its place; "
        f"install its libraries ({_LIBRARIES.get(wanted[0], 'see ONNX Runtime')}), or use backend "
        "auto or torch"
    )


def import_onnxruntime() -> ModuleType:
    """The package.

    Raises:
        EngineUnavailable: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineUnavailable(
            f"backend onnxruntime: not here ({error}); "
            f"{pip_install('onnxruntime', 'onnxscript')}, or use backend auto or torch"
        ) from error
    module: ModuleType = onnxruntime
    return module
