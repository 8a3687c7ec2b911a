# SPDX-License-Identifier: Apache-2.0
"""Prompts made a label space: zero-shot with a text encoder, else by the segmentation head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tips_ros.perception.classes.class_list import ClassList, name_key
from tips_ros.perception.language.prompts import PromptError, Prompts, parse_prompts
from tips_ros.perception.language.word_encoder import WordEncoder
from tips_ros.perception.semantic.label_space import (
    LabelSpace,
    head_label_space,
    zero_shot_label_space,
)

OWN_LIST = "@model"  # in the background: the model's own classes that are not looked for
NOTHING = "@none"  # the background of those who want none
_NUMBERED = re.compile(r"class \d+")  # what an output without a name is called: no words


def parse_request(
    prompts: Sequence[str],
    background: Sequence[str],
    thresholds: Sequence[float],
    own: ClassList,
) -> Prompts:
    """Parses prompts; without a background the model's own classes are it.

    Each pixel becomes what fits it best, even where nothing fits well: in a room without a cup,
    `cup` and `chair` alone would share out the walls. So what is not looked for has a say, too.

    Args:
        prompts, background, thresholds: as of `parse_prompts`; in the background `@model` stands
            for the model's own classes that are not looked for, and `@none` alone for nothing.
            An empty one is `@model`, as far as there is room for it.
        own: these.

    Raises:
        PromptError: prompts that can't be used.
    """
    keys = [name_key(entry) for entry in background]
    if NOTHING in keys:
        if len(keys) > 1:
            raise PromptError(f"{NOTHING} means no background at all; leave out the rest, or it")
        return parse_prompts(prompts, (), thresholds)
    listed = [entry for entry, key in zip(background, keys, strict=True) if key != OWN_LIST]
    parsed = parse_prompts(prompts, listed, thresholds)
    if background and len(listed) == len(background):
        return parsed
    taken = {name_key(word) for word in (*parsed.all_words, *parsed.classes.names)}
    others = [
        (name,)
        for name in own.names
        if name_key(name) not in taken and not _NUMBERED.fullmatch(name)
    ]
    if not background:
        del others[parsed.room :]
    return replace(parsed, background=(*parsed.background, *others))


def background_told(prompts: Prompts, background: Sequence[str]) -> str:
    """Describes the background that a user did not name; empty where everything was named.

    Args:
        prompts: as of `parse_request`.
        background: what it was asked with.
    """
    if not prompts.background:
        return "every pixel becomes one of these, whatever it shows: no background"
    if background:
        return ""
    return (
        f"told apart from the {len(prompts.background)} other classes that the model has of its "
        f"own (a background chooses what else there is, {NOTHING} leaves it out)"
    )


def label_space_of(
    prompts: Prompts, encoder: WordEncoder, own: ClassList, *, sliding_window: bool = False
) -> LabelSpace:
    """By words where the model has a text encoder, else by the head that knows its own classes.

    Args:
        prompts: what is looked for.
        encoder: of the same model.
        own: the classes of the segmentation head.
        sliding_window: by words only: see larger images in windows.

    Raises:
        PromptError: words that a model without text encoder does not know.
        ValueError: a threshold where the model tells no temperature, or words that can't be
            embedded.
    """
    if not encoder.available:
        return head_label_space(prompts, own)
    embeddings = encoder.embeddings([[word] for word in prompts.all_words])
    return zero_shot_label_space(
        prompts, embeddings, encoder.temperature, sliding_window=sliding_window
    )
