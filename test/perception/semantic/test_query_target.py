# SPDX-License-Identifier: Apache-2.0
"""A query's target competes with all that is known to be there, and never with itself."""

import pytest
import torch

from tips_ros.perception.classes.class_list import class_list
from tips_ros.perception.language.prompts import PromptError, parse_prompts
from tips_ros.perception.semantic.label_space import model_label_space, zero_shot_label_space
from tips_ros.perception.semantic.query_target import resolve_query

OWN = class_list(["wall", "floor", "bed"], [0, 3, 7])


class Encoder:
    """Remembers what it was asked for."""

    def __init__(self, available=True):
        self.available = available
        self.temperature = 0.07
        self.words = []

    def embeddings(self, words):
        self.words = [word for (word,) in words]
        return torch.nn.functional.one_hot(torch.arange(len(words)), 300).float()


def find(prompt, prompts=None, encoder=None, has_head=True):
    encoder = encoder or Encoder()
    in_force = model_label_space(OWN)
    if prompts is not None:
        in_force = zero_shot_label_space(
            prompts, encoder.embeddings([[w] for w in prompts.all_words])
        )
    return (
        resolve_query(prompt, in_force, prompts, encoder, OWN, has_head=has_head),
        encoder,
        in_force,
    )


def test_one_of_the_models_own_classes_is_found_by_its_head():
    found, _, _ = find(" Bed")
    assert found.label_space.words is None
    assert found.label_space.id_of_output[[0, 1, 2]].tolist() == [255, 255, found.class_id]


def test_own_classes_under_another_name_are_found_by_the_head_too():
    found, _, _ = find("furniture: bed | floor")
    assert found.name == "furniture"
    assert found.label_space.words is None
    assert found.label_space.id_of_output[[0, 1, 2]].tolist() == [255, 0, 0]


def test_other_words_compete_with_the_models_own_classes():
    found, encoder, _ = find("unicorn")
    assert encoder.words == ["unicorn", "wall", "floor", "bed"]
    assert found.label_space.words is not None
    assert found.label_space.id_of_output[:4].tolist() == [found.class_id, 255, 255, 255]


def test_without_a_head_even_an_own_name_is_found_by_words():
    _, encoder, _ = find("bed", has_head=False)
    assert encoder.words == ["bed", "wall", "floor"]


def test_a_prompt_in_force_is_found_as_the_mask_shows_it():
    found, _, in_force = find("CUP", parse_prompts(["door", "cup"]))
    assert (found.name, found.label_space, found.class_id) == ("cup", in_force, 1)


def test_another_prompt_competes_with_those_in_force_and_their_background():
    prompts = parse_prompts(["door", "seat: chair | sofa"], ["floor"])
    found, encoder, _ = find("lamp", prompts)
    assert encoder.words == ["lamp", "door", "chair", "sofa", "floor"]
    assert found.label_space.words.words_per_output == (1, 1, 2, 1)
    assert found.label_space.id_of_output[:4].tolist() == [found.class_id, 255, 255, 255]


def test_a_word_does_not_compete_with_itself():
    prompts = parse_prompts(["seat: chair | sofa", "door"], ["Chair leg", "table"])
    _, encoder, _ = find("chair", prompts)
    assert encoder.words == ["chair", "sofa", "door", "Chair leg", "table"]
    _, encoder, _ = find("way out: Door", prompts)
    assert "door" not in encoder.words


def test_what_was_the_only_prompt_competes_with_the_models_own_classes_again():
    _, encoder, _ = find("portal: door", parse_prompts(["door"]))
    assert encoder.words == ["door", "wall", "floor", "bed"]


def test_more_than_one_thing_at_a_time_is_refused():
    with pytest.raises(PromptError, match="one at a time"):
        find("@ade20k")


def test_without_a_text_encoder_other_words_are_refused():
    with pytest.raises(PromptError, match="text encoder"):
        find("unicorn", encoder=Encoder(available=False))
