# SPDX-License-Identifier: Apache-2.0
"""A part as a graph that others can read."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from tips_ros.libraries import pip_install
from tips_ros.model.engines.engine import EngineUnavailable
from tips_ros.model.engines.model_graphs import ModelGraph
from tips_ros.model.engines.typed_graphs import type_graph

# Of torch's exporter the oldest; before 22 a convolution takes no bf16.
_OPSET, _OPSETS = 18, {torch.bfloat16: 22}
_EXPORTERS = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir", "onnxruntime")


def export_graph(part: ModelGraph) -> ExportedProgram:
    """The part's graph as torch sees it, with its weights; nothing is computed."""
    with torch.no_grad(), silence():
        return torch.export.export(part.module.eval(), part.inputs, strict=False)


def onnx_file(
    part: ModelGraph,
    folder: Path,
    dtype: torch.dtype = torch.float32,
    names: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> Path:
    """Writes the part's graph as ONNX, its weights beside it where they are large.

    Args:
        part: in fp32.
        folder: where the file is to be.
        dtype: of the products in it, see `type_graph`; inputs and outputs are fp32.
        names: of inputs and outputs; those of torch's choice if empty.

    Raises:
        EngineUnavailable: what writes ONNX is not installed.
    """
    file, program = folder / f"{part.name}.onnx", export_graph(type_graph(part, dtype))
    opset = _OPSETS.get(dtype, _OPSET)
    try:
        with torch.no_grad(), silence():
            inputs, outputs = (list(of) or None for of in names)
            written = torch.onnx.export(
                program,
                (),
                dynamo=True,
                verbose=False,
                opset_version=opset,
                input_names=inputs,
                output_names=outputs,
            )
            assert written is not None
            if not hasattr(written, "optimize"):
                _finish(written.model, opset)
            written.save(file, external_data=True)
    except ImportError as error:
        raise EngineUnavailable(
            f"torch can't write ONNX here ({error}): {pip_install('onnxscript')}"
        ) from error
    return file


def _finish(model: Any, opset: int) -> None:
    """Does what torch 2.5 leaves undone: it folds nothing, and writes opset 18 always."""
    from onnxscript import optimizer, version_converter

    optimizer.optimize(model)
    version_converter.convert_version(model, opset)


@contextmanager
def silence() -> Iterator[None]:
    """Converters warn of what they find in their own code, and of libraries that we don't use."""
    logging.getLogger().addFilter(_is_error)  # what is logged without a logger, and that alone
    loggers = [logging.getLogger(name) for name in _EXPORTERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        logging.getLogger().removeFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR
