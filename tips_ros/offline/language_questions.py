# SPDX-License-Identifier: Apache-2.0
"""What is asked of an image in words: prompts, tags, embeddings; from typed lists to answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.model.vit import ImageFeatures
from tips_ros.perception.class_lists import ClassList
from tips_ros.perception.language.answers import (
    PromptLabels,
    Tag,
    prompt_labels,
    ranked_tags,
    unit_embedding,
)
from tips_ros.perception.language.text_embedding import TextEmbedder
from tips_ros.perception.semantic_classes import PromptError, parse_prompts


@dataclass(frozen=True)
class Questions:
    """What is asked.

    Attributes:
        prompts: the classes to be found instead of the model's own; None for its own.
        words: for each of them the words that stand for it.
        tags: texts of which the fitting one is wanted.
        embed: whether the image's embeddings are wanted.
        text: a text whose embedding is wanted.
    """

    prompts: ClassList | None = None
    words: tuple[tuple[str, ...], ...] = ()
    tags: tuple[str, ...] = ()
    embed: bool = False
    text: str | None = None

    @classmethod
    def typed(
        cls, prompts: str | None, tags: str | None, embed: bool, text: str | None
    ) -> Questions:
        """From comma-separated lists, as a command line has them.

        Raises:
            PromptError: an empty or repeated prompt or tag.
        """
        classes: ClassList | None = None
        words: list[list[str]] = []
        if prompts is not None:
            classes, words = parse_prompts(prompts.split(","))
        listed = tuple(tag.strip() for tag in tags.split(",")) if tags is not None else ()
        for tag in listed:
            if not tag:
                raise PromptError(f"{tags!r} has an empty tag; remove a comma")
            if listed.count(tag) > 1:
                raise PromptError(f"tag {tag!r} is there twice; name it once")
        return cls(classes, tuple(map(tuple, words)), listed, embed, text)

    @property
    def need_text(self) -> bool:
        """Whether they can be answered by a text encoder only."""
        return self.prompts is not None or bool(self.tags) or self.text is not None


@dataclass(frozen=True)
class Answers:
    """What was found; None or empty where nothing was asked.

    Attributes:
        labels: where the prompts are.
        tags: best first.
        embeddings: (D,) of unit length, by name.
    """

    labels: PromptLabels | None
    tags: tuple[Tag, ...]
    embeddings: dict[str, NDArray[np.float32]]


def answer(
    questions: Questions,
    features: ImageFeatures,
    embedder: TextEmbedder | None,
    temperature: float | None,
    size: tuple[int, int],
) -> Answers:
    """Compares one image with the texts.

    Args:
        questions: what is asked.
        features: of a batch of one; with value features where there are prompts.
        embedder: not None where the questions need text.
        temperature: of the image-text softmax, if it is known.
        size: (H, W) of the labels.

    Raises:
        ValueError: a text that can't be embedded, or something that is needed is missing.
    """
    labels: PromptLabels | None = None
    tags: tuple[Tag, ...] = ()
    embeddings: dict[str, NDArray[np.float32]] = {}
    if questions.embed:
        embeddings["cls_embedding"] = unit_embedding(features.cls_token)
        embeddings["second_cls_embedding"] = unit_embedding(features.second_cls_token)
    if questions.need_text:
        if embedder is None:
            raise ValueError("prompts, tags and a text need the model's text encoder; load it too")
        if questions.prompts is not None:
            classes = embedder.class_embeddings(questions.words)
            labels = prompt_labels(features, classes, size, temperature)
        if questions.tags:
            embedded = embedder.embed(questions.tags)
            tags = tuple(ranked_tags(features, questions.tags, embedded, temperature))
        if questions.text is not None:
            embeddings["text_embedding"] = unit_embedding(embedder.embed([questions.text]))
    return Answers(labels, tags, embeddings)
