# SPDX-License-Identifier: Apache-2.0
"""Phrases that the text encoder reads in training, and those it must never read."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.classes.class_files import ade20k
from training.frames.phrases import corpus, phrases
from training.frames.vocabulary import VOCABULARY
from training.network.architecture import CLASSES


def test_each_class_has_its_ade20k_name_and_id():
    names = ade20k().names
    assert {i: words.name for i, words in VOCABULARY.items()} == CLASSES
    assert all(names[i] == name for i, name in CLASSES.items())


def test_no_phrase_belongs_to_two_classes_or_to_both_sides():
    everything = [p for w in VOCABULARY.values() for p in (*w.trained, *w.kept_back)]
    assert len(everything) == len(set(everything))
    assert all(len(words.kept_back) >= 2 for words in VOCABULARY.values())


def test_phrases_kept_back_are_never_read_in_training():
    """Not alone, not inside a sentence, and not by an adjective that happens to complete them."""
    kept_back = {phrase for words in VOCABULARY.values() for phrase in words.kept_back}
    read = {sentence for seed in range(3000) for sentence in phrases(np.random.default_rng(seed))}
    leaked = {phrase for phrase in kept_back for sentence in read if phrase in sentence}
    assert not leaked


@pytest.mark.quick
def test_a_step_has_one_sentence_of_each_class():
    for sentence, words in zip(phrases(np.random.default_rng(0)), VOCABULARY.values(), strict=True):
        assert any(word in sentence for word in words.trained)


def test_the_tokenizer_is_made_without_the_phrases_kept_back():
    text = "\n".join(corpus())
    assert not any(p in text for words in VOCABULARY.values() for p in words.kept_back)
