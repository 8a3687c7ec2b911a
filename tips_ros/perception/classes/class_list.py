# SPDX-License-Identifier: Apache-2.0
"""Class names, their ids and the colours they are shown in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tips_ros.texts.printable import quote

UNLABELLED = 255
_MAX_CLASSES = 255  # ids 0..254 in a mono8 label map; 255 means unlabelled

# A colour at least this far (CIE Lab) from all earlier ones of the list is taken at once: the first
# so many are easily told apart, laid over a picture, too; of a long list that can't be had of all.
_EASILY_DIFFERENT, _EASY = 36.0, 12
_CLEARLY_DIFFERENT = 24.0
_TRIES = 64
# What pages and plots show unlabelled pixels in: no class has a colour like it.
UNLABELLED_RGB = (134, 142, 154)


@dataclass(frozen=True)
class ClassList:
    """Class names in the order of the model's outputs, and the ids they have in a label map.

    Attributes:
        names: what the classes are called.
        ids: one for each name, 0 to 254; 0, 1, 2, … unless given.

    Raises:
        ValueError: no name, an empty or repeated one (upper and lower case count as the same, as
            they are to the text encoder), or more than 255; an id that is repeated or out of
            range, or not one for each name.
    """

    names: tuple[str, ...]
    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.names:
            raise ValueError("a class list needs at least one name")
        if len(self.names) > _MAX_CLASSES:
            raise ValueError(f"{len(self.names)} classes; a mono8 label map holds {_MAX_CLASSES}")
        seen: dict[str, int] = {}
        for position, name in enumerate(self.names):
            if not name.strip():
                raise ValueError(f"class {position} has an empty name; remove it")
            earlier = seen.setdefault(name_key(name), position)
            if earlier != position:
                raise ValueError(
                    f"class {quote(name)} stands at {earlier} and at {position}; remove one of "
                    "them"
                )
        if not self.ids:
            object.__setattr__(self, "ids", tuple(range(len(self.names))))
        self._check_ids()

    def _check_ids(self) -> None:
        if len(self.ids) != len(self.names):
            raise ValueError(f"{len(self.ids)} ids for {len(self.names)} classes; give each one")
        name_of: dict[int, str] = {}
        for class_id, name in zip(self.ids, self.names, strict=True):
            if type(class_id) is not int or not 0 <= class_id < UNLABELLED:
                raise ValueError(f"class {quote(name)} has the id {class_id!r}; ids are 0 to 254")
            earlier = name_of.setdefault(class_id, name)
            if earlier != name:
                both = f"{quote(earlier)} and for {quote(name)}"
                raise ValueError(f"id {class_id} stands for {both}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ids_are_positions(self) -> bool:
        """Whether the ids are 0, 1, 2, … in order."""
        return self.ids == tuple(range(len(self.names)))

    def by_id(self) -> dict[int, str]:
        """Id → name."""
        return dict(zip(self.ids, self.names, strict=True))

    @cached_property
    def id_by_key(self) -> dict[str, int]:
        """`name_key` of a name → its id, of several the last."""
        return {name_key(name): class_id for class_id, name in self.by_id().items()}

    def name_of(self, class_id: int) -> str:
        """The name of an id of a label map; ValueError for an id that no class has."""
        try:
            return self.names[self.ids.index(class_id)]
        except ValueError:
            raise ValueError(f"no class has the id {class_id}") from None

    def palette(self) -> NDArray[np.uint8]:
        """One colour per id, (256, 3) uint8 RGB, read-only; ids without a class (and 255) black.

        A colour comes from the name: the same word has the same colour in another list too,
        unless an earlier class of that list already took one that looks alike. The first dozen of
        a list are easily told apart, from each other and from `UNLABELLED_RGB`.
        """
        return _palette(self.names, self.ids)


def class_list(names: Iterable[str], ids: Iterable[int] = ()) -> ClassList:
    """A list of names as typed: surrounding spaces are dropped. Errors as in `ClassList`."""
    return ClassList(tuple(name.strip() for name in names), tuple(ids))


def name_key(name: str) -> str:
    """Returns the key that two names share if they count as the same: case and edges aside."""
    return name.strip().casefold()


@lru_cache(maxsize=32)
def _palette(names: tuple[str, ...], ids: tuple[int, ...]) -> NDArray[np.uint8]:
    rgb, lab = _candidates()
    palette = np.zeros((256, 3), np.uint8)
    taken = _lab(np.array([UNLABELLED_RGB]) / 255)
    for position, (class_id, name) in enumerate(zip(ids, names, strict=True)):
        digest = hashlib.shake_128(name_key(name).encode()).digest(2 * _TRIES)
        wanted = np.frombuffer(digest, "<u2").astype(np.int64) % len(rgb)
        gaps = np.linalg.norm(lab[wanted][:, None] - taken[None], axis=2).min(axis=1)
        least = _EASILY_DIFFERENT if position < _EASY else _CLEARLY_DIFFERENT
        clear = np.flatnonzero(gaps >= least)
        choice = wanted[clear[0] if clear.size else int(gaps.argmax())]
        palette[class_id] = rgb[choice]
        taken = np.vstack([taken, lab[choice]])
    palette.flags.writeable = False
    return palette


@lru_cache(maxsize=1)
def _candidates() -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Colours that are neither grey, nor near black or white, as RGB bytes and as CIE Lab."""
    level = np.linspace(0, 255, 18).round()
    rgb = np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = _lab(rgb / 255)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    good = (lab[:, 0] > 38) & (lab[:, 0] < 88) & (chroma > 32)
    return rgb[good].astype(np.uint8), lab[good]


def _lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE Lab (D65) of sRGB in [0, 1], (N, 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lightness, x_y, y_z = 116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])
    return np.stack([lightness, x_y, y_z], axis=1)
