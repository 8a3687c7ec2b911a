# SPDX-License-Identifier: Apache-2.0
"""The parameters of things, of their ids, and of the memory of them."""

from __future__ import annotations

from tips_ros.perception.memory.settings import USUAL as MEMORY_USUAL
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

MEMORY_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "memory.enabled",
        False,
        "at once",
        "",
        "Remember the things that are seen, with their places, for ~/find. All cameras share one "
        "memory. The model then runs for every image, whoever listens.",
    ),
    ParameterSpec(
        "memory.frame",
        "map",
        "at once",
        "",
        "Fixed frame of tf2 that places are remembered in. As long as tf2 does not know it, "
        "temporal.frame serves.",
    ),
    ParameterSpec(
        "memory.max_objects",
        MEMORY_USUAL.max_objects,
        "at once",
        "",
        "Things that are remembered at most; beyond, those are forgotten that were not seen for "
        "longest.",
        low=1,
        high=20_000,
    ),
    ParameterSpec(
        "memory.max_mb",
        MEMORY_USUAL.max_mb,
        "at once",
        "MB",
        "Size of all that is remembered at most, likewise.",
        low=0.1,
        high=1000.0,
    ),
    ParameterSpec(
        "memory.max_range_m",
        MEMORY_USUAL.max_range_m,
        "at once",
        "m",
        "Depth beyond which nothing is remembered, nor missed, because it is not trusted.",
        low=0.1,
        high=1000.0,
    ),
    ParameterSpec(
        "memory.folder",
        "",
        "at start",
        "",
        "Folder of the files of ~/memory/save and ~/memory/load. Empty is "
        "~/.local/share/tips_ros/memory.",
    ),
)
