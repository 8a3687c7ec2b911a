# SPDX-License-Identifier: Apache-2.0
"""One image's features against texts: which tag fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.vit import ImageFeatures
from tips_ros.perception.language.image_text import image_text_cosines, image_text_probabilities

_LEAST_NORM = 1e-3  # the reference's: a shorter embedding is not blown up to unit length


class Tag(NamedTuple):
    """A text and how well it fits an image."""

    text: str
    cosine: float  # -1 to 1
    probability: float | None  # among the tags given; None where no temperature is known


@torch.inference_mode()
def rank_tags(
    features: ImageFeatures,
    texts: Sequence[str],
    text_embeddings: Tensor,
    temperature: float | None,
) -> list[Tag]:
    """The texts, best first, by the first CLS token of one image.

    Args:
        features: of a batch of one.
        texts: T of them.
        text_embeddings: (T, D).
        temperature: of the image-text softmax, if it is known.
    """
    cls_token = features.cls_token
    text = text_embeddings.to(cls_token.device)
    cosines = image_text_cosines(cls_token, text)[0].tolist()
    probabilities: list[float | None] = [None] * len(texts)
    if temperature is not None:
        probabilities = image_text_probabilities(cls_token, text, temperature)[0].tolist()
    tags = map(Tag, texts, cosines, probabilities)
    return sorted(tags, key=lambda tag: -tag.cosine)


def unit_embedding(embedding: Tensor) -> NDArray[np.float32]:
    """(1, D) or (D,) → (D,) of unit length, as Google's inference scripts write theirs."""
    x = embedding.detach().float().cpu().numpy().reshape(-1)
    unit: NDArray[np.float32] = x / np.linalg.norm(x).clip(min=_LEAST_NORM)
    return unit
