# SPDX-License-Identifier: Apache-2.0
"""Published classes: the model's own, some of them by other names, or any words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompts import PromptError, parse_prompts
from tips_ros.perception.semantic.label_space import (
    LabelSpace,
    head_label_space,
    model_label_space,
    zero_shot_label_space,
)

OWN = ClassList(("wall", "floor", "chair", "armchair", "Table lamp"), (0, 3, 7, 9, 11))


def ids(label_space: LabelSpace, outputs: int = 5) -> list[int]:
    return label_space.id_of_output[:outputs].tolist()


def test_the_model_s_own_classes_keep_their_ids():
    label_space = model_label_space(OWN)
    assert (
        label_space.source == "model" and label_space.classes is OWN and label_space.words is None
    )
    assert ids(label_space) == [0, 3, 7, 9, 11] and not label_space.ids_are_positions
    assert model_label_space(ClassList(("wall", "floor"))).ids_are_positions


def test_chosen_classes_get_ids_in_their_order_and_the_rest_is_unlabelled():
    label_space = head_label_space(parse_prompts(["floor", "wall"]), OWN)
    assert label_space.classes.names == ("floor", "wall") and label_space.source == "prompts"
    assert ids(label_space) == [1, 0, 255, 255, 255] and not label_space.ids_are_positions


def test_synonyms_are_merged_into_one_class():
    label_space = head_label_space(
        parse_prompts(["seat: chair | armchair", "lamp: table LAMP"]), OWN
    )
    assert ids(label_space) == [255, 255, 0, 0, 1]


def test_each_class_has_its_threshold():
    prompts = parse_prompts(["wall", "seat: chair | armchair"], thresholds=[0.2, 0.6])
    label_space = head_label_space(prompts, OWN)
    assert label_space.least[:5].tolist() == [51, 0, 153, 153, 0]
    assert label_space.threshold == pytest.approx(0.2)


def test_without_text_encoder_other_words_are_refused():
    with pytest.raises(PromptError, match="'sofa' is none of this model's 5 own classes"):
        head_label_space(parse_prompts(["sofa"]), OWN)
    with pytest.raises(PromptError, match="'sky' is none of"):
        head_label_space(parse_prompts(["wall"], background=["sky"]), OWN)


def test_words_are_outputs_in_their_order_and_the_background_is_unlabelled():
    prompts = parse_prompts(["seat: chair | stool", "cup"], background=["wall", "floor"])
    label_space = zero_shot_label_space(prompts, torch.zeros(5, 8), 0.01)
    assert label_space.words is not None and label_space.words.words_per_output == (2, 1, 1, 1)
    assert ids(label_space) == [0, 1, 255, 255, 255]
    assert not label_space.ids_are_positions
    assert zero_shot_label_space(parse_prompts(["a", "b"]), torch.zeros(2, 8)).ids_are_positions


def test_each_word_needs_its_embedding():
    with pytest.raises(ValueError, match="2 embeddings for 3 words"):
        zero_shot_label_space(parse_prompts(["a: b | c", "d"]), torch.zeros(2, 8))


def test_a_threshold_without_a_temperature_is_refused_with_the_fix():
    with pytest.raises(ValueError, match=r"model\.yaml"):
        zero_shot_label_space(parse_prompts(["a"], thresholds=[0.5]), torch.zeros(1, 8))


def test_a_label_space_that_asks_for_nothing_has_no_threshold():
    label_space = model_label_space(OWN)
    assert label_space.threshold == 0.0 and not np.any(label_space.least)
