# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files → modules. Foreign names are mapped here, once, strictly; no pickle is read."""

from pathlib import Path

from tips_ros.model.checkpoints.builders import build_backbone, build_head, build_text_encoder
from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart, Metadata, Role, select_part
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.read import read_checkpoint, read_temperature
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.heads import DenseHead
from tips_ros.model.text import TextEncoder
from tips_ros.model.tips import HeadName
from tips_ros.model.vit import VisionTransformer

__all__ = [
    "CheckpointError",
    "Metadata",
    "CheckpointPart",
    "Role",
    "build_backbone",
    "build_head",
    "build_text_encoder",
    "load_backbone",
    "load_dpt_head",
    "load_text_encoder",
    "select_part",
    "read_checkpoint",
    "read_temperature",
]


def load_backbone(
    path: Path, *, variant: str | None = None, heads: int | None = None
) -> VisionTransformer:
    """The image encoder in a file of any format; see `build_backbone`."""
    part = select_part(read_checkpoint(path), "vision", path)
    return build_backbone(part, variant=variant, heads=heads)


def load_text_encoder(
    path: Path, *, variant: str | None = None, heads: int | None = None
) -> TextEncoder:
    """The text encoder in a file of any format; see `build_text_encoder`."""
    part = select_part(read_checkpoint(path), "text", path)
    return build_text_encoder(part, variant=variant, heads=heads)


def load_dpt_head(
    path: Path, head: HeadName | None = None, *, bins: DepthBins | None = None
) -> DenseHead:
    """The DPT head in a file of any format; which one may be left open where it holds one."""
    parts = read_checkpoint(path)
    if head is not None:
        return build_head(select_part(parts, head, path), bins=bins)
    heads = [part for part in parts if part.role not in ("vision", "text")]
    if len(heads) != 1:
        raise CheckpointError(
            f"{path}: not a DPT head: it holds {', '.join(part.role for part in parts)}; the file "
            "wanted is named tips_v2_…_dpt.zip"
        )
    return build_head(heads[0], bins=bins)
