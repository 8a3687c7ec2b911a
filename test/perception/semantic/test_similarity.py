# SPDX-License-Identifier: Apache-2.0
"""Heat maps, and names that ROS accepts."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from tips_ros.perception.classes.topic_names import topic_names
from tips_ros.perception.semantic.similarity import similarity_map


def test_a_heat_map_holds_each_patch_score_at_the_middle_of_its_patch():
    scores = torch.tensor([[0.1, 0.5, -0.2], [0.3, 0.9, 0.0]])
    heat = similarity_map(scores, (10, 15))  # 5 pixels per patch: the third one is the middle
    assert heat.shape == (10, 15) and heat.dtype == np.float32
    np.testing.assert_allclose(heat[2::5, 2::5], scores.numpy(), atol=1e-6)
    assert heat[2, 4] == pytest.approx(0.1 + 0.4 * 2 / 5, abs=1e-6)
    assert heat[0, 0] == pytest.approx(0.1)


def test_half_precision_scores_become_float32():
    assert similarity_map(torch.ones(2, 2, dtype=torch.bfloat16), (4, 4)).dtype == np.float32


def test_scores_of_several_classes_are_refused():
    with pytest.raises(ValueError, match="one class"):
        similarity_map(torch.ones(3, 2, 2), (4, 4))


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("door", "door"),
        ("coffee cup", "coffee_cup"),
        ("  Coffee--Cup! ", "coffee_cup"),
        ("__x__", "x"),
        ("Tür", "tur"),
        ("Straße", "strasse"),
        ("3D printer", "class_3d_printer"),
        ("杯", "u676f"),
        ("red 杯子", "red_u676f_u5b50"),
        ("!?", "class"),
        ("m²", "m2"),
        ("door;double door", "door_double_door"),
    ],
)
def test_a_name_becomes_part_of_a_topic_name(name: str, topic: str):
    assert topic_names([name]) == (topic,)


def test_names_that_would_be_the_same_are_numbered_in_order():
    names = ["coffee cup", "coffee_cup_2", "Coffee-Cup", "coffee_cup", "!", "?"]
    expected = ("coffee_cup", "coffee_cup_2", "coffee_cup_3", "coffee_cup_4", "class", "class_2")
    assert topic_names(names) == expected


def test_all_names_are_valid_and_different_whatever_is_typed():
    rng = np.random.default_rng(8)
    letters = np.array(list("aB9_ -/~{}.é杯Ω²'ß🤖\u0301"))
    names = ["".join(rng.choice(letters, n)) for n in rng.integers(1, 12, 200)]
    names += ["x" * 300, "x" * 301, "x" * 200 + "y", "a" * 58 + "_b" * 20, "a" * 58 + "_b" * 21]
    topics = topic_names(names)
    assert len(set(topics)) == len(names)
    for topic in topics:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", topic) and len(topic) <= 64
