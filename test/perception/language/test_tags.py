# SPDX-License-Identifier: Apache-2.0
"""One image's features against texts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tips_ros.model.vit import ImageFeatures, PatchGrid
from tips_ros.perception.language.tags import rank_tags, unit_embedding

GRID = PatchGrid(2, 3)
WIDTH = 8


def features(values: bool = True) -> ImageFeatures:
    generator = torch.Generator().manual_seed(1)
    patches = torch.randn(1, 6, WIDTH, generator=generator)
    cls, second = torch.randn(2, 1, WIDTH, generator=generator)
    return ImageFeatures(cls, second, patches, GRID, (), patches if values else None)


def test_the_text_along_the_first_cls_token_is_the_best_tag():
    seen = features()
    texts = torch.stack([-seen.cls_token[0], seen.second_cls_token[0], 3 * seen.cls_token[0]])
    tags = rank_tags(seen, ["against", "second", "along"], texts, temperature=0.1)
    assert [tag.text for tag in tags] == ["along", "second", "against"]
    assert tags[0].cosine == pytest.approx(1) and tags[2].cosine == pytest.approx(-1)
    assert sum(tag.probability or 0 for tag in tags) == pytest.approx(1)


def test_without_a_temperature_there_are_no_probabilities():
    tags = rank_tags(features(), ["a"], torch.ones(1, WIDTH), temperature=None)
    assert tags[0].probability is None


def test_an_embedding_has_unit_length_unless_it_is_next_to_nothing():
    """As in the reference's inference scripts: the norm is at least 1e-3."""
    np.testing.assert_allclose(unit_embedding(torch.tensor([[3.0, 4.0]])), [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(unit_embedding(torch.tensor([3e-4, 4e-4])), [0.3, 0.4], rtol=1e-5)
    assert unit_embedding(torch.ones(3, dtype=torch.bfloat16)).dtype == np.float32
