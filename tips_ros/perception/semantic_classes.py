# SPDX-License-Identifier: Apache-2.0
"""Which classes a mask is published with, and how the model's class ids become theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.class_lists import UNLABELLED, ClassList, class_list


class PromptError(ValueError):
    """Prompts that can't be used; says why. Nothing was changed."""


@dataclass(frozen=True)
class SemanticClasses:
    """The published classes.

    Attributes:
        classes: what is published, with the ids it is published with.
        source: the model's own list, or prompts.
        id_of_label: (256,) uint8, the model's class id → published id, 255 where it has none.
        min_confidence: 0 to 255; below it a pixel is unlabelled.
    """

    classes: ClassList
    source: Literal["model", "prompts"]
    id_of_label: NDArray[np.uint8] = field(repr=False, compare=False)
    min_confidence: int = 0

    def publish(
        self, labels: NDArray[np.uint8], confidence: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """(H, W) of the model's class ids → (H, W) of published ids, 255 = unlabelled."""
        if self.source == "model" and not self.min_confidence:
            return labels
        ids = self.id_of_label[labels]
        if self.min_confidence:
            ids[confidence < self.min_confidence] = UNLABELLED
        return ids


def own_classes(classes: ClassList) -> SemanticClasses:
    """The model's own classes, all of them."""
    id_of_label = np.full(256, UNLABELLED, np.uint8)
    id_of_label[list(classes.ids)] = classes.ids
    return SemanticClasses(classes, "model", id_of_label)


def chosen_classes(
    own: ClassList,
    prompts: Sequence[str],
    threshold: float = 0.0,
    background: Sequence[str] = (),
) -> SemanticClasses:
    """Some of the model's own classes, renamed or merged; everything else is unlabelled.

    Args:
        own: the model's own classes.
        prompts: one string per published class, `name` or `name: synonym | synonym`. Every
            synonym (or, without one, the name) must be one of `own`.
        threshold: least confidence, 0 to 1.
        background: classes that stay unlabelled; like all that are not named. They are checked.

    Raises:
        PromptError: an empty, repeated or unknown name, or a threshold outside 0 to 1.
    """
    if not 0.0 <= threshold <= 1.0:
        raise PromptError(f"threshold {threshold} must be between 0 and 1")
    published, words_of = parse_prompts(prompts)
    label_of = {name.casefold(): label for label, name in own.by_id().items()}
    for name in (word for prompt in background for word in _parse(prompt)[1]):
        _known(name, label_of)
    id_of_label = np.full(256, UNLABELLED, np.uint8)
    for class_id, words in enumerate(words_of):
        for word in words:
            label = _known(word, label_of)
            if id_of_label[label] != UNLABELLED:
                other = published.name_of(id_of_label[label])
                raise PromptError(f"{word!r} stands for {other!r} already; name it once")
            id_of_label[label] = class_id
    return SemanticClasses(published, "prompts", id_of_label, round(threshold * 255))


def prompted_classes(classes: ClassList) -> SemanticClasses:
    """Classes that were found by text: the labels are their ids already."""
    return replace(own_classes(classes), source="prompts")


def parse_prompts(prompts: Sequence[str]) -> tuple[ClassList, list[list[str]]]:
    """Prompts as typed → the classes, and for each the words that stand for it.

    Args:
        prompts: one string per class, `name` or `name: synonym | synonym`. Where synonyms are
            given, the name itself is not among the words.

    Raises:
        PromptError: no prompt, an empty or repeated name, or an empty synonym.
    """
    parsed = [_parse(prompt) for prompt in prompts]
    try:
        classes = class_list(name for name, _ in parsed)
    except ValueError as error:
        raise PromptError(str(error)) from None
    return classes, [words for _, words in parsed]


def _parse(prompt: str) -> tuple[str, list[str]]:
    """`name: a | b` → (name, [a, b]); `name` → (name, [name])."""
    name, colon, synonyms = (part.strip() for part in prompt.partition(":"))
    words = [word.strip() for word in synonyms.split("|")] if colon else [name]
    if not name or not all(words):
        raise PromptError(f"{prompt!r} has an empty name; write `name` or `name: word | word`")
    return name, words


def _known(word: str, label_of: dict[str, int]) -> int:
    label = label_of.get(word.casefold())
    if label is None:
        raise PromptError(
            f"{word!r} is none of this model's {len(label_of)} own classes, which "
            "~/semantic/classes lists; other words work in `tips_ros infer --prompts` only"
        )
    return label
