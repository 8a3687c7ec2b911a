# SPDX-License-Identifier: Apache-2.0
"""The identity of the image encoder that features are of: those of another mean nothing to it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from tips_ros.model.tips import Tips

_OF_EACH = 32  # numbers of each of some weights
_TOLERANCE = 0.02  # half precision rounds by less

# Weights that no engine, number format or rewriting for speed takes away.
_WEIGHTS = ("pos_embed", "cls_token", "norm.weight", "norm.bias")


class ModelIdentity(NamedTuple):
    """An image encoder, recognised whatever format its files have and whoever computes it.

    Attributes:
        name: of the model, for people.
        width: of its features.
        fingerprint: some of its weights.
    """

    name: str
    width: int
    fingerprint: tuple[float, ...]

    def is_same(self, other: ModelIdentity) -> bool:
        """Whether features of both can be compared."""
        if self.width != other.width or len(self.fingerprint) != len(other.fingerprint):
            return False
        mine, its = np.array(self.fingerprint), np.array(other.fingerprint)
        scale = np.maximum(np.abs(mine), np.abs(mine).mean())
        return bool((np.abs(mine - its) <= _TOLERANCE * scale).all())


def identity_of(tips: Tips, name: str) -> ModelIdentity:
    """The identity of a model.

    Args:
        tips: the network, in whatever number format.
        name: of the model.
    """
    backbone: Any = tips.backbone
    backbone = getattr(backbone, "in_torch", backbone)
    numbers: list[float] = []
    for path in _WEIGHTS:
        weight: Any = backbone
        for part in path.split("."):
            weight = getattr(weight, part)
        flat = weight.detach().flatten()
        chosen = torch.linspace(0, len(flat) - 1, _OF_EACH).long()
        numbers += flat[chosen.to(flat.device)].float().cpu().tolist()
    return ModelIdentity(name, int(backbone.config.width), tuple(numbers))
