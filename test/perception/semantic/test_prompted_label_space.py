# SPDX-License-Identifier: Apache-2.0
"""From prompts to a label space, whatever the model has to do it with."""

from __future__ import annotations

import pytest
import torch

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompts import PromptError
from tips_ros.perception.semantic.prompted_label_space import (
    background_told,
    label_space_of,
    parse_request,
)

OWN = ClassList(("wall", "floor", "chair"))


class Encoder:
    """Stands for a model's text encoder: word number n is the n-th unit vector."""

    def __init__(self, available: bool = True) -> None:
        self.available, self.temperature = available, 0.01
        self.asked: list[list[str]] = []

    def embeddings(self, words: list[list[str]]) -> torch.Tensor:
        self.asked = words
        return torch.eye(8)[: len(words)]


@pytest.mark.parametrize(
    ("prompts", "background"),
    [
        (["Chair"], ("wall", "floor")),
        (["seat: chair"], ("wall", "floor")),
        (["floor: carpet"], ("wall", "chair")),
        (["cup", "chair"], ("wall", "floor")),
        (["cup", "door", "box"], ("wall", "floor", "chair")),
        (["wall", "floor", "chair"], ()),
    ],
)
def test_what_is_looked_for_is_told_apart_from_the_model_s_other_classes(prompts, background):
    assert parse_request(prompts, [], [], OWN).background == tuple((name,) for name in background)


def test_a_background_that_is_given_is_the_background():
    assert parse_request(["cup", "box"], ["table"], [], OWN).background == (("table",),)


@pytest.mark.parametrize("nothing", ["@none", " @None "])
def test_there_is_no_background_for_those_who_want_none(nothing):
    prompts = parse_request(["cup", "chair"], [nothing], [0.5], OWN)
    assert prompts.background == () and prompts.thresholds == (0.5, 0.5)
    assert "every pixel becomes one of these" in background_told(prompts, [nothing])
    with pytest.raises(PromptError, match="no background at all; leave out the rest"):
        parse_request(["cup"], ["table", nothing], [], OWN)


def test_what_nobody_named_is_told():
    told = background_told(parse_request(["cup"], [], [], OWN), [])
    assert told.startswith("told apart from the 3 other classes") and "@none" in told
    assert background_told(parse_request(["cup"], ["wall"], [], OWN), ["wall"]) == ""


def test_a_background_that_nobody_asked_for_takes_the_room_that_there_is():
    many = ClassList(tuple(f"thing {i}" for i in range(250)))
    prompts = parse_request([f"prompt {i}" for i in range(100)], [], [], many)
    assert len(prompts.background) == 156
    wordy = parse_request([f"a: {' | '.join(f'w{i}' for i in range(990))}"], [], [], many)
    assert len(wordy.background) == 10
    with pytest.raises(PromptError, match="together there may be 256"):
        parse_request([f"prompt {i}" for i in range(100)], ["@model"], [], many)


def test_outputs_without_a_name_are_no_background():
    numbered = ClassList(("class 0", "class 1", "wall"))
    assert parse_request(["cup", "chair"], [], [], numbered).background == (("wall",),)
    nameless = ClassList(("class 0", "class 1"))
    prompts = parse_request(["cup", "chair"], [], [], nameless)
    assert prompts.background == ()
    assert "every pixel becomes one of these" in background_told(prompts, [])


def test_the_model_s_own_classes_can_be_asked_for_as_background():
    prompts = parse_request(["cup", "chair"], ["table", "@model"], [], OWN)
    assert prompts.background == (("table",), ("wall",), ("floor",))


def test_any_words_are_embedded_one_by_one():
    encoder = Encoder()
    prompts = parse_request(["seat: chair | stool", "cup"], ["@none"], [], OWN)
    label_space = label_space_of(prompts, encoder, OWN)
    assert encoder.asked == [["chair"], ["stool"], ["cup"]]
    assert label_space.words is not None and label_space.words.temperature == 0.01
    assert label_space.words.words_per_output == (2, 1)


def test_without_text_encoder_the_model_s_head_tells_its_own_classes():
    label_space = label_space_of(
        parse_request(["floor"], [], [], OWN), Encoder(available=False), OWN
    )
    assert label_space.words is None and label_space.id_of_output[:3].tolist() == [255, 0, 255]
    with pytest.raises(ValueError, match="no other words"):
        label_space_of(parse_request(["cup"], [], [], OWN), Encoder(available=False), OWN)
