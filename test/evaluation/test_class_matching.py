# SPDX-License-Identifier: Apache-2.0
"""The model's class ids become the truth's by name."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.class_matching import OTHER, match_classes


@pytest.mark.quick
def test_classes_of_the_same_name_are_the_same_whatever_their_ids():
    match = match_classes(
        {0: "wall", 15: "table", 200: "ball"}, {7: "Table ", 3: "WALL", 9: "ball"}
    )
    assert match.truth_id[[0, 15, 200]].tolist() == [3, 7, 9]
    assert match.unknown_to_model == match.unknown_to_truth == ()


def test_a_class_that_the_truth_does_not_name_is_other():
    match = match_classes({0: "wall", 1: "sea"}, {4: "wall", 5: "rug"})
    assert match.truth_id[1] == OTHER
    assert match.unknown_to_model == ("rug",) and match.unknown_to_truth == ("sea",)


def test_ids_without_a_name_and_unlabelled_pixels_are_other():
    match = match_classes({0: "wall"}, {0: "wall"})
    assert (match.truth_id[1:] == OTHER).all() and match.truth_id.dtype == np.uint8


def test_a_truth_without_classes_makes_everything_other():
    assert (match_classes({0: "wall"}, {}).truth_id == OTHER).all()


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        ({0: "wall", 1: "Wall"}, "Wall"),
        ({0: ""}, "empty"),
        ({254: "wall"}, "254"),
        ({255: "wall"}, "255"),
        ({-1: "wall"}, "-1"),
    ],
)
def test_a_truth_that_can_not_be_matched_is_refused(truth: dict[int, str], reason: str):
    with pytest.raises(ValueError, match=reason):
        match_classes({0: "wall"}, truth)
