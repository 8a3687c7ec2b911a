# SPDX-License-Identifier: Apache-2.0
"""A loaded model → a predictor, computed by torch or by an engine that says what torch says."""

from __future__ import annotations

import logging

import torch

from tips_ros.model.engines import BACKENDS, Backend, Target, select_backend
from tips_ros.model.engines.parity import parity_image
from tips_ros.model.fast import Heads, rewrite_for
from tips_ros.model.fp16_range import fit_into_fp16
from tips_ros.model.tips import Tips
from tips_ros.perception.loading.assembly import LoadedModel
from tips_ros.perception.loading.warm_up import warm_up
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.preprocess import check_input_size
from tips_ros.resources import engine_cache

__all__ = ["BACKENDS", "Backend", "predictor_by"]

logger = logging.getLogger(__name__)

_FITTED_PX = 224  # each side at most of the picture by which maps are fitted into fp16


def fit_for_size(tips: Tips, input_size: tuple[int, int]) -> dict[str, int]:
    """Scales the maps of a model so that fp16 holds them; see `fit_into_fp16`.

    Args:
        tips: on the CPU in fp32.
        input_size: (h, w) that it will see; as much of it as it takes is computed here.
    """
    height, width = (min(side, _FITTED_PX) for side in input_size)
    return fit_into_fp16(tips, parity_image((height, width)))


def predictor_by(
    backend: Backend,
    loaded: LoadedModel,
    *,
    device: str,
    dtype: torch.dtype,
    input_size: tuple[int, int] | None,
    heads: Heads = "rewritten",
) -> Predictor:
    """Puts a model where it is to run. It is used up: its weights are moved.

    Args:
        backend: who is to compute it, see `model.engines.select_backend`.
        loaded: on the CPU in fp32.
        device: as torch names it.
        dtype: the precision; a higher one where it would say something else.
        input_size: (h, w) the network is to see, instead of the model's own.
        heads: see `load_predictor`.

    Raises:
        EngineUnavailable (a ValueError): the backend is not installed, or can't run there.
        ValueError: a size the patches do not fill, or plain heads in int8.
    """

    def in_torch(precision: torch.dtype) -> Tips:
        plain = heads == "plain"
        return loaded.tips if plain else rewrite_for(loaded.tips, device, precision)

    if heads == "plain" and dtype == torch.int8:
        raise ValueError(
            "heads plain: no precision int8; use heads rewritten, or another precision"
        )
    own = loaded.description.input_size
    size = input_size or own
    check_input_size(size, loaded.tips.backbone.config.patch, own)  # before it is computed with
    if dtype == torch.float16 and (shifts := fit_for_size(loaded.tips, size)):
        logger.info("maps of %s are scaled to fit into fp16", ", ".join(shifts))
    place = Target(torch.device(device), dtype, size)
    cache = engine_cache() if backend == "onnxruntime" else None
    found = select_backend(loaded.tips, in_torch, backend, place, cache)
    if place.device.type == "cuda":
        torch.cuda.empty_cache()  # the fp32 model that was compared with has gone: its room, too
    if found.note:
        logger.warning("%s", found.note)
    predictor = Predictor(
        found.tips,
        loaded.description,
        device=device,
        dtype=found.dtype,
        input_size=input_size,
        precision=found.precision,
        backend=found.backend,
        backend_note=found.note,
    )
    warm_up(predictor)
    return predictor
