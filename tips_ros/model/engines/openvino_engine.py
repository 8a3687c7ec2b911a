# SPDX-License-Identifier: Apache-2.0
"""A part run by OpenVINO, on the CPU."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from tips_ros.libraries import pip_install
from tips_ros.model.engines.engine import EngineUnavailable
from tips_ros.model.engines.export import export_graph, silence
from tips_ros.model.engines.model_graphs import ModelGraph

_HINTS = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}
_PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


class OpenVinoEngine:
    """One compiled graph. Calls from several threads are served one by one."""

    def __init__(self, graph: Any, dtype: torch.dtype) -> None:
        """Compiles a graph.

        Args:
            graph: an `openvino.Model`.
            dtype: what convolutions and matrix products are taken in, where the processor can;
                what follows the last of them, and what comes in and goes out, is fp32.
        """
        self._ov = import_openvino()
        settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[dtype],
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            # Two nodes on one machine would else have the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        compiled = self._ov.Core().compile_model(graph, "CPU", settings)
        self.precision = _precision_in(compiled)
        self._request = compiled.create_infer_request()
        self._shapes = [tuple(output.shape) for output in graph.outputs]
        self._lock = threading.Lock()

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Runs the graph, see `Engine`, on the CPU."""
        arrays = [tensor.detach().contiguous() for tensor in inputs]
        outputs = tuple(torch.empty(shape) for shape in self._shapes)
        with self._lock:
            for i, array in enumerate(arrays):
                self._request.set_input_tensor(i, self._share(array))
            for i, output in enumerate(outputs):
                self._request.set_output_tensor(i, self._share(output))
            self._request.infer()
        return outputs

    def _share(self, tensor: Tensor) -> Any:
        return self._ov.Tensor(tensor.numpy(), shared_memory=True)


def _precision_in(compiled: Any) -> torch.dtype:
    """The precision of a compiled graph's products: a hint is followed where the processor can."""
    told = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    return _PRECISIONS.get(told, torch.float32)


def openvino_graph(part: ModelGraph) -> Any:
    """The part as an `openvino.Model`."""
    import_openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder

    program = export_graph(part)
    frontend = FrontEndManager().load_by_framework("pytorch")
    # The door without `convert_model`, which reports its use to OpenVINO's makers.
    with torch.no_grad(), silence():
        decoder = TorchFXPythonDecoder.from_exported_program(program, dynamic_shapes=False)
        return frontend.convert(frontend.load(decoder))


def import_openvino() -> ModuleType:
    """The package, without the one through which it tells its makers of being imported.

    Raises:
        EngineUnavailable: it is not installed.
    """
    # None is how Python is told that a module can't be had; OpenVINO then does without.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise EngineUnavailable(
            f"backend openvino: not here ({error}); {pip_install('openvino')}, or use "
            "backend auto or torch"
        ) from error
    module: ModuleType = openvino
    return module
