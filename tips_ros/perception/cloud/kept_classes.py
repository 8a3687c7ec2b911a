# SPDX-License-Identifier: Apache-2.0
"""Classes chosen by name → the label ids whose points stay in a cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED, ClassList, name_key

# The name of the pixels that belong to no class, where classes are chosen by name.
UNLABELLED_NAME = "unlabelled"


class KeptClasses(NamedTuple):
    """The classes that are kept, and the names that could not be found."""

    keep: NDArray[np.bool_] | None  # (256,) by id; None: everything
    unknown: tuple[str, ...]  # names that are not among the classes now; they keep and cut nothing


KEEP_ALL = KeptClasses(None, ())


def select_classes(
    classes: ClassList, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> KeptClasses:
    """Selects what `include` names, or everything where it is empty, without what `exclude` names.

    Names count as the same as in class lists: upper and lower case and surrounding spaces aside.
    `unlabelled` names the pixels of no class; like all else they go when `include` doesn't name
    them. Empty names are ignored: `['']` is how an empty list is written in a parameters file.
    Where `include` names only what is not among the classes, nothing is kept.
    """
    wanted, unwanted = ([name for name in names if name.strip()] for names in (include, exclude))
    if not wanted and not unwanted:
        return KEEP_ALL
    ids_of: dict[str, list[int]] = {UNLABELLED_NAME: [UNLABELLED]}
    for class_id, name in classes.by_id().items():
        ids_of.setdefault(name_key(name), []).append(class_id)
    keep = np.full(256, not wanted)
    for names, kept in ((wanted, True), (unwanted, False)):
        for name in names:
            keep[ids_of.get(name_key(name), [])] = kept
    # Each once, in the order given.
    unknown = dict.fromkeys(n for n in (*wanted, *unwanted) if name_key(n) not in ids_of)
    return KeptClasses(None if keep.all() else keep, tuple(unknown))
