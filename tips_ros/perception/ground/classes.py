# SPDX-License-Identifier: Apache-2.0
"""Class names that mean floor, in the class lists of people and of datasets."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

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
