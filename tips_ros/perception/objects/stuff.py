# SPDX-License-Identifier: Apache-2.0
"""Class names that mean stuff: what has no number, as floors, walls and the sky have none."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.ground.classes import FLOOR_NAMES, classes_named

# Names as COCO-Stuff, ADE20K and Cityscapes tell stuff from things, and our own lists have them.
STUFF_NAMES = (
    *FLOOR_NAMES,
    "wall", "ceiling", "building", "skyscraper", "house", "sky", "cloud", "water", "sea", "river",
    "lake", "waterfall", "swimming pool", "mountain", "hill", "land", "rock", "tree", "trees",
    "palm", "bush", "vegetation", "plants", "leaves", "hedge", "snow", "soil", "mud", "gravel",
    "dirt", "fence", "railing", "bannister", "stairs", "stairway", "steps", "escalator", "stage",
    "pier", "bridge", "tunnel", "platform", "crosswalk", "lane marking", "curb", "parking",
    "rail track", "background", "other", "stuff", "void", "unlabelled", "unlabeled", "shadow",
    "reflection",
)  # fmt: skip


def thing_classes(classes: ClassList, stuff: Collection[str] = ()) -> NDArray[np.bool_]:
    """(256,) whether a class id is that of things, which can be counted.

    Args:
        classes: those in force.
        stuff: names of what is none, in any case; empty for the usual ones (`STUFF_NAMES`).
    """
    names = classes.by_id()
    is_thing = np.zeros(256, np.bool_)
    is_thing[list(names)] = True
    return is_thing & ~classes_named(names, stuff or STUFF_NAMES)
