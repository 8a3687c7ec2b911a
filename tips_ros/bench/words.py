# SPDX-License-Identifier: Apache-2.0
"""Prompts for a model that has no text encoder at hand: the image's own patches stand for them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.preprocess import network_input
from tips_ros.perception.semantic.label_space import LabelSpace, zero_shot_label_space

_TEMPERATURE = 0.005  # about that of the released models


def patch_label_space(predictor: Predictor, rgb: NDArray[np.uint8], count: int) -> LabelSpace:
    """`count` prompts whose embeddings are value features of patches all over the image.

    Per frame, words cost what their number costs: where their embeddings came from does not
    matter, and those of patches give a label map with regions in it, as words do.
    """
    x = network_input(rgb, predictor.input_size, predictor.device, predictor.dtype)
    with torch.inference_mode():
        values = predictor.model.backbone(x, (), value_features=True).value_features
    assert values is not None
    patches = values[0].float().cpu()  # (h·w, D)
    chosen = torch.linspace(0, len(patches) - 1, count).round().long()
    prompts = parse_prompts([f"patch {i}" for i in range(count)])
    temperature = predictor.description.temperature or _TEMPERATURE
    return zero_shot_label_space(prompts, patches[chosen].clone(), temperature)
