# SPDX-License-Identifier: Apache-2.0
"""A whole image × text embeddings → which text fits."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def image_text_probabilities(
    cls_token: Tensor, text_embeddings: Tensor, temperature: float
) -> Tensor:
    """Computes which of T texts fits an image: softmax over the texts of cosine / temperature.

    Args:
        cls_token: (B, D), the first CLS token.
        text_embeddings: (T, D), normalised or not.
        temperature: the model's own, from the text encoder's checkpoint.

    Returns:
        (B, T) fp32, each row adds up to 1.
    """
    cosines = image_text_cosines(cls_token, text_embeddings)
    return torch.softmax(cosines / checked_temperature(temperature), dim=-1)


def image_text_cosines(cls_token: Tensor, text_embeddings: Tensor) -> Tensor:
    """(B, D) and (T, D), normalised or not → (B, T) fp32 cosines."""
    image = F.normalize(cls_token.float(), dim=-1)
    return image @ F.normalize(text_embeddings.float(), dim=-1).T


def checked_temperature(temperature: float) -> float:
    """The temperature itself; ValueError unless it is above 0 and finite."""
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature {temperature} must be above 0; the model's is about 0.005")
    return temperature
