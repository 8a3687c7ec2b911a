# SPDX-License-Identifier: Apache-2.0
"""From prompts to a labelling, whatever the model has to do it with."""

from __future__ import annotations

import pytest
import torch

from tips_ros.perception.semantic.class_lists import ClassList
from tips_ros.perception.semantic.prompting import labelling_of, requested

OWN = ClassList(("wall", "floor", "chair"))


class Encoder:
    """Stands for a model's text encoder: word number n is the n-th unit vector."""

    def __init__(self, available: bool = True) -> None:
        self.available, self.temperature = available, 0.01
        self.asked: list[list[str]] = []

    def embeddings(self, words: list[list[str]]) -> torch.Tensor:
        self.asked = words
        return torch.eye(8)[: len(words)]


def test_one_class_alone_is_looked_for_among_the_model_s_own():
    assert requested(["Chair"], [], [], OWN).background == (("wall",), ("floor",))
    assert requested(["seat: chair"], [], [], OWN).background == (("wall",), ("floor",))
    assert requested(["cup"], ["table"], [], OWN).background == (("table",),)


def test_two_classes_have_no_background_that_nobody_asked_for():
    assert requested(["cup", "chair"], [], [], OWN).background == ()


def test_the_model_s_own_classes_can_be_asked_for_as_background():
    prompts = requested(["cup", "chair"], ["table", "@model"], [], OWN)
    assert prompts.background == (("table",), ("wall",), ("floor",))


def test_any_words_are_embedded_one_by_one():
    encoder = Encoder()
    labelling = labelling_of(requested(["seat: chair | stool", "cup"], [], [], OWN), encoder, OWN)
    assert encoder.asked == [["chair"], ["stool"], ["cup"]]
    assert labelling.words is not None and labelling.words.temperature == 0.01
    assert labelling.words.words_per_output == (2, 1)


def test_without_text_encoder_the_model_s_head_tells_its_own_classes():
    labelling = labelling_of(requested(["floor"], [], [], OWN), Encoder(available=False), OWN)
    assert labelling.words is None and labelling.id_of_output[:3].tolist() == [255, 0, 255]
    with pytest.raises(ValueError, match="no other words"):
        labelling_of(requested(["cup"], [], [], OWN), Encoder(available=False), OWN)
