# SPDX-License-Identifier: Apache-2.0
"""A model's weights under the names of the Hub's files: what `hugging_face` reads, written."""

from __future__ import annotations

import re

from torch import Tensor

from tips_ros.model.tips import HeadName, Tips

_HEAD_RENAMES = (
    (r"^dpt\.reassemble\.(\d)\.readout\.", r"reassemble.readout_projects.\1."),
    (r"^dpt\.reassemble\.(\d)\.projection\.", r"reassemble.out_projections.\1."),
    (r"^dpt\.reassemble\.(\d)\.resize\.", r"reassemble.resize_layers.\1."),
    (r"^dpt\.fusions\.(\d)\.unit\.", r"fusion_blocks.\1.main_unit."),
    (r"^dpt\.fusions\.(\d)\.skip_unit\.", r"fusion_blocks.\1.residual_unit."),
    (r"^dpt\.fusions\.", "fusion_blocks."),
    (r"^dpt\.", ""),
)


def hub_tensors(tips: Tips) -> dict[str, Tensor]:
    """The image encoder's and the heads' tensors, not copied; heads as they were loaded."""
    tensors = {f"vision_encoder.{n}": t for n, t in tips.backbone.state_dict().items()}
    for role in tips.head_names:
        for name, tensor in getattr(tips, role).state_dict().items():
            hub_name, as_there = _head_tensor(role, name, tensor)
            tensors[hub_name] = as_there
    return tensors


def _head_tensor(role: HeadName, name: str, tensor: Tensor) -> tuple[str, Tensor]:
    """A head's tensor with its name; the last layer, a 1×1 convolution here, is a Linear there."""
    if name.startswith("head."):
        linear = tensor[:, :, 0, 0] if tensor.ndim == 4 else tensor
        return f"{role}_head.{role}_{name}", linear
    for pattern, replacement in _HEAD_RENAMES:
        name, count = re.subn(pattern, replacement, name, count=1)
        if count:
            break
    return f"{role}_head.{name}", tensor
