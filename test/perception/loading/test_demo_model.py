# SPDX-License-Identifier: Apache-2.0
"""The model that comes with the package: whole, small, and a directory like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.loading.assembly import LoadedModel
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.predictor import Predictor
from tips_ros.resources import demo_model


@pytest.fixture(scope="module")
def demo() -> LoadedModel:
    return load_model("demo", with_text=True)


def test_it_is_loaded_unless_another_one_is_named():
    assert load_model().description.name == "demo"


def test_it_has_all_heads_and_a_text_encoder(demo: LoadedModel):
    assert demo.tips.head_names == ("depth", "normals", "segmentation")
    assert demo.text is not None
    assert demo.text.embed(["a chair"]).shape == (1, demo.description.vit.width)
    assert demo.description.temperature is not None


def test_it_does_not_call_itself_untrained(demo: LoadedModel):
    assert demo.description.trained


def test_its_weights_are_no_more_than_12_mb():
    assert (demo_model() / "model.safetensors").stat().st_size <= 12_000_000


def test_its_classes_have_the_names_and_ids_of_ade20k_s(demo: LoadedModel):
    names = ade20k().by_id()
    assert len(demo.description.classes) == 23
    for class_id, name in demo.description.classes.by_id().items():
        assert names[class_id] == name


def test_it_labels_with_these_ids(demo: LoadedModel):
    rgb = np.random.RandomState(1).randint(0, 256, (30, 40, 3)).astype(np.uint8)
    labels = Predictor(demo.tips, demo.description).predict(rgb, ["semantic"]).labels
    assert labels is not None
    assert set(np.unique(labels).tolist()) <= set(demo.description.classes.ids)


def test_a_copy_of_its_directory_is_the_same_model(demo: LoadedModel, tmp_path: Path):
    copy = shutil.copytree(demo_model(), tmp_path / "copy")
    description = load_model(str(copy)).description
    assert description.classes == demo.description.classes
    assert description.bins == demo.description.bins
