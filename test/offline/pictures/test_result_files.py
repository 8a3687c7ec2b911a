# SPDX-License-Identifier: Apache-2.0
"""Lines about a picture's classes: those seen, and those that were asked for in vain."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.offline.pictures.result_files import ImageResults, largest_classes
from tips_ros.perception.classes.class_list import class_list
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.semantic.label_space import head_label_space

OWN = class_list(["wall", "floor", "door", "cup", "lamp", "bed"])


def told(labels: Any, *prompts: str) -> str:
    """The line about (N,) labels of a model with those classes, and of the prompts, if any."""
    description: Any = SimpleNamespace(classes=OWN)
    prompted = head_label_space(parse_prompts(list(prompts)), OWN) if prompts else None
    image = np.asarray(labels, np.uint8).reshape(1, -1)
    rgb = np.zeros((*image.shape, 3), np.uint8)
    seen = Prediction(labels=image)
    return largest_classes(ImageResults("a", rgb, seen, description, prompted=prompted))


def test_what_was_asked_for_and_is_not_there_is_named_with_nothing():
    assert told([0] * 3 + [255], "door", "cup", "bed") == "door 75%, unlabelled 25%, cup 0%, bed 0%"


@pytest.mark.quick
def test_nothing_of_what_was_asked_for():
    assert told([255] * 4, "door", "cup") == "unlabelled 100%, door 0%, cup 0%"


def test_a_model_s_own_classes_are_named_where_they_are_seen_only():
    assert told([0] * 3 + [1]) == "wall 75%, floor 25%"


def test_what_is_hardly_there_is_told_from_what_is_not():
    assert told([0] * 999 + [1], "door", "cup", "bed") == "door 100%, cup <1%, bed 0%"


def test_more_than_can_be_named_are_counted():
    assert told([0, 1, 2, 3, 4, 5]).endswith("cup 17% and 2 more")


@pytest.mark.parametrize("missed", [12, 13, 40])
def test_of_many_that_are_missed_the_first_are_named_and_the_rest_counted(missed: int):
    own = class_list(f"thing {i}" for i in range(missed + 1))
    prompted = head_label_space(parse_prompts(list(own.names)), own)
    labels = np.zeros((2, 2), np.uint8)
    description: Any = SimpleNamespace(classes=own)
    rgb = np.zeros((2, 2, 3), np.uint8)
    line = largest_classes(
        ImageResults("a", rgb, Prediction(labels=labels), description, prompted=prompted)
    )
    assert line.startswith("thing 0 100%, thing 1 0%, ")
    assert len(re.findall(r"thing \d+ 0%", line)) == 12
    assert line.endswith(f" and {missed - 12} more of 0%" if missed > 12 else "thing 12 0%")
