# SPDX-License-Identifier: Apache-2.0
"""The label space in which one thing is located, beside the active classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from tips_ros.perception.classes.class_list import ClassList, name_key
from tips_ros.perception.language.prompts import PromptError, Prompts
from tips_ros.perception.language.word_encoder import WordEncoder
from tips_ros.perception.semantic.label_space import Labelling, labelling_by_head
from tips_ros.perception.semantic.prompted_label_space import labelling_of, requested


class Sought(NamedTuple):
    """A labelling in which one class is what is sought."""

    name: str
    labelling: Labelling
    class_id: int  # of what is sought, in that labelling


def sought(
    prompt: str,
    in_force: Labelling,
    prompts: Prompts | None,
    encoder: WordEncoder,
    own: ClassList,
    *,
    has_head: bool,
    sliding_window: bool = False,
) -> Sought:
    """Resolves a prompt against all that is known to be there besides.

    One of the prompts in force is found as the mask shows it. Anything else competes with the
    prompts in force and their background or, where none are in force, with the model's own
    classes; one of these themselves is found by the model's head.

    Args:
        prompt: `name` or `name: synonym | synonym`.
        in_force: the classes in force.
        prompts: what they were made from; None for the model's own classes.
        encoder, own: of the model.
        has_head: whether the model has a segmentation head.
        sliding_window: by words only: see larger images in windows.

    Raises:
        PromptError: a prompt that can't be used, or more than one.
        ValueError: words that can't be embedded.
    """
    alone = requested([prompt], [], [], own)
    name, *more = alone.classes.names
    if more:
        raise PromptError(f"{prompt!r} names {len(alone.classes)} things; look for one at a time")
    if prompts is not None:
        for class_id, known in in_force.classes.by_id().items():
            if name_key(known) == name_key(name):
                return Sought(known, in_force, class_id)
        others = _without([*prompts.words, *prompts.background], alone.words[0])
        alone = replace(alone, background=others or alone.background)
    elif has_head and _are_own(alone.words[0], own):
        return Sought(name, labelling_by_head(replace(alone, background=()), own), 0)
    labelling = labelling_of(alone, encoder, own, sliding_window=sliding_window)
    return Sought(name, labelling, alone.classes.ids[0])


def _are_own(words: Iterable[str], own: ClassList) -> bool:
    return {name_key(word) for word in words} <= {name_key(name) for name in own.names}


def _without(
    groups: Iterable[tuple[str, ...]], words: Iterable[str]
) -> tuple[tuple[str, ...], ...]:
    """The groups of words without these words: a word can't compete with itself."""
    taken = {name_key(word) for word in words}
    kept = (tuple(word for word in group if name_key(word) not in taken) for group in groups)
    return tuple(group for group in kept if group)
