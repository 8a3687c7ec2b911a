# SPDX-License-Identifier: Apache-2.0
"""The choice of what computes a model: torch, or an engine whose outputs agree with torch's."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import torch

from tips_ros.model.engines import onnxruntime_engine, openvino_engine
from tips_ros.model.engines.cache_key import key_ingredients
from tips_ros.model.engines.compiled_engine import CompiledEngine
from tips_ros.model.engines.engine import Engine, EngineUnavailable
from tips_ros.model.engines.engine_model import build_engine_model
from tips_ros.model.engines.export import onnx_file
from tips_ros.model.engines.model_graphs import ModelGraph, model_graphs
from tips_ros.model.engines.parity import Parity, check_parity
from tips_ros.model.fast.int8 import dtype_beside_int8, int8_is_there
from tips_ros.model.precisions import precision_name
from tips_ros.model.tips import Tips
from tips_ros.progress import WorkProgress

Backend = Literal["auto", "torch", "graphs", "compiled", "openvino", "onnxruntime"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
InTorch = Callable[[torch.dtype], Tips]
Built = tuple[str, Engine]  # a part's name, and what runs it
_DELAY_S = 2.0  # before a bar comes: most models are there by then


class Target(NamedTuple):
    """Device, precision and input size that a model is to run with."""

    device: torch.device
    dtype: torch.dtype  # the precision asked for; int8 is torch's on a CPU
    input_size: tuple[int, int]  # (h, w) in pixels


class BackendChoice(NamedTuple):
    """A model that may serve."""

    tips: Tips  # to be moved to the device, in `dtype`
    dtype: torch.dtype  # of images and of what torch computes
    precision: torch.dtype  # of what serves: that, or the engine's
    backend: Backend  # who computes it; never auto
    note: str = ""  # why it is not as asked for; empty where it is


def select_backend(
    plain: Tips, in_torch: InTorch, backend: Backend, target: Target, cache: Path | None = None
) -> BackendChoice:
    """The model as it may serve. What is no fp32 of torch's is compared with that first.

    An engine that can't be built, or says something else than torch, is refused: torch serves,
    and the note tells why. So is lower precision in torch: then the next higher one serves.

    Args:
        plain: as it was loaded, on the CPU in fp32; what is exported, and compared with.
        in_torch: the same as torch computes it best in a precision, not yet moved; it may share
            tensors with `plain`, which is not to be used any more afterwards.
        backend: who is to compute it; see `resolve_backend`.
        target: where and how.
        cache: folder for engines that take minutes to build (TensorRT's); none are kept if None.

    Raises:
        EngineUnavailable: the backend named is not installed, or can't run there or in int8.
    """
    name = resolve_backend(backend, target.device)
    if name == "torch":
        return _choose_precision(plain, in_torch, target)
    if name == "graphs":
        if target.device.type != "cuda":
            raise EngineUnavailable(
                f"backend graphs: CUDA graphs run on an NVIDIA GPU, not on {target.device}; use "
                "device cuda, or backend auto or torch"
            )
        # Torch's own steps, recorded; each recording is compared with them when it is made.
        return _choose_precision(plain, in_torch, target)._replace(backend=name)
    if target.dtype == torch.int8:
        raise EngineUnavailable(
            f"backend {name}: no precision int8; use backend auto or torch, or another precision"
        )
    # It stays on the CPU: what shares its tensors is gone before it is moved.
    other_sizes = in_torch(torch.float32)
    work = f"building engines ({name}, {precision_name(target.dtype)})"
    try:
        parts = model_graphs(plain, target.input_size)
        # One more unit: what compiles at its first call does so where it is compared.
        with WorkProgress(work, len(parts) + 1, "part", delay_s=_DELAY_S) as progress:
            engines = dict(_BUILDERS[name](plain, _report_parts(parts, progress), target, cache))
            candidate = build_engine_model(other_sizes, engines, target.input_size)
            progress.note("comparing with torch")
            verdict = check_parity(
                candidate, _copy_to(plain, target.device), target.input_size, target.dtype
            )
        refused = _refusal(verdict, target)
    except EngineUnavailable:
        raise
    except Exception as error:  # whatever a converter, a compiler or a graph stumbles over
        said = " ".join(str(error).split())[:200]
        refused = f"can't be built: {type(error).__name__}: {said}"
    if refused is None:
        precision, note = _precision_of(engines, target.dtype)
        return BackendChoice(candidate, torch.float32, precision, name, note)
    instead = _choose_precision(plain, in_torch, target)
    note = f"{name} refused, torch serves instead ({refused})"
    return instead._replace(note="; ".join(filter(None, [note, instead.note])))


def _refusal(verdict: Parity, target: Target) -> str | None:
    """Words for a comparison that failed; None for one that did not."""
    if verdict.passed:
        return None
    told = f"says something else than torch: {verdict.reason}"
    if target.dtype == torch.float32 and target.device.type == "cuda":
        told += (
            "; where a GPU rounds products of fp32 to TF32, NVIDIA_TF32_OVERRIDE=0 in the "
            "environment makes them exact"
        )
    return told


def _precision_of(engines: Mapping[str, Engine], asked: torch.dtype) -> tuple[torch.dtype, str]:
    """The widest precision that engines compute in, and a note where that is not as asked."""
    real_by_part = {part: engine.precision for part, engine in engines.items()}
    others = {part: real for part, real in real_by_part.items() if real != asked}
    if not others:
        return asked, ""
    real = max(others.values(), key=lambda found: (found.itemsize, precision_name(found)))
    parts = "" if len(others) == len(engines) else f" ({', '.join(others)})"
    return real, f"{precision_name(asked)} is not computed here, {precision_name(real)} is{parts}"


def resolve_backend(backend: Backend, device: torch.device) -> Backend:
    """`auto` → who is fastest there; anything else stays as it is.

    On a GPU that is torch whose steps are recorded, frame by frame, each recording compared with
    what was recorded: engines take from half a minute to minutes to be built, and are for those who
    name them. On a CPU it is torch, with B/14 and three heads on a processor with AVX-512 and bf16:
    OpenVINO takes 6 % more time in fp32 and 10 % more in bf16, ONNX Runtime 9 % more, compiled by
    torch 14 % more.
    """
    if backend != "auto":
        return backend
    return "graphs" if device.type == "cuda" else "torch"


def _report_parts(parts: Sequence[ModelGraph], progress: WorkProgress) -> Iterator[ModelGraph]:
    """The parts one by one; each is done when the next one is asked for."""
    for part in parts:
        progress.note(part.name)
        yield part
        progress.update()


def _choose_precision(plain: Tips, in_torch: InTorch, target: Target) -> BackendChoice:
    """Chooses the lowest precision that passes the comparison, from the one asked for on."""
    notes: list[str] = []
    precisions = _precisions_to_try(target)
    for precision, instead in zip(precisions, precisions[1:], strict=False):
        refused = _unavailable_reason(precision, target.device)
        if refused is None:
            dtype = dtype_beside_int8() if precision == torch.int8 else precision
            lower = copy.deepcopy(in_torch(precision)).to(target.device, dtype)
            reference = _copy_to(plain, target.device)
            with WorkProgress(f"comparing {precision_name(precision)} with fp32", delay_s=_DELAY_S):
                verdict = check_parity(lower, reference, target.input_size, precision)
            if verdict.passed:
                return BackendChoice(lower, dtype, precision, "torch", "; ".join(notes))
            refused = verdict.reason
        below, above = precision_name(precision), precision_name(instead)
        notes.append(f"{below} refused, {above} serves instead ({refused})")
    return BackendChoice(
        in_torch(torch.float32), torch.float32, torch.float32, "torch", "; ".join(notes)
    )


def _precisions_to_try(target: Target) -> list[torch.dtype]:
    """The precisions to try, the last of which needs no trust."""
    above = [torch.float32]
    if target.dtype == torch.float32:
        return above
    if target.dtype == torch.int8 and dtype_beside_int8() != torch.float32:
        above = [dtype_beside_int8(), *above]
    return [target.dtype, *above]


def _unavailable_reason(precision: torch.dtype, device: torch.device) -> str | None:
    """Reason why a precision is not available on this device; None where it is."""
    if precision != torch.int8 or (device.type == "cpu" and int8_is_there()):
        return None
    return "it wants a CPU with AVX-512 VNNI, and torch 2.4 or newer"


def _copy_to(tips: Tips, device: torch.device) -> Tips:
    """The same there: itself, or a copy."""
    return tips if device.type == "cpu" else copy.deepcopy(tips).to(device)


def _build_compiled(
    plain: Tips, parts: Iterable[ModelGraph], target: Target, cache: Path | None
) -> Iterator[Built]:
    del plain, cache  # torch keeps one of its own
    for part in parts:
        yield part.name, CompiledEngine(part, target.device, target.dtype)


def _build_openvino(
    plain: Tips, parts: Iterable[ModelGraph], target: Target, cache: Path | None
) -> Iterator[Built]:
    del plain, cache  # it compiles in seconds
    openvino_engine.import_openvino()
    if target.device.type != "cpu":
        raise EngineUnavailable(
            f"backend openvino: runs on the CPU, not on {target.device}; use device cpu, or "
            "backend auto or torch"
        )
    for part in parts:
        graph = openvino_engine.openvino_graph(part)
        yield part.name, openvino_engine.OpenVinoEngine(graph, target.dtype)


def _build_onnxruntime(
    plain: Tips, parts: Iterable[ModelGraph], target: Target, cache: Path | None
) -> Iterator[Built]:
    onnxruntime_engine.import_onnxruntime()
    with tempfile.TemporaryDirectory(prefix="tips_ros-engines-") as folder:
        kept = Path(folder)
        if cache is not None and target.device.type == "cuda":
            kept = cache / key_ingredients(plain, *target).key()
            kept.mkdir(parents=True, exist_ok=True)
        providers = onnxruntime_engine.providers_for(target.device, target.dtype, kept)
        for part in parts:
            device, dtype, _ = target
            file = onnx_file(part, Path(folder), dtype)
            engine = onnxruntime_engine.OnnxRuntimeEngine(file, providers, device, dtype)
            yield part.name, engine


_BUILDERS: dict[
    Backend, Callable[[Tips, Iterable[ModelGraph], Target, Path | None], Iterator[Built]]
] = {
    "compiled": _build_compiled,
    "openvino": _build_openvino,
    "onnxruntime": _build_onnxruntime,
}
