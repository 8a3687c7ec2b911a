# SPDX-License-Identifier: Apache-2.0
"""Words → things of a memory, ranked: by the names they were called by, and by what they look like.

A thing is compared with the words as a pixel is in zero-shot segmentation, so it may be found by
words that no prompt has ever named. All else that is known to be there has a say, too: the score is
the probability of the words by softmax among these.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList, name_key
from tips_ros.perception.language.prompts import PromptError
from tips_ros.perception.language.word_encoder import WordEncoder
from tips_ros.perception.memory.remembered import Feature, Remembered
from tips_ros.perception.semantic.prompted_label_space import parse_request

_CALLED = 0.5  # of all that it was called: then it is that by name
_ALIKE = 0.8  # of two words, one of which may be the other misspelt
_NAMED = 6  # names written out in a message


class Question(NamedTuple):
    """A question to a memory.

    Attributes:
        name: as it was asked for.
        words: what stands for it, as `name_key` has them.
        embeddings: (N, D) unit, its words, then those of all else; None without a text encoder.
        words_per_output: how many of them, in a row, stand for one thing; the first is it.
        temperature: of the softmax over cosines; None where the model tells none.
    """

    name: str
    words: frozenset[str]
    embeddings: NDArray[np.float32] | None = None
    words_per_output: tuple[int, ...] = ()
    temperature: float | None = None


class Answer(NamedTuple):
    """A thing that may be it.

    Attributes:
        thing: what is remembered of it.
        score: 0 to 1; NaN where the model tells no temperature and it was not called so.
        called: how much of the times it was called by one of the words, 0 to 1.
        fits: whether it fits these words better than all else that is known, or was called so.
    """

    thing: Remembered
    score: float
    called: float
    fits: bool


def question_of(
    text: str, encoder: WordEncoder, own: ClassList, called: Collection[str] = ()
) -> Question:
    """The question of a text.

    Args:
        text: `name` or `name: synonym | synonym`.
        encoder: of the model that the memory was made by.
        own: its own classes, with which the words compete.
        called: names that things of the memory were called by: what a model without a text
            encoder knows besides.

    Raises:
        PromptError: a text that names nothing or several things, or words that a model without a
            text encoder does not know.
        ValueError: words that can't be embedded.
    """
    prompts = parse_request([text], [], [], own)
    name, *more = prompts.classes.names
    if more:
        raise PromptError(f"{text!r} names {len(more) + 1} things; ask for one at a time")
    words = frozenset(name_key(word) for word in (*prompts.words[0], name))
    if not encoder.available:
        _check_known(prompts.words[0], {*own.names, *called}, called)
        return Question(name, words)
    embedded = encoder.embeddings([[word] for word in prompts.all_words])
    counts = tuple(len(group) for group in (*prompts.words, *prompts.background))
    table = embedded.numpy().astype(np.float32)
    return Question(name, words, table, counts, encoder.temperature)


def answers(things: Sequence[Remembered], question: Question) -> list[Answer]:
    """All things, best first: what was called so, then by score, then what was seen more often.

    Args:
        things: of a memory.
        question: what is looked for.
    """
    called = [_name_share(one, question.words) for one in things]
    margin, likely = _looks(things, question)
    found = []
    for one, share, ahead, score in zip(things, called, margin, likely, strict=True):
        by_name = share >= _CALLED
        best = np.fmax(score, share) if by_name else score
        if question.embeddings is None:
            best = share
        fits = by_name or ahead >= 0
        found.append((by_name, ahead, Answer(one, float(best), share, bool(fits))))
    found.sort(key=lambda item: (
        -item[0], -np.nan_to_num(item[2].score, nan=-1.0), -np.nan_to_num(item[1], nan=-9.0),
        -item[2].thing.hits, -item[2].thing.last_seen_ns,
    ))  # fmt: skip
    return [answer for _, _, answer in found]


def suggest_names(question: Question, known: Collection[str]) -> dict[str, str]:
    """Words of a question that are hardly any name, and the name that each may stand for.

    A text encoder has an embedding for every misspelt word, too, and something fits it best.

    Args:
        question: what is looked for.
        known: names of classes, and those that things were called by.
    """
    keys = {name_key(name): name for name in known}
    likely = {}
    for word in sorted(question.words - keys.keys()):
        if near := difflib.get_close_matches(word, keys, n=1, cutoff=_ALIKE):
            likely[word] = keys[near[0]]
    return likely


def _name_share(one: Remembered, words: frozenset[str]) -> float:
    total = sum(one.names.values())
    so = sum(said for name, said in one.names.items() if name_key(name) in words)
    return so / total if total > 0 else 0.0


def _looks(
    things: Sequence[Remembered], question: Question
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) how far the words are ahead of all else, in cosine, and their probability; NaN: unknown.

    Of the mean view and the best one, whichever says it more clearly.
    """
    nothing = np.full(len(things), np.nan)
    if question.embeddings is None or not things:
        return nothing, nothing
    ahead, likely = nothing, nothing
    for features in (
        [one.mean_feature for one in things],
        [one.best_feature for one in things],
    ):
        scores = _output_scores(features, question)
        others = scores[:, 1:].max(axis=1, initial=-1.0)
        ahead = np.fmax(ahead, scores[:, 0] - others)
        if question.temperature is not None:
            logits = (scores - scores.max(axis=1, keepdims=True)) / question.temperature
            powers = np.exp(logits)
            likely = np.fmax(likely, powers[:, 0] / powers.sum(axis=1))
    return ahead, likely


def _output_scores(features: Sequence[Feature | None], question: Question) -> NDArray[np.float64]:
    """(N, K) cosines; several words share an output as they do in zero-shot segmentation."""
    assert question.embeddings is not None
    width = question.embeddings.shape[1]
    table = np.full((len(features), width), np.nan)
    for row, feature in zip(table, features, strict=True):
        if feature is not None and len(feature) == width:
            row[:] = feature / max(float(np.linalg.norm(feature.astype(np.float32))), 1e-12)
    cosines = table @ question.embeddings.T.astype(np.float64)
    ends = np.cumsum(question.words_per_output)[:-1]
    groups = np.split(cosines, ends, axis=1)
    return np.stack([_share_output(group, question.temperature) for group in groups], axis=1)


def _share_output(cosines: NDArray[np.float64], temperature: float | None) -> NDArray[np.float64]:
    if cosines.shape[1] == 1 or temperature is None:
        return np.asarray(cosines.mean(axis=1))
    most = cosines.max(axis=1, keepdims=True)
    powers = np.exp((cosines - most) / temperature).mean(axis=1)
    return np.asarray(most[:, 0] + temperature * np.log(powers))


def _check_known(words: Sequence[str], known: Collection[str], called: Collection[str]) -> None:
    keys = {name_key(name): name for name in known}
    for word in words:
        if name_key(word) not in keys:
            near = difflib.get_close_matches(name_key(word), keys, n=1)
            meant = f" (did you mean {keys[near[0]]!r}?)" if near else ""
            names = sorted(called)
            told = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            raise PromptError(
                f"nothing was ever called {word!r}{meant}, and without a text encoder this model "
                f"knows names of classes alone{': ' + told if told else ''}; put the "
                "tips_…_text.npz of the same model and tokenizer.model beside its other files"
            )
