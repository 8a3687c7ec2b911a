# SPDX-License-Identifier: Apache-2.0
"""From a user's prompts to the labelling that uses them, whatever the model has to do it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tips_ros.perception.language.prompt_encoder import PromptEncoder
from tips_ros.perception.language.prompts import Prompts, parse_prompts
from tips_ros.perception.semantic.class_lists import ClassList, name_key
from tips_ros.perception.semantic.labelling import Labelling, labelling_by_head, labelling_by_words

OWN_LIST = "@model"  # in the background: the model's own classes that are not looked for


def requested(
    prompts: Sequence[str],
    background: Sequence[str],
    thresholds: Sequence[float],
    own: ClassList,
) -> Prompts:
    """What a user asks for, the model's own classes being the background of a single prompt.

    With softmax or argmax a class that is alone wins every pixel; so one prompt without a
    background is looked for among the classes that the model has of its own.

    Args:
        prompts, background, thresholds: as of `parse_prompts`; `@model` in the background stands
            for the model's own classes that are not looked for.
        own: these.

    Raises:
        PromptError: prompts that can't be used.
    """
    listed = [entry for entry in background if name_key(entry) != OWN_LIST]
    parsed = parse_prompts(prompts, listed, thresholds)
    alone = len(parsed.classes) == 1 and not background
    if not alone and len(listed) == len(background):
        return parsed
    taken = {name_key(word) for word in (*parsed.all_words, *parsed.classes.names)}
    others = tuple((name,) for name in own.names if name_key(name) not in taken)
    return replace(parsed, background=(*parsed.background, *others))


def labelling_of(
    prompts: Prompts, encoder: PromptEncoder, own: ClassList, *, sliding_window: bool = False
) -> Labelling:
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
        return labelling_by_head(prompts, own)
    embeddings = encoder.embeddings([[word] for word in prompts.all_words])
    return labelling_by_words(
        prompts, embeddings, encoder.temperature, sliding_window=sliding_window
    )
