# SPDX-License-Identifier: Apache-2.0
"""Places that tests of engines compute at, and models that are small, or say something else."""

from __future__ import annotations

import copy

import torch

from tips_ros.model.engines import Target
from tips_ros.model.tips import Tips

CPU = torch.device("cpu")
EXACT = Target(CPU, torch.float32, (56, 56))
BF16 = Target(CPU, torch.bfloat16, (56, 56))


def with_only(tips: Tips, head: str) -> Tips:
    """A model that is quicker to build."""
    return Tips(tips.backbone, tips.taps, **{head: getattr(tips, head)})


def spoiled(tips: Tips) -> Tips:
    """Normals that are others."""
    wrong = copy.deepcopy(tips)
    assert wrong.normals is not None
    with torch.no_grad():
        wrong.normals.head.weight[0] *= 2
    return wrong
