# SPDX-License-Identifier: Apache-2.0
"""Things are found by the names they had, and by words that nobody ever named."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompts import PromptError
from tips_ros.perception.memory.question import answers, question_of
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.selection import Selection, select
from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.regions.oriented_box import OrientedBox

OWN = ClassList(("wall", "chair", "table"))
WIDTH = 8
DIRECTION = {name: row for row, name in enumerate(("wall", "chair", "table", "cup", "mug"))}


class Encoder:
    """Embeds a few words along axes."""

    def __init__(self, available: bool = True, temperature: float | None = 0.05) -> None:
        self.available, self.temperature = available, temperature

    def embeddings(self, words):
        return torch.stack([torch.eye(WIDTH)[DIRECTION[group[0]]] for group in words])


def looks(name: str, noise: float = 0.2) -> np.ndarray:
    way = np.eye(WIDTH, dtype=np.float32)[DIRECTION[name]] + noise / math.sqrt(WIDTH)
    return (way / np.linalg.norm(way)).astype(np.float32)


def thing(number: int, name: str, x: float = 0.0, like: str | None = None, seen_ns: int = 5):
    box = OrientedBox(np.array([x, 0.0, 0.5]), np.eye(3), np.full(3, 0.2))
    feature = None if like is None else looks(like)
    one = Sighting(
        name, box.centre_m, 0.01 * np.eye(3), box, box.centre_m[None], 1.0, np.eye(3)[0], 0.05,
        feature, math.nan, 0.1, seen_ns, ("", number), 1,
    )  # fmt: skip
    return Remembered.of(number, one)


def ask(things, text, encoder=None, **limits):
    encoder = encoder or Encoder()
    called = {name for one in things for name in one.names}
    found = answers(things, question_of(text, encoder, OWN, called))
    return select(found, Selection(**limits))


def numbers(found):
    return [one.thing.number for one in found]


def test_words_that_no_prompt_has_named_find_what_looks_like_them():
    things = [thing(1, "chair", like="chair"), thing(2, "table", like="cup")]
    (one,) = ask(things, "cup")
    assert one.thing.number == 2 and one.called == 0 and one.score > 0.9


def test_the_best_view_is_found_where_the_mean_of_all_views_is_not():
    one = thing(1, "table", like="cup")
    one.mean_feature = looks("table").astype(np.float16)
    assert numbers(ask([one], "cup")) == [1]
    one.best_feature = one.mean_feature
    assert ask([one], "cup") == []


def test_what_was_called_so_comes_first():
    things = [thing(1, "table", like="cup"), thing(2, "cup", like="table")]
    assert numbers(ask(things, "cup")) == [2, 1]


def test_what_fits_something_else_better_is_no_answer_unless_a_score_is_asked_for():
    things = [thing(1, "chair", like="chair"), thing(2, "table", like="table")]
    assert ask(things, "cup") == []
    assert sorted(numbers(ask(things, "cup", min_score=1e-9))) == [1, 2]
    assert ask(things, "cup", min_score=0.9) == []


def test_synonyms_stand_for_the_name():
    things = [thing(1, "chair", like="mug"), thing(2, "mug", like="chair")]
    assert numbers(ask(things, "cup: mug | cup")) == [2, 1]


def test_a_model_without_a_text_encoder_knows_the_names_that_things_had():
    things = [thing(1, "chair"), thing(2, "Red Cup"), thing(3, "table")]
    things[2].names["chair"] = 0.2
    encoder = Encoder(available=False)
    assert numbers(ask(things, "red cup", encoder)) == [2]
    assert [(a.thing.number, round(a.score, 2)) for a in ask(things, "chair", encoder)] == [(1, 1)]
    assert ask(things, "wall", encoder) == [], "a class of its own that it has not seen"
    with pytest.raises(PromptError, match="nothing was ever called 'chairs'.*'chair'.*text enc"):
        ask(things, "chairs", encoder)


def test_a_model_without_a_temperature_ranks_without_scores():
    things = [thing(1, "table", like="chair"), thing(2, "table", like="cup")]
    (one,) = ask(things, "cup", Encoder(temperature=None), min_score=0.5)
    assert one.thing.number == 2 and math.isnan(one.score)


def test_things_without_features_are_found_by_name_beside_others():
    things = [thing(1, "cup"), thing(2, "table", like="cup"), thing(3, "chair")]
    assert numbers(ask(things, "cup")) == [1, 2]


def test_answers_may_be_few_new_or_near():
    things = [thing(n, "chair", x=float(n), seen_ns=n) for n in range(1, 6)]
    assert len(ask(things, "chair")) == 5
    assert numbers(ask(things, "chair", most=2)) == [5, 4], "the newest first, all else alike"
    assert numbers(ask(things, "chair", since_ns=4)) == [5, 4]
    near = ask(things, "chair", near_m=(2.0, 0.0, 0.5), radius_m=0.95)
    assert numbers(near) == [3, 2, 1], "counted from the box, not from its middle"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"min_score": math.nan}, "min_score nan must be between 0 and 1"),
        ({"min_score": 1.5}, "min_score 1.5 must be between 0 and 1"),
        ({"radius_m": -1.0}, "radius_m -1 must be 0 or more"),
        ({"near_m": (0.0, math.inf, 0.0)}, "is no place"),
    ],
)
def test_limits_that_are_none_are_refused(limits, reason):
    with pytest.raises(ValueError, match=reason):
        ask([thing(1, "chair")], "chair", **limits)


def test_one_thing_is_asked_for_at_a_time():
    for text in ("", "  ", "x" * 300, "a\x00b"):
        with pytest.raises(PromptError):
            ask([thing(1, "chair")], text)


def test_a_memory_of_nothing_has_no_answers():
    assert ask([], "cup") == [] and ask([], "wall", Encoder(available=False)) == []


def test_features_of_another_width_say_nothing():
    one = thing(1, "table", like="cup")
    one.mean_feature = one.best_feature = np.ones(3, np.float16)
    assert ask([one], "cup") == []
    assert numbers(ask([replace(one)], "table")) == [1]
