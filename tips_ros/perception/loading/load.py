# SPDX-License-Identifier: Apache-2.0
"""A model by name or directory, loaded."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import torch

from tips_ros.catalogue import MODELS, download_advice
from tips_ros.catalogue import Role as FileRole
from tips_ros.model.engines.select_backend import resolve_backend as chosen_backend
from tips_ros.model.fast import HEADS, Heads
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.loading.assembly import LoadedModel, TextTower, assemble, read_text
from tips_ros.perception.loading.backends import BACKENDS, Backend, predictor_by
from tips_ros.perception.loading.model_directory import (
    ModelDirectory,
    ModelNotFound,
    hub_snapshot,
    scan,
)
from tips_ros.perception.loading.precisions import (
    AUTO,
    PRECISIONS,
    choose_precision,
    precision_name,
)
from tips_ros.perception.predictor import Predictor
from tips_ros.progress import WorkProgress
from tips_ros.resources import demo_model, models_home

__all__ = [
    "LoadedModel",
    "ModelNotFound",
    "choose_device",
    "find_model",
    "load_model",
    "load_predictor",
    "load_text",
    "load_with_text",
]

logger = logging.getLogger(__name__)

DEMO = "demo"
_DELAY_S = 2.0  # before a bar comes: most models are read by then
_HUB, _DPT, _SCENIC = "google/", "-dpt", "-scenic"


def load_predictor(
    model: str = DEMO,
    *,
    device: str = "auto",
    precision: str = AUTO,
    input_size: tuple[int, int] | None = None,
    heads: Heads = "rewritten",
    backend: Backend = "auto",
) -> Predictor:
    """Loads a model and puts it on a device.

    Args:
        model: see `load_model`.
        device: as torch names it; `auto` is the GPU where there is one.
        precision: fp32, bf16, fp16, int8 (on a CPU), or `auto`: see `choose_precision`; a higher
            one where the model says something else in it.
        input_size: (h, w) the network is to see, instead of the model's own.
        heads: `rewritten` for the same maps, up to rounding, in less work (see `model.fast`), or
            `plain` as their files have them.
        backend: who computes the model: torch, graphs, compiled (by torch), openvino or
            onnxruntime; for `auto` see `resolve_backend`. What says something else than torch in
            fp32 is refused, and torch serves.

    Raises:
        ModelNotFound, CheckpointError: see `load_model`.
        ValueError: no such device, precision, heads or backend, one that is not installed, or a
            size the patches do not fill.
    """
    predictor, _ = _load(model, device, precision, input_size, heads, backend, with_text=False)
    return predictor


def load_with_text(
    model: str,
    *,
    device: str = "auto",
    precision: str = AUTO,
    input_size: tuple[int, int] | None = None,
    heads: Heads = "rewritten",
    backend: Backend = "auto",
) -> tuple[Predictor, TextEmbedder]:
    """Loads as `load_predictor` does, and the text encoder, which runs on the CPU in fp32.

    Raises:
        ModelNotFound: also where the text encoder or its tokenizer is missing.
        CheckpointError, TokenizerError, ValueError: see `load_model` and `load_predictor`.
    """
    predictor, text = _load(model, device, precision, input_size, heads, backend, with_text=True)
    assert text is not None
    return predictor, text


def load_text(model: str = DEMO) -> TextTower:
    """Only the text encoder and its tokenizer, on the CPU in fp32.

    Raises:
        ModelNotFound, CheckpointError, ModelSettingsError, TokenizerError: see `load_model`.
    """
    found, _ = find_model(model, with_text=True)
    return read_text(found)


def _load(
    model: str,
    device: str,
    precision: str,
    input_size: tuple[int, int] | None,
    heads: Heads,
    backend: Backend,
    *,
    with_text: bool,
) -> tuple[Predictor, TextEmbedder | None]:
    if heads not in HEADS:
        raise ValueError(f"heads {heads!r}: choose one of {', '.join(HEADS)}")
    if backend not in BACKENDS:
        raise ValueError(f"backend {backend!r}: choose one of {', '.join(BACKENDS)}")
    chosen = choose_device(device)
    asked, precision = precision, choose_precision(precision, chosen, backend)
    with WorkProgress(f"reading model {model}", delay_s=_DELAY_S):
        loaded = load_model(model, with_text=with_text)
    predictor = predictor_by(
        backend,
        loaded,
        device=chosen,
        dtype=PRECISIONS[precision],
        input_size=input_size,
        heads=heads,
    )
    logger.info(
        "model %s: TIPS %s with heads %s (%s), computed by %s in %s on %s",
        model,
        loaded.description.variant,
        ", ".join(predictor.description.heads) or "none",
        heads,
        predictor.backend,
        precision_name(predictor.precision),
        chosen,
    )
    if asked == AUTO and predictor.backend == chosen_backend(backend, predictor.device):
        predictor.backend_note = ""  # a precision that the model doesn't bear is logged; none asked
    return predictor, loaded.text


def choose_device(device: str) -> str:
    """`auto` → what is there; anything else is checked. ValueError names the fix."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device {device!r}: name one as torch does: auto, cpu, cuda:0") from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device {device!r}: this torch sees no CUDA GPU; use device auto or cpu, "
            "or install a CUDA build of torch"
        )
    return device


def load_model(model: str = DEMO, *, with_text: bool = False) -> LoadedModel:
    """Loads a model.

    Args:
        model: `demo`, the small one that comes along; the name of a released model
            (`tipsv2-b14`, …), which is looked up in `models_home()`; `google/tipsv2-…`, in the
            Hugging Face Hub's local cache; or a directory that holds official files, a Hugging
            Face model, or files that its `model.yaml` names.
        with_text: also the text encoder and its tokenizer.

    Raises:
        ModelNotFound: no such name or directory, or files are missing.
        CheckpointError, ModelSettingsError, TokenizerError: a file that can't be used.
    """
    found, variant = find_model(model, with_text=with_text)
    return assemble(model, found, variant=variant, with_text=with_text)


def find_model(model: str = DEMO, *, with_text: bool = False) -> tuple[ModelDirectory, str | None]:
    """Finds a model's files, and the variant that they must hold; only names are looked at.

    Args:
        model: see `load_model`.
        with_text: a released model must have the text encoder and its tokenizer, too.

    Raises:
        ModelNotFound, ModelSettingsError: see `load_model`.
    """
    if model == DEMO:
        return scan(demo_model()), None
    if model.removesuffix(_SCENIC) in MODELS:
        return _find_download(model, with_text), _variant(model)
    if model.startswith(_HUB):
        return _find_in_hub(model), None
    directory = Path(model).expanduser()
    if directory.is_dir():
        return scan(directory), None
    raise ModelNotFound(
        f"no model {model!r}: name {DEMO}, {', '.join(MODELS)}, or a directory that exists"
    )


def _find_download(name: str, with_text: bool) -> ModelDirectory:
    """A released model's directory; ModelNotFound with the download command otherwise."""
    home = models_home() / name
    if not home.is_dir():
        raise ModelNotFound(_advice(name))
    found = scan(home)
    wanted = {file.role for file in MODELS[name.removesuffix(_SCENIC)].files()}
    if not with_text:
        wanted -= {"text", "tokenizer"}
    present = {*found.files, *(("tokenizer",) if found.tokenizer else ())}
    if not found.hugging_face and (missing := wanted - present):
        raise ModelNotFound(_advice(name, missing))
    return found


def _advice(name: str, missing: Collection[FileRole] | None = None) -> str:
    advice = download_advice(name.removesuffix(_SCENIC), missing)
    return f"{advice}, with --format scenic" if name.endswith(_SCENIC) else advice


def _variant(name: str) -> str:
    """`tipsv2-so400m14` → SO400m."""
    size = name.split("-")[1].removesuffix("14")
    return {"so400m": "SO400m", "g": "g"}.get(size, size.upper())


def _find_in_hub(name: str) -> ModelDirectory:
    """A Hub model's directory in the local cache, with the other half of it where that is there."""
    snapshot = hub_snapshot(name)
    if snapshot is None:
        raise ModelNotFound(download_advice(name))
    found = scan(snapshot)
    # Towers and heads are two repositories: `google/tipsv2-b14` and `google/tipsv2-b14-dpt`.
    other = hub_snapshot(name.removesuffix(_DPT) if name.endswith(_DPT) else name + _DPT)
    if other is None:
        return found
    second = scan(other)
    return replace(
        found,
        hugging_face=(*found.hugging_face, *second.hugging_face),
        tokenizer=found.tokenizer or second.tokenizer,
    )
