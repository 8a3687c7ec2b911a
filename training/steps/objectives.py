# SPDX-License-Identifier: Apache-2.0
"""The losses of the demo model: depth, normals, classes, and patches that match words."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.finetune.thinned_depth import decode_thinned, depth_and_spread
from tips_ros.model.heads import DenseHead
from tips_ros.model.tips import Tips
from tips_ros.model.vit import LayerFeatures
from training.frames.batches import Batch
from training.network.architecture import CLASSES

_FAR_M = 16.0
_WEIGHTS = {"depth": 2.0, "normals": 1.0, "classes": 0.5, "words": 0.35, "spread": 0.1}
_LEAST_SPREAD = 0.01  # of the bins, as a share of the depth: closer together counts for nothing
_MOST_WRONG = 1.0  # of ln depth: what is farther off says no more


class Losses(NamedTuple):
    """Means over a batch."""

    depth: Tensor  # |ln prediction − ln truth|
    normals: Tensor  # length of the difference of the unit vectors, 2 sin(angle / 2)
    classes: Tensor  # cross-entropy of the segmentation head, rare classes weigh more
    words: Tensor  # cross-entropy of patches against the embedded names of the classes
    spread: Tensor  # how badly the bins' spread tells the error of depth, 0 at best

    def total(self) -> Tensor:
        """Their weighted sum."""
        terms = [weight * getattr(self, name) for name, weight in _WEIGHTS.items()]
        return torch.stack(terms).sum()


def losses(
    tips: Tips, batch: Batch, embeddings: Tensor, log_scale: Tensor, class_weights: Tensor
) -> Losses:
    """One forward pass and what is wrong with it.

    The heads' last layers are evaluated at every second pixel only, where the batch has its truth.
    Whatever precision the products are in, depth and losses are summed up in fp32.

    Args:
        tips: the model, with all three heads.
        batch: B frames.
        embeddings: (K, D) one embedding of each class, normalised.
        log_scale: () logarithm of the factor on the cosines.
        class_weights: (K,) of the segmentation head's classes.
    """
    features = tips.backbone(batch.images, tips.taps, value_features=True)
    assert tips.depth is not None and tips.normals is not None and tips.segmentation is not None
    assert features.value_features is not None
    thinned = decode_thinned(tips.depth.dpt, features.layers, batch.offset)
    depth, spread = depth_and_spread(tips.depth, thinned)
    normals = F.normalize(_head(tips.normals, features.layers, batch.offset).float(), dim=1)
    logits = _head(tips.segmentation, features.layers, batch.offset).float()

    known = (batch.depth_m > 0.05) & (batch.depth_m < _FAR_M)
    wrong = (depth.clamp_min(1e-3).log() - batch.depth_m.clamp_min(1e-3).log()).abs()
    # Heads are trained on normals that point away from the camera, as the released ones are.
    apart = (normals + batch.normals).square().sum(dim=1).clamp_min(1e-6).sqrt()
    faced = batch.normals.square().sum(dim=1) > 0.5
    values = F.normalize(features.value_features.float(), dim=-1)
    cosines = (values @ embeddings.T).float()  # (B, h·w, K)
    return Losses(
        _mean(wrong, known),
        _mean(apart, faced),
        F.cross_entropy(logits, batch.classes, class_weights, ignore_index=255),
        _patch_loss(cosines * log_scale.exp(), batch.classes, class_weights),
        _mean(_surprise(wrong, spread / depth.detach().clamp_min(1e-3)), known),
    )


def _surprise(wrong: Tensor, spread: Tensor) -> Tensor:
    """−ln of Laplace's density at an error, less what it is at none and the least spread.

    It trains the spread alone, which costs least at √2 times the mean error of its pixels.
    """
    # Laplace's scale is its standard deviation / √2.
    times = spread.clamp_min(_LEAST_SPREAD) / _LEAST_SPREAD
    error = wrong.detach().clamp_max(_MOST_WRONG) * (2**0.5 / _LEAST_SPREAD)
    return times.log() + error / times


def _patch_loss(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy (B, h·w, K) against the share that each class has of a patch."""
    side = round(logits.shape[1] ** 0.5)
    block = classes.shape[1] // side
    each = torch.arange(len(CLASSES), device=classes.device)[:, None, None]
    shares = F.avg_pool2d((classes[:, None] == each).float(), block)  # (B, K, h, w)
    target = shares.flatten(2).transpose(1, 2) * weights  # (B, h·w, K)
    return -(target * logits.log_softmax(dim=-1)).sum() / target.sum().clamp_min(1)


def _head(head: DenseHead, layers: tuple[LayerFeatures, ...], offset: tuple[int, int]) -> Tensor:
    """The last layer, with outputs added that make them a multiple of 8, as matrix units want."""
    weight, bias = head.head.weight, head.head.bias
    assert bias is not None
    more = -len(bias) % 8
    weight, bias = F.pad(weight, (0, 0, 0, 0, 0, 0, 0, more)), F.pad(bias, (0, more))
    x = F.conv2d(decode_thinned(head.dpt, layers, offset), weight, bias)
    return x[:, : len(head.head.weight)]


def _mean(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum() / where.sum().clamp_min(1)
