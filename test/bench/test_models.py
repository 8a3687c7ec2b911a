# SPDX-License-Identifier: Apache-2.0
"""Models without weights have the released sizes, and never pass for trained ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tips_ros.bench.models import model_named, predictor_of, random_names
from tips_ros.model.variants import VARIANTS
from tips_ros.perception.loading.model_directory import ModelNotFound


def test_every_released_size_has_a_name():
    names = random_names()
    assert list(names) == [
        "random-s14",
        "random-b14",
        "random-l14",
        "random-so400m14",
        "random-g14",
    ]
    assert tuple(names.values()) == VARIANTS


@pytest.mark.slow
def test_random_weights_are_called_so(small_model):
    assert not small_model.description.trained
    assert small_model.description.heads == ("depth", "normals", "segmentation")


@pytest.mark.slow
def test_random_weights_keep_numbers_in_bounds_and_pictures_apart(small_predictor, picture):
    one, other = (small_predictor.predict(p) for p in (picture, picture[::-1].copy()))
    for array in (one.depth_m, one.normals, one.confidence):
        assert np.isfinite(array).all()
    assert one.depth_m.std() > 0 and not np.allclose(one.depth_m, other.depth_m)
    assert len(np.unique(one.labels)) > 1


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(ModelNotFound, match="random-b14, random-l14"):
        model_named("random-x14")


def test_a_released_model_that_is_not_here_points_to_random_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path))
    with pytest.raises(ModelNotFound, match="or measure random-b14"):
        model_named("tipsv2-b14")


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 40])
def test_a_head_is_cut_or_stretched_to_the_classes_asked_for(count, small_case, picture):
    own = model_named("demo")
    before = own.tips.segmentation.head.weight.clone()
    resized = model_named("demo", count)
    assert len(resized.description.classes) == count
    weight = resized.tips.segmentation.head.weight
    assert weight.shape[0] == count
    torch.testing.assert_close(weight[:3], before[:3])
    case = small_case.__class__(input_size=(56, 56))
    labels = predictor_of(resized, case, torch.device("cpu")).predict(picture).labels
    assert labels.max() < count
