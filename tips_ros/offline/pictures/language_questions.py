# SPDX-License-Identifier: Apache-2.0
"""Questions about a whole image in words, tags and embeddings, and their answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.model.vit import ImageFeatures
from tips_ros.perception.language.prompt_syntax import PromptError, check_no_file, split_entries
from tips_ros.perception.language.tags import Tag, rank_tags, unit_embedding
from tips_ros.perception.language.text_embedder import TextEmbedder


@dataclass(frozen=True)
class ImageQuestions:
    """Questions about a whole image.

    Attributes:
        tags: texts of which the fitting one is wanted.
        embed: whether the image's embeddings are wanted.
        text: a text whose embedding is wanted.
    """

    tags: tuple[str, ...] = ()
    embed: bool = False
    text: str | None = None

    @classmethod
    def parse(cls, tags: str | None, embed: bool, text: str | None) -> ImageQuestions:
        """From a list with commas or semicolons, as a command line has it.

        Raises:
            PromptError: an empty or repeated tag, or one that is the name of a file.
        """
        listed = tuple(split_entries(tags)) if tags is not None else ()
        for tag in listed:
            if not tag:
                raise PromptError(f"{tags!r} has an empty tag; remove a comma")
            check_no_file(tag)
            if listed.count(tag) > 1:
                raise PromptError(f"tag {tag!r} is there twice; name it once")
        return cls(listed, embed, text)

    @property
    def need_text(self) -> bool:
        """Whether they can be answered by a text encoder only."""
        return bool(self.tags) or self.text is not None


@dataclass(frozen=True)
class ImageAnswers:
    """Answers about a whole image; None or empty where nothing was asked.

    Attributes:
        tags: best first.
        embeddings: (D,) of unit length, by name.
    """

    tags: tuple[Tag, ...]
    embeddings: dict[str, NDArray[np.float32]]


def answer(
    questions: ImageQuestions,
    features: ImageFeatures,
    embedder: TextEmbedder | None,
    temperature: float | None,
) -> ImageAnswers:
    """Compares one image with the texts.

    Args:
        questions: what is asked.
        features: of a batch of one.
        embedder: not None where the questions need text.
        temperature: of the image-text softmax, if it is known.

    Raises:
        ValueError: a text that can't be embedded, or something that is needed is missing.
    """
    tags: tuple[Tag, ...] = ()
    embeddings: dict[str, NDArray[np.float32]] = {}
    if questions.embed:
        embeddings["cls_embedding"] = unit_embedding(features.cls_token)
        embeddings["second_cls_embedding"] = unit_embedding(features.second_cls_token)
    if questions.need_text:
        if embedder is None:
            raise ValueError("tags and a text need the model's text encoder; load it too")
        if questions.tags:
            embedded = embedder.embed(questions.tags)
            tags = tuple(rank_tags(features, questions.tags, embedded, temperature))
        if questions.text is not None:
            embeddings["text_embedding"] = unit_embedding(embedder.embed([questions.text]))
    return ImageAnswers(tags, embeddings)
