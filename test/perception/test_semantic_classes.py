# SPDX-License-Identifier: Apache-2.0
"""Which classes are published: the model's own, or some of them under chosen names."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.class_lists import ClassList
from tips_ros.perception.semantic_classes import PromptError, chosen_classes, own_classes

OWN = ClassList(("wall", "floor", "chair", "armchair", "Table lamp"))
LABELS = np.array([[0, 1, 2], [3, 4, 0]], np.uint8)
SURE = np.full((2, 3), 255, np.uint8)


def test_the_model_s_own_classes_are_published_as_they_are():
    semantic = own_classes(OWN)
    assert semantic.source == "model" and semantic.classes is OWN
    np.testing.assert_array_equal(semantic.publish(LABELS, SURE), LABELS)


def test_chosen_classes_get_ids_in_their_order_and_the_rest_is_unlabelled():
    semantic = chosen_classes(OWN, ["floor", "wall"])
    assert semantic.classes.names == ("floor", "wall") and semantic.source == "prompts"
    ids = semantic.publish(LABELS, SURE)
    np.testing.assert_array_equal(ids, [[1, 0, 255], [255, 255, 1]])
    assert ids.dtype == np.uint8


def test_ids_that_are_no_positions_are_published_as_they_are_and_chosen_by_name():
    own = ClassList(("wall", "floor", "bed"), (0, 3, 7))
    ids = np.array([[0, 3, 7]], np.uint8)
    sure = np.array([[255, 255, 0]], np.uint8)
    np.testing.assert_array_equal(own_classes(own).publish(ids, sure), ids)
    some = chosen_classes(own, ["furniture: bed", "floor"])
    np.testing.assert_array_equal(some.publish(ids, sure), [[255, 1, 0]])
    surer = chosen_classes(own, ["bed", "wall"], threshold=0.5)
    np.testing.assert_array_equal(surer.publish(ids, sure), [[1, 255, 255]])


def test_synonyms_are_merged_into_one_class():
    semantic = chosen_classes(OWN, ["seat: chair | armchair", "light: table LAMP"])
    assert semantic.classes.names == ("seat", "light")
    np.testing.assert_array_equal(semantic.publish(LABELS, SURE), [[255, 255, 0], [0, 1, 255]])


def test_what_is_less_sure_than_the_threshold_is_unlabelled():
    semantic = chosen_classes(OWN, list(OWN.names), threshold=0.5)
    confidence = np.array([[127, 128, 129], [0, 255, 128]], np.uint8)
    ids = semantic.publish(LABELS, confidence)
    np.testing.assert_array_equal(ids, [[255, 1, 2], [255, 4, 0]])


def test_publishing_does_not_change_the_prediction():
    labels = LABELS.copy()
    chosen_classes(OWN, ["floor"], threshold=0.9).publish(labels, np.zeros_like(labels))
    np.testing.assert_array_equal(labels, LABELS)


def test_background_classes_stay_unlabelled():
    ids = chosen_classes(OWN, ["chair"], background=["wall", "floor"]).publish(LABELS, SURE)
    np.testing.assert_array_equal(ids, [[255, 255, 0], [255, 255, 255]])


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        ([], "at least one name"),
        (["sofa"], "'sofa' is none of this model's 5 own classes"),
        (["seat: chair | stool"], "'stool' is none of"),
        ([""], "empty name"),
        ([":chair"], "empty name"),
        (["seat: chair |"], "empty name"),
        (["seat:"], "empty name"),
        (["wall", "Wall"], "stands at 0 and at 1"),
        (["seat: chair", "chair"], "'chair' stands for 'seat' already"),
        (["seat: chair | Chair"], "stands for 'seat' already"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused(prompts: list[str], message: str):
    with pytest.raises(PromptError, match=message):
        chosen_classes(OWN, prompts)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float):
    with pytest.raises(PromptError, match="must be between 0 and 1"):
        chosen_classes(OWN, ["wall"], threshold=threshold)


def test_an_unknown_background_class_is_refused():
    with pytest.raises(PromptError, match="'sky' is none of"):
        chosen_classes(OWN, ["wall"], background=["sky"])
