# SPDX-License-Identifier: Apache-2.0
"""Sentences about a class, drawn anew for each training step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES
from training.frames.vocabulary import ADJECTIVES, VOCABULARY

_PLAIN = ("{}", "a {}", "the {}", "a {} in a room", "find the {}", "where is the {}?")
TEMPLATES = (*TCL_TEMPLATES, *_PLAIN)
_WITH_ADJECTIVE = 0.3
_KEPT_BACK = tuple(phrase for words in VOCABULARY.values() for phrase in words.kept_back)


def phrases(rng: np.random.Generator) -> list[str]:
    """One sentence for each class, in the order of the vocabulary."""
    return [_sentence(words.trained, rng) for words in VOCABULARY.values()]


def corpus() -> Iterator[str]:
    """Every word in every template: what the tokenizer's pieces are made from."""
    for words in VOCABULARY.values():
        for word in words.trained:
            for template in TEMPLATES:
                yield template.replace("{}", word)
    for adjective in ADJECTIVES:
        for template in TEMPLATES:
            yield template.replace("{}", f"{adjective} thing")


def _sentence(words: tuple[str, ...], rng: np.random.Generator) -> str:
    # The class's own name is the word that users will say most.
    word = words[0] if rng.random() < 0.15 else words[rng.integers(len(words))]
    if rng.random() < _WITH_ADJECTIVE:
        described = f"{ADJECTIVES[rng.integers(len(ADJECTIVES))]} {word}"
        # An adjective must not make a phrase that is kept back to test with.
        word = word if any(phrase in described for phrase in _KEPT_BACK) else described
    return TEMPLATES[rng.integers(len(TEMPLATES))].replace("{}", word)
