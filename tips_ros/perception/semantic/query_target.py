# SPDX-License-Identifier: Apache-2.0
"""The label space in which one thing is located, beside the active classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from tips_ros.perception.classes.class_list import ClassList, name_key
from tips_ros.perception.language.prompts import PromptError, Prompts
from tips_ros.perception.language.word_encoder import WordEncoder
from tips_ros.perception.semantic.label_space import LabelSpace, head_label_space
from tips_ros.perception.semantic.prompted_label_space import label_space_of, parse_request


class QueryTarget(NamedTuple):
    """A label space in which one class is what is sought."""

    name: str
    label_space: LabelSpace
    class_id: int  # of what is sought, in that label space


def resolve_query(
    prompt: str,
    in_force: LabelSpace,
    prompts: Prompts | None,
    encoder: WordEncoder,
    own: ClassList,
    *,
    has_head: bool,
    sliding_window: bool = False,
) -> QueryTarget:
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
    alone = parse_request([prompt], [], [], own)
    name, *more = alone.classes.names
    if more:
        raise PromptError(f"{prompt!r} names {len(alone.classes)} things; look for one at a time")
    if prompts is not None:
        for class_id, known in in_force.classes.by_id().items():
            if name_key(known) == name_key(name):
                return QueryTarget(known, in_force, class_id)
        others = _remove_words([*prompts.words, *prompts.background], alone.words[0])
        alone = replace(alone, background=others or alone.background)
    elif has_head and _are_own(alone.words[0], own):
        return QueryTarget(name, head_label_space(replace(alone, background=()), own), 0)
    label_space = label_space_of(alone, encoder, own, sliding_window=sliding_window)
    return QueryTarget(name, label_space, alone.classes.ids[0])


def _are_own(words: Iterable[str], own: ClassList) -> bool:
    return {name_key(word) for word in words} <= {name_key(name) for name in own.names}


def _remove_words(
    groups: Iterable[tuple[str, ...]], words: Iterable[str]
) -> tuple[tuple[str, ...], ...]:
    """The groups of words without these words: a word can't compete with itself."""
    taken = {name_key(word) for word in words}
    kept = (tuple(word for word in group if name_key(word) not in taken) for group in groups)
    return tuple(group for group in kept if group)
