# SPDX-License-Identifier: Apache-2.0
"""The model's classes in the truth's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList, name_key

OTHER = 254  # predicted classes that the truth has no word for, and pixels without a prediction


class ClassMatch(NamedTuple):
    """Predicted classes matched with true ones of the same name, case aside.

    Attributes:
        truth_id: (256,) uint8, predicted id → the truth's id; `OTHER`, which is wrong wherever
            it stands, for a class that the truth doesn't name.
        unknown_to_model: names of the truth that the model can't say; wherever they are true, the
            model is wrong.
        unknown_to_truth: names of the model that the truth doesn't have.
    """

    truth_id: NDArray[np.uint8]
    unknown_to_model: tuple[str, ...]
    unknown_to_truth: tuple[str, ...]


def match_classes(predicted: Mapping[int, str], truth: Mapping[int, str]) -> ClassMatch:
    """Compares the two lists, both id → name.

    Raises:
        ValueError: the truth's names or ids are no class list, or one of its ids is 254.
    """
    if truth:
        ClassList(tuple(truth.values()), tuple(truth))
    if OTHER in truth:
        raise ValueError(f"class {truth[OTHER]!r} of the truth has id 254; ids are 0 to 253 here")
    id_of = {name_key(name): class_id for class_id, name in truth.items()}
    truth_id = np.full(256, OTHER, np.uint8)
    for label, name in predicted.items():
        truth_id[label] = id_of.get(name_key(name), OTHER)
    said = {name_key(name) for name in predicted.values()}
    return ClassMatch(
        truth_id,
        tuple(name for name in truth.values() if name_key(name) not in said),
        tuple(name for name in predicted.values() if name_key(name) not in id_of),
    )
