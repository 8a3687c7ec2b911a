# SPDX-License-Identifier: Apache-2.0
"""Parts → modules: sizes are read off the tensors, everything is checked, nothing is guessed."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from torch import Tensor

from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.strict import build
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.heads import DenseHead, DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.text import TextConfig, TextEncoder
from tips_ros.model.variants import Ffn, VitConfig, variant_of, variant_of_text
from tips_ros.model.vit import VisionTransformer


def build_backbone(
    part: CheckpointPart, *, variant: str | None = None, heads: int | None = None
) -> VisionTransformer:
    """The image encoder.

    Args:
        part: of role vision.
        variant: the variant it must be (S, B, L, SO400m, g); None accepts whichever it is.
        heads: attention heads, for sizes that no released variant has and formats that do not
            tell, because no tensor's shape shows them.

    Raises:
        CheckpointError: another variant, or a tensor that is unknown, missing or misshapen.
    """
    config = vit_config(part, heads=heads)
    found = variant_of(config.width, config.depth, config.ffn, config.ffn_hidden)
    if variant is not None and (found is None or found.name != variant):
        raise CheckpointError(
            f"{part.path}: holds variant {found.name if found else 'of no released size'} "
            f"(width {config.width}, {config.depth} blocks), not {variant}; "
            "name the right file or the right model"
        )
    return build(lambda: VisionTransformer(config), part.tensors, part.path)


def build_text_encoder(
    part: CheckpointPart, *, variant: str | None = None, heads: int | None = None
) -> TextEncoder:
    """The text encoder; arguments and errors as for `build_backbone`."""
    config = text_config(part, heads=heads)
    found = variant_of_text(config.width, config.depth, config.hidden)
    if variant is not None and (found is None or found.name != variant):
        raise CheckpointError(
            f"{part.path}: a text encoder of variant {found.name if found else 'of no released'} "
            f"(width {config.width}, {config.depth} blocks), not {variant}; "
            "take the one of the same model"
        )
    return build(lambda: TextEncoder(config), part.tensors, part.path)


def build_head(part: CheckpointPart, *, bins: DepthBins | None = None) -> DenseHead:
    """The DPT head that the part is.

    Args:
        part: of role depth, normals or segmentation.
        bins: depth range and activation instead of the format's own, for a depth head.

    Raises:
        CheckpointError: a tensor that is unknown, missing or misshapen.
    """
    width = _size(part, "dpt.reassemble.0.projection.weight", 4)[1]
    channels = _size(part, "dpt.project.weight", 4)[0]
    outputs = _size(part, "head.weight", 4)[0]
    if part.role == "depth":
        chosen = bins or part.metadata.bins or DepthBins()
        return build(lambda: DepthHead(width, channels, outputs, chosen), part.tensors, part.path)
    kind = NormalsHead if part.role == "normals" else SegmentationHead
    return build(lambda: kind(width, channels, outputs), part.tensors, part.path)


def vit_config(part: CheckpointPart, *, heads: int | None = None) -> VitConfig:
    """The image encoder's configuration, as the tensors' shapes tell it."""
    width, _, patch, _ = _size(part, "patch_embed.proj.weight", 4)
    depth = _blocks(part, "blocks")
    ffn: Ffn = "swiglu" if "blocks.0.mlp.w12.weight" in part.tensors else "mlp"
    last = "blocks.0.mlp.w3.weight" if ffn == "swiglu" else "blocks.0.mlp.fc2.weight"
    hidden = _size(part, last, 2)[1]
    positions = _size(part, "pos_embed", 3)[1]
    side = math.isqrt(max(positions - 1, 0))
    if side == 0 or side**2 != positions - 1:
        raise CheckpointError(f"{part.path}: misshapen tensor: pos_embed covers no square grid")
    known = variant_of(width, depth, ffn, hidden)
    count = _heads(part, heads, known.vit.heads if known else None, width)
    return VitConfig(width, depth, count, ffn, hidden, patch, side, part.metadata.gelu)


def text_config(part: CheckpointPart, *, heads: int | None = None) -> TextConfig:
    """The text encoder's configuration, as the tensors' shapes tell it."""
    vocabulary, width = _size(part, "token_embedding.weight", 2)
    depth = _blocks(part, "transformer.resblocks")
    hidden = _size(part, "transformer.resblocks.0.mlp.c_proj.weight", 2)[1]
    known = variant_of_text(width, depth, hidden)
    count = _heads(part, heads, known.text.heads if known else None, width)
    config = TextConfig(width, depth, count, hidden, vocabulary)
    return replace(config, norm_eps=part.metadata.text_norm_eps)


def _heads(part: CheckpointPart, asked: int | None, released: int | None, width: int) -> int:
    count = asked or part.metadata.heads or released
    if count is None:
        raise CheckpointError(
            f"{part.path}: width {width} is of no released variant; "
            "say how many attention heads it has"
        )
    if width % count:
        raise CheckpointError(f"{part.path}: {count} attention heads do not divide width {width}")
    return count


def _blocks(part: CheckpointPart, prefix: str) -> int:
    """Counts the blocks; a gap is refused, as a high number would cost memory."""
    pattern = re.compile(re.escape(prefix) + r"\.([0-9]{1,4})\.")
    indices = {int(m[1]) for name in part.tensors if (m := pattern.match(name))}
    if not indices or len(indices) <= max(indices):
        first = min(set(range(len(indices) + 1)) - indices)
        raise CheckpointError(f"{part.path}: missing tensor: {prefix}.{first}.*")
    return len(indices)


def _size(part: CheckpointPart, name: str, ndim: int) -> tuple[int, ...]:
    tensor: Tensor | None = part.tensors.get(name)
    if tensor is None:
        raise CheckpointError(f"{part.path}: missing tensor: {name}")
    if tensor.ndim != ndim or tensor.numel() == 0:
        shape = tuple(tensor.shape)
        wanted = f"not {ndim}-D" if tensor.ndim != ndim else "nothing in it"
        raise CheckpointError(f"{part.path}: misshapen tensor: {name} {shape}, {wanted}")
    return tuple(tensor.shape)
