# SPDX-License-Identifier: Apache-2.0
"""The classes that pixels get, their ids, and the classifier: the model's head, or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.perception.classes.class_list import UNLABELLED, ClassList
from tips_ros.perception.language.prompts import Prompts, own_positions

Source = Literal["model", "prompts"]


@dataclass(frozen=True, eq=False)
class WordScores:
    """Words that patches are compared with.

    Attributes:
        embeddings: (N, D) unit vectors, one for each word, on the CPU.
        words_per_output: how many of them, in a row, stand for each output.
        temperature: of the softmax over cosines; None where the model tells none, and then there
            is no confidence.
        sliding_window: whether larger images are seen in windows; slower, and finer.
    """

    embeddings: Tensor
    words_per_output: tuple[int, ...]
    temperature: float | None = None
    sliding_window: bool = False


@dataclass(frozen=True, eq=False)
class Labelling:
    """The classes in force. Never changed: another one takes its place.

    Attributes:
        classes: what is published, with the ids it is published with.
        source: the model's own list, or prompts.
        id_of_output: (256,) uint8, position of the best score → published id; 255 where it has
            none, as a background class.
        least: (256,) uint8, for each position the confidence below which a pixel is unlabelled.
        words: what decides; None for the model's segmentation head.
    """

    classes: ClassList
    source: Source
    id_of_output: NDArray[np.uint8] = field(repr=False)
    least: NDArray[np.uint8] = field(repr=False)
    words: WordScores | None = field(default=None, repr=False)

    @property
    def ids_are_positions(self) -> bool:
        """Whether every score has a class, and its position is that class's id."""
        if self.words is None:
            return self.source == "model" and self.classes.ids_are_positions
        background = len(self.words.words_per_output) - len(self.classes)
        return not background and self.classes.ids_are_positions

    @property
    def threshold(self) -> float:
        """The least confidence that a labelled pixel of any class has, 0 to 1."""
        return float(self.least[self.id_of_output != UNLABELLED].min()) / 255


def own_labelling(classes: ClassList) -> Labelling:
    """The model's own classes, all of them, by its segmentation head."""
    table = _table(UNLABELLED)
    table[: len(classes)] = classes.ids
    return Labelling(classes, "model", table, _table(0))


def labelling_by_head(prompts: Prompts, own: ClassList) -> Labelling:
    """Some of the model's own classes, renamed or merged; all others are unlabelled.

    Args:
        prompts: every word must be one of `own`.
        own: the classes of the segmentation head.

    Raises:
        PromptError: a word that is none of them, or one that stands for two classes.
    """
    table, least = _table(UNLABELLED), _table(0)
    for output, position in own_positions(prompts, own).items():
        table[output] = prompts.classes.ids[position]
        least[output] = _byte(prompts.thresholds, position)
    return Labelling(prompts.classes, "prompts", table, least)


def labelling_by_words(
    prompts: Prompts,
    embeddings: Tensor,
    temperature: float | None = None,
    *,
    sliding_window: bool = False,
) -> Labelling:
    """Any words.

    Args:
        prompts: what is looked for, and the background.
        embeddings: (N, D), one for each word of the classes, then of the background.
        temperature: of the model's image-text softmax.
        sliding_window: whether larger images are seen in windows.

    Raises:
        ValueError: as many embeddings as words there are not; or a threshold where the model
            tells no temperature, so that there is no confidence.
    """
    if len(embeddings) != len(prompts.all_words):
        raise ValueError(f"{len(embeddings)} embeddings for {len(prompts.all_words)} words")
    words_per_output = tuple(len(words) for words in (*prompts.words, *prompts.background))
    if temperature is None and any(prompts.thresholds):
        raise ValueError(
            "thresholds need the model's temperature, which its files don't tell; "
            "write it in model.yaml (`temperature: 0.005`) or leave the thresholds out"
        )
    table, least = _table(UNLABELLED), _table(0)
    for position, class_id in enumerate(prompts.classes.ids):
        table[position] = class_id
        least[position] = _byte(prompts.thresholds, position)
    words = WordScores(embeddings, words_per_output, temperature, sliding_window)
    return Labelling(prompts.classes, "prompts", table, least, words)


def _byte(thresholds: Sequence[float], position: int) -> int:
    return round(255 * thresholds[position]) if thresholds else 0


def _table(value: int) -> NDArray[np.uint8]:
    return np.full(256, value, np.uint8)
