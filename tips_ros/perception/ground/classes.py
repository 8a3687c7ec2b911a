# SPDX-License-Identifier: Apache-2.0
"""Class names that mean floor, in the class lists of people and of datasets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.ground.ground import FloorClasses

# Names, as ADE20K, NYU, Cityscapes and our own lists have them; a class's first word counts.
FLOOR_NAMES = (
    "floor", "flooring", "rug", "carpet", "mat", "doormat", "ground", "road", "street", "sidewalk",
    "pavement", "path", "runway", "dirt track", "earth", "grass", "field", "sand", "tile floor",
    "floor mat", "wooden floor", "parquet", "lawn", "asphalt", "terrain", "ramp",
)  # fmt: skip


def classes_named(names: Mapping[int, str], wanted: Collection[str]) -> NDArray[np.bool_]:
    """(256,) whether a class id has one of the names; "floor, flooring" is called floor.

    Args:
        names: id → name of the classes in use.
        wanted: names, in any case.
    """
    known = {name.strip().lower() for name in wanted}
    table = np.zeros(256, np.bool_)
    for id_, name in names.items():
        called = {name.strip().lower(), *(part.strip().lower() for part in name.split(","))}
        if 0 <= id_ < 255 and called & known:
            table[id_] = True
    return table


@lru_cache(maxsize=16)
def floor_classes(
    classes: ClassList, floor: tuple[str, ...] = (), ignored: tuple[str, ...] = ()
) -> FloorClasses:
    """The ids of a class list by what they mean to a robot.

    Args:
        classes: in use.
        floor: names of what one may drive on; the usual ones by default.
        ignored: names of what is never an obstacle.
    """
    names = dict(zip(classes.ids, classes.names, strict=True))
    return FloorClasses(classes_named(names, floor or FLOOR_NAMES), classes_named(names, ignored))
