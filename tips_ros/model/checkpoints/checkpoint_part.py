# SPDX-License-Identifier: Apache-2.0
"""The parts of a model that a checkpoint file holds, in this package's names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from torch import Tensor

from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.variants import Gelu

Role = Literal["vision", "text", "depth", "normals", "segmentation"]
ROLES: tuple[Role, ...] = get_args(Role)
Origin = Literal["PyTorch", "Scenic", "Flax DPT", "Hugging Face"]

# What each role is called to the user, and the official name of a file that holds it.
SPOKEN: dict[Role, str] = {
    "vision": "a TIPS image encoder",
    "text": "a TIPS text encoder",
    "depth": "a DPT depth head",
    "normals": "a DPT normals head",
    "segmentation": "a DPT segmentation head",
}
FILE_NAMED: dict[Role, str] = {
    "vision": "tips_…_vision.npz",
    "text": "tips_…_text.npz",
    "depth": "tips_v2_…_depth_dpt.zip",
    "normals": "tips_v2_…_normals_dpt.zip",
    "segmentation": "tips_v2_…_segmentation_dpt.zip",
}


@dataclass(frozen=True)
class Metadata:
    """Facts about a part that its format or side files state and its tensors' shapes don't.

    Attributes:
        heads: attention heads.
        gelu: of the image encoder's MLP.
        text_norm_eps: of the text encoder's LayerNorms.
        taps: blocks that the heads read, 0-based.
        bins: how depth logits become metres.
        temperature: of the image-text softmax.
        class_names: of the segmentation head.
    """

    heads: int | None = None
    gelu: Gelu = "erf"
    text_norm_eps: float = 1e-5
    taps: tuple[int, ...] | None = None
    bins: DepthBins | None = None
    temperature: float | None = None
    class_names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class CheckpointPart:
    """One tower or head.

    Attributes:
        role: which.
        tensors: by this package's parameter names, in its layouts.
        path: the file they came from.
        origin: the format of that file.
        metadata: what else is known.
    """

    role: Role
    tensors: dict[str, Tensor] = field(repr=False)
    path: Path
    origin: Origin
    metadata: Metadata = Metadata()


def select_part(parts: list[CheckpointPart], role: Role, path: Path) -> CheckpointPart:
    """The part of this role; CheckpointError when the file holds something else."""
    for part in parts:
        if part.role == role:
            return part
    found = " and ".join(SPOKEN[part.role] for part in parts) or "other parts of a model"
    raise CheckpointError(
        f"{path}: not {SPOKEN[role]}: it holds {found}; the file wanted is named {FILE_NAMED[role]}"
    )
