# SPDX-License-Identifier: Apache-2.0
"""The official PyTorch checkpoints, `tips_*_vision.npz` and `tips_*_text.npz` (v1 and v2).

Their names are this package's names.
"""

from __future__ import annotations

from pathlib import Path

from tips_ros.model.checkpoints.archive import Arrays
from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart, Metadata
from tips_ros.model.checkpoints.strict import as_tensor

_VISION_MARKS = ("patch_embed.proj.weight", "pos_embed")
_TEXT_MARKS = ("token_embedding.weight", "ln_final.weight")
# Stored beside the image encoder and used in pre-training only.
_UNUSED = frozenset({"mask_token"})
TEMPERATURES = ("temperature", "temperature_contrastive", "contrastive_loss_temperature")


def is_pytorch(arrays: Arrays) -> bool:
    """Whether these are the names of an official PyTorch checkpoint."""
    return any(mark in arrays for mark in (*_VISION_MARKS, *_TEXT_MARKS))


def pytorch_part(arrays: Arrays, path: Path) -> CheckpointPart:
    """An image or a text encoder; arrays are let go one by one as they are converted."""
    if any(mark in arrays for mark in _VISION_MARKS):
        kept = {n: as_tensor(arrays.pop(n)) for n in list(arrays) if n not in _UNUSED}
        return CheckpointPart("vision", kept, path, "PyTorch")
    temperature = temperature_of(arrays)
    kept = {n: as_tensor(arrays.pop(n)) for n in list(arrays) if n not in TEMPERATURES}
    return CheckpointPart("text", kept, path, "PyTorch", Metadata(temperature=temperature))


def temperature_of(arrays: Arrays) -> float | None:
    """The temperature stored beside a text encoder, or None."""
    for name in TEMPERATURES:
        if name in arrays and arrays[name].size == 1:
            return float(arrays[name].reshape(()))
    return None
