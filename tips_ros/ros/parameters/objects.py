# SPDX-License-Identifier: Apache-2.0
"""The parameters of things and of their ids."""

from __future__ import annotations

from tips_ros.perception.objects.settings import USUAL
from tips_ros.ros.parameters.declaration import ParameterSpec

OBJECT_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "objects.stuff",
        [],
        "at once",
        "",
        "Classes that are no things, by name. Empty is the usual ones: floor, wall, ceiling, sky, "
        "road, grass, water, tree, building, …",
        items=str,
    ),
    ParameterSpec(
        "objects.min_size",
        USUAL.min_size,
        "at once",
        "",
        "As a part of the picture; smaller pieces are no things.",
        low=0.0,
        high=1.0,
    ),
    ParameterSpec(
        "objects.min_score",
        USUAL.min_score,
        "at once",
        "",
        "Pieces with a lower mean score (~/semantic/confidence / 255) are no things.",
        low=0.0,
        high=1.0,
    ),
    ParameterSpec(
        "objects.birth_hits",
        USUAL.birth_hits,
        "at once",
        "",
        "Frames in which a thing must have been seen before it has an id.",
        low=1,
        high=1000,
    ),
    ParameterSpec(
        "objects.max_unseen_s",
        USUAL.max_unseen_s,
        "at once",
        "s",
        "How long a thing may be missing where it should be seen, and keep its id. What is out of "
        "view or hidden keeps it, where temporal.frame tells where the camera is.",
        low=0.0,
        high=3600.0,
    ),
)
