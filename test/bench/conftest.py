# SPDX-License-Identifier: Apache-2.0
"""A model with random weights that is quick everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tips_ros.bench.cases import Case
from tips_ros.bench.models import predictor_of, random_model
from tips_ros.model.variants import VitConfig
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.loading.assembly import LoadedModel
from tips_ros.perception.predictor import Predictor

SMALL = VitConfig(width=64, depth=4, heads=4, ffn="mlp", ffn_hidden=256, pos_grid=4)
CLASSES = ClassList(("wall", "floor", "chair", "table", "lamp"))


@pytest.fixture
def small_model() -> LoadedModel:
    """Random weights for three heads; the test may change it."""
    return random_model(SMALL, (0, 1, 2, 3), CLASSES, "random-small", "small", channels=16)


@pytest.fixture
def small_case() -> Case:
    return Case("random-small", image=(80, 60))


@pytest.fixture
def small_predictor(small_model: LoadedModel, small_case: Case) -> Predictor:
    return predictor_of(small_model, small_case, torch.device("cpu"))


@pytest.fixture
def picture() -> np.ndarray:
    """(H, W, 3) RGB with something in it."""
    ramp = np.linspace(0, 255, 90, dtype=np.uint8)
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[..., 0], picture[..., 1] = ramp, 255 - ramp
    picture[20:50, 30:60] = 40, 200, 90
    return picture
