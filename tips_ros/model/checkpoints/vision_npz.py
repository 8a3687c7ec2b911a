# SPDX-License-Identifier: Apache-2.0
"""The official PyTorch image encoder checkpoints, `tips_*_vision.npz` (v1 and v2)."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from tips_ros.model.checkpoints.archive import Arrays, read_arrays
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.strict import as_tensor, build
from tips_ros.model.variants import Ffn, VitConfig, variant_of
from tips_ros.model.vit import VisionTransformer

# Stored beside the weights and used in pre-training only.
_IGNORED = frozenset({"mask_token"})


def load_backbone(
    path: Path, *, variant: str | None = None, heads: int | None = None
) -> VisionTransformer:
    """Loads the image encoder and recognises its variant.

    Args:
        path: the `.npz` file.
        variant: the variant it must be (S, B, L, SO400m, g); None accepts whichever it is.
        heads: attention heads, needed only for sizes that no released variant has, because no
            tensor's shape shows them.

    Raises:
        CheckpointError: not a TIPS image encoder, another variant, or a tensor that is unknown,
            missing or misshapen.
    """
    arrays = read_arrays(path)
    config = recognise(arrays, path, heads=heads)
    found = variant_of(config.width, config.depth, config.ffn, config.ffn_hidden)
    if variant is not None and (found is None or found.name != variant):
        raise CheckpointError(
            f"{path}: holds variant {found.name if found else 'of no released size'} "
            f"(width {config.width}, {config.depth} blocks), not {variant}; "
            "name the right file or the right model"
        )
    tensors = {name: as_tensor(array) for name, array in arrays.items() if name not in _IGNORED}
    return build(lambda: VisionTransformer(config), tensors, path)


def recognise(arrays: Arrays, path: Path, *, heads: int | None = None) -> VitConfig:
    """The configuration that the tensors' shapes tell of."""
    if "patch_embed.proj.weight" not in arrays:
        kind = "a text tower" if "token_embedding.weight" in arrays else "something else"
        raise CheckpointError(
            f"{path}: not a TIPS image encoder (there is no patch_embed.proj.weight; it looks "
            f"like {kind}); the file wanted is named tips_…_vision.npz"
        )
    width, _, patch, _ = _shape(arrays, "patch_embed.proj.weight", 4, path)
    depth = _block_count(arrays)
    if depth == 0:
        raise CheckpointError(f"{path}: missing tensor: blocks.0.*")
    ffn: Ffn = "swiglu" if "blocks.0.mlp.w12.weight" in arrays else "mlp"
    hidden_of = "blocks.0.mlp.w3.weight" if ffn == "swiglu" else "blocks.0.mlp.fc2.weight"
    _, ffn_hidden = _shape(arrays, hidden_of, 2, path)
    _, positions, _ = _shape(arrays, "pos_embed", 3, path)
    pos_grid = math.isqrt(positions - 1)
    if pos_grid**2 != positions - 1:
        raise CheckpointError(f"{path}: misshapen tensor: pos_embed covers no square grid")

    known = variant_of(width, depth, ffn, ffn_hidden)
    if known is None and heads is None:
        raise CheckpointError(
            f"{path}: width {width} with {depth} {ffn} blocks is no released variant; "
            "say how many attention heads it has"
        )
    count = heads if heads is not None else known.vit.heads if known else 0
    return VitConfig(width, depth, count, ffn, ffn_hidden, patch, pos_grid)


def _block_count(arrays: Arrays) -> int:
    indices = {int(m[1]) for name in arrays if (m := re.match(r"blocks\.(\d+)\.", name))}
    return max(indices, default=-1) + 1


def _shape(arrays: Arrays, name: str, ndim: int, path: Path) -> tuple[int, ...]:
    array: np.ndarray | None = arrays.get(name)
    if array is None:
        raise CheckpointError(f"{path}: missing tensor: {name}")
    if array.ndim != ndim:
        raise CheckpointError(f"{path}: misshapen tensor: {name} {array.shape}, not {ndim}-D")
    return array.shape
