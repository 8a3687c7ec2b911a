# SPDX-License-Identifier: Apache-2.0
"""Settings of what counts as a thing, and of how long one keeps its id."""

from __future__ import annotations

from typing import NamedTuple


class ObjectSettings(NamedTuple):
    """Settings of `instances` and `Tracker`.

    Attributes:
        min_size: as a part of the picture; smaller pieces are no things.
        min_score: pieces with a lower mean score are none, where there are scores.
        depth_jump: pieces are cut where depth grows by more than this fraction.
        birth_hits: frames in which a thing must have been seen before it has an id.
        max_unseen_s: how long a thing may be looked for in vain where it should be seen.
    """

    min_size: float = 0.001
    min_score: float = 0.0
    depth_jump: float = 0.1
    birth_hits: int = 3
    max_unseen_s: float = 2.0


USUAL = ObjectSettings()
