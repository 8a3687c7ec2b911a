# SPDX-License-Identifier: Apache-2.0
"""Prompts as a user types them → classes, the words for each, and the background."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tips_ros.perception.classes.class_list import UNLABELLED, ClassList, class_list, name_key
from tips_ros.perception.language.prompt_syntax import HOW, Entry, PromptError, entries
from tips_ros.texts.printable import quote

__all__ = ["PromptError", "Prompts", "own_positions", "parse_prompts"]

LONGEST_REQUEST = 10_000  # characters as typed, all together
MOST_WORDS = 1000
_MOST_OUTPUTS = 256  # classes and background: what compares them counts in bytes


@dataclass(frozen=True)
class Prompts:
    """Classes to look for, their words, thresholds and background.

    Attributes:
        classes: what is published, with the ids 0, 1, 2, …
        words: for each class the words that stand for it; its name where none were given.
        background: what else there is, the words of one thing each. It wins pixels, and these are
            unlabelled.
        thresholds: for each class the least confidence of its pixels, 0 to 1; 0 means any.

    Raises:
        PromptError: more than 256 classes and background entries, or more than 1000 words.
    """

    classes: ClassList
    words: tuple[tuple[str, ...], ...]
    background: tuple[tuple[str, ...], ...] = ()
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.words) + len(self.background) > _MOST_OUTPUTS:
            raise PromptError(
                f"{len(self.words)} classes and {len(self.background)} background entries; "
                f"together there may be {_MOST_OUTPUTS}: leave some of the background out"
            )
        if len(self.all_words) > MOST_WORDS:
            raise PromptError(
                f"{len(self.all_words)} words; there may be {MOST_WORDS}: leave some synonyms out"
            )

    @property
    def all_words(self) -> tuple[str, ...]:
        """Every word: class by class, then the background's."""
        return tuple(word for group in (*self.words, *self.background) for word in group)

    @property
    def room(self) -> int:
        """The number of background entries of one word that would still fit."""
        outputs = _MOST_OUTPUTS - len(self.words) - len(self.background)
        return max(0, min(outputs, MOST_WORDS - len(self.all_words)))


def parse_prompts(
    prompts: Sequence[str], background: Sequence[str] = (), thresholds: Sequence[float] = ()
) -> Prompts:
    """Prompts as typed → what is looked for.

    Args:
        prompts: one string per class, or `@list`, as `prompt_syntax` has it.
        background: the same, of what is not looked for. Of a list, what is looked for anyway is
            left out.
        thresholds: least confidence, 0 to 1: none, one for all classes, or one for each.

    Raises:
        PromptError: no class, too many, an empty, repeated, too long or unreadable name or word,
            a list that is not there, or thresholds that are none.
    """
    length = sum(len(text) for text in (*prompts, *background))
    if length > LONGEST_REQUEST:
        raise PromptError(
            f"{length} characters; there may be {LONGEST_REQUEST}: write a long list into a file "
            "and name it as @/path/of/the/file.txt"
        )
    wanted = list(entries(prompts))
    if not wanted:
        raise PromptError(f"no class to look for; {HOW}")
    if len(wanted) > UNLABELLED:
        raise PromptError(
            f"{len(wanted)} classes; there may be {UNLABELLED}, with the ids 0 to "
            f"{UNLABELLED - 1}: leave some out"
        )
    _refuse_repeated(wanted)
    return Prompts(
        class_list(entry.name for entry in wanted),
        tuple(entry.words for entry in wanted),
        tuple(_background_words(wanted, entries(background))),
        _thresholds(thresholds, [entry.name for entry in wanted]),
    )


def own_positions(prompts: Prompts, own: ClassList) -> dict[int, int]:
    """Finds the model's own classes that the words name, for a model without a text encoder.

    Args:
        prompts: every word, also of the background, must be the name of one of `own`.
        own: the classes of the segmentation head.

    Returns:
        Position in `own` → position in `prompts.classes`. What is missing, as the background,
        stays unlabelled.

    Raises:
        PromptError: a word that is none of them.
    """
    position_of = {name_key(name): position for position, name in enumerate(own.names)}
    for word in prompts.all_words:
        if name_key(word) not in position_of:
            near = difflib.get_close_matches(name_key(word), position_of, n=1)
            meant = f" (did you mean {quote(own.names[position_of[near[0]]])}?)" if near else ""
            raise PromptError(
                f"{quote(word)} is none of this model's {len(own)} own classes{meant}, and "
                "without a text encoder it knows no other words; put the tips_…_text.npz of the "
                "same model and tokenizer.model beside its other files"
            )
    return {
        position_of[name_key(word)]: wanted
        for wanted, words in enumerate(prompts.words)
        for word in words
    }


def _refuse_repeated(wanted: Sequence[Entry]) -> None:
    """A class or a word that is there twice: the second would never win a pixel."""
    named: dict[str, Entry] = {}
    meant: dict[str, Entry] = {}
    for entry in wanted:
        earlier = named.setdefault(name_key(entry.name), entry)
        if earlier is not entry:
            where = earlier.origin if earlier.origin != entry.origin else ""
            raise PromptError(
                f"class {quote(entry.name)}{entry.origin} is there already{where}; name it once"
            )
        for word in entry.words:
            if name_key(word) in meant:
                other = meant[name_key(word)]
                raise PromptError(
                    f"{quote(word)} stands for {quote(other.name)}{other.origin} already; name "
                    "it once"
                )
            meant[name_key(word)] = entry


def _background_words(
    wanted: Sequence[Entry], background: Iterator[Entry]
) -> Iterator[tuple[str, ...]]:
    """The words of each background entry, without those of classes and earlier entries."""
    looked_for = {name_key(text) for entry in wanted for text in (entry.name, *entry.words)}
    told = set(looked_for)
    for entry in background:
        twice = [text for text in (entry.name, *entry.words) if name_key(text) in looked_for]
        if twice and not entry.origin:
            raise PromptError(
                f"{quote(twice[0])} is looked for and in the background, too; remove one of them"
            )
        if name_key(entry.name) in looked_for:
            continue
        words = {name_key(word): word for word in entry.words if name_key(word) not in told}
        told |= words.keys()
        if words:
            yield tuple(words.values())


def _thresholds(thresholds: Sequence[float], names: Sequence[str]) -> tuple[float, ...]:
    given = [float(threshold) for threshold in thresholds] or [0.0]
    if len(given) == 1:
        given *= len(names)
    if len(given) != len(names):
        raise PromptError(
            f"thresholds: {len(given)}, classes: {len(names)}; give no threshold, one for all "
            "classes, or one for each"
        )
    for threshold, name in zip(given, names, strict=True):
        if not 0.0 <= threshold <= 1.0:
            raise PromptError(f"threshold {threshold:g} of {quote(name)} must be between 0 and 1")
    return tuple(given)
