# SPDX-License-Identifier: Apache-2.0
"""Ids that stay with their names, for those who remember an id longer than a list of classes."""

from __future__ import annotations

from collections.abc import Sequence

from tips_ros.perception.classes.class_list import UNLABELLED, ClassList, name_key


class StableIds:
    """Gives names the ids 0 to 254, and a name that comes again the one that it had.

    A costmap keeps ids for seconds and reads them by the newest list of names: an id that went from
    one name to another would turn a wall into free space. The model's own classes keep the ids of
    the model. A new name gets an id that nobody had; once there is none left, the one that has
    been out of use longest.
    """

    def __init__(self) -> None:
        self._own: dict[str, int] = {}
        self._given: dict[str, int] = {}  # to other names; the one used last stands last

    def reserve(self, own: ClassList | None) -> None:
        """Takes over a model's own classes, whose ids are as the model has them; None: it has none.

        A name that had one of these ids before loses it.
        """
        self._own = {} if own is None else own.id_by_key
        taken = set(self._own.values())
        self._given = {
            name: i for name, i in self._given.items() if i not in taken and name not in self._own
        }

    def assign(self, names: Sequence[str]) -> tuple[int, ...]:
        """The ids that these names, all different, have or would get; nothing is changed."""
        keys = [name_key(name) for name in names]
        found = {key: self._own.get(key, self._given.get(key, UNLABELLED)) for key in keys}
        missing = [key for key in keys if found[key] == UNLABELLED]
        known = {*self._own.values(), *self._given.values()}
        fresh = [i for i in range(UNLABELLED) if i not in known]
        retired = [i for name, i in self._given.items() if name not in found]
        unused = [i for name, i in self._own.items() if name not in found]
        found |= dict(zip(missing, [*fresh, *retired, *unused], strict=False))
        return tuple(found[key] for key in keys)

    def keep(self, classes: ClassList) -> None:
        """Notes the ids that are in use from now on."""
        for i, name in classes.by_id().items():
            key = name_key(name)
            if self._own.get(key) == i:
                continue
            self._given = {n: j for n, j in self._given.items() if n != key and j != i}
            self._given[key] = i
