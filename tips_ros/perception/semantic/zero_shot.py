# SPDX-License-Identifier: Apache-2.0
"""Image features × text embeddings → classes that no head was trained for."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.language.image_text import check_temperature
from tips_ros.perception.semantic.label_map import LabelMap
from tips_ros.perception.semantic.segmentation import label_map_at


def cosine_map(value_features: Tensor, grid: tuple[int, int], class_embeddings: Tensor) -> Tensor:
    """Computes the cosine of each patch and each class.

    Args:
        value_features: (B, h·w, D), row by row, any precision.
        grid: (h, w).
        class_embeddings: (K, D).

    Returns:
        (B, K, h, w) fp32 cosines, −1 to 1, channels last in memory as `label_map_at` likes it.
    """
    patches = F.normalize(value_features.float(), dim=-1)
    cosines = patches @ F.normalize(class_embeddings.float(), dim=-1).T  # (B, h·w, K)
    return cosines.unflatten(1, tuple(grid)).permute(0, 3, 1, 2)


def zero_shot_label_map(cosines: Tensor, size: tuple[int, int], temperature: float) -> LabelMap:
    """Upsamples cosines (B, K, h, w) bilinearly to (H, W) and takes the best class.

    The labels don't depend on the temperature. The confidence does: it is the margin of the label
    over the second by softmax(cosine / temperature) among these K classes. The released models'
    temperature is what contrastive training made of whole images and their captions; on patches
    nobody calibrated it. The demo model's was trained on patches.

    Args:
        cosines: see `cosine_map`.
        size: (H, W).
        temperature: the model's own, from the text encoder's checkpoint (about 0.005).
    """
    return label_map_at(cosines / check_temperature(temperature), size)
