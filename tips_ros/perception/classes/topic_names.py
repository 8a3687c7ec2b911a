# SPDX-License-Identifier: Apache-2.0
"""Class names as parts of ROS topic names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_LONGEST = 64  # letters of one name in a topic; DDS takes some 240 for the whole


def topic_names(names: Sequence[str]) -> tuple[str, ...]:
    """Makes a part of a ROS topic name for each class name, all different, in the same order.

    A part of a topic name holds a–z, 0–9 and single underscores, and begins with a letter:

    * Letters become lower case, accents go: `Tür` → `tur`.
    * A letter or digit of another script becomes `u` and its code point: `杯` → `u676f`.
    * Whatever lies between words becomes one underscore: `coffee cup` → `coffee_cup`.
    * A name that begins with a digit, or of which nothing is left, has `class` in front:
      `3D printer` → `class_3d_printer`.
    * At most 64 letters; of names that are the same by now, the later ones in the list get a
      number: `coffee_cup`, `coffee_cup_2`.
    """
    taken: dict[str, None] = {}  # keeps the order
    for name in names:
        part = _topic_part(name)
        short = part[: _LONGEST - len("_255")].rstrip("_")
        numbered = (f"{short}_{n}" for n in range(2, 2 + len(names)))
        free = part if part not in taken else next(n for n in numbered if n not in taken)
        taken[free] = None
    return tuple(taken)


def _topic_part(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    spelt = "".join(f" u{ord(c):x} " if c.isalnum() and not c.isascii() else c for c in letters)
    words = re.findall(r"[a-z0-9]+", spelt)
    if not words or words[0][0].isdigit():
        words.insert(0, "class")
    return "_".join(words)[:_LONGEST].rstrip("_")
