# SPDX-License-Identifier: Apache-2.0
"""The furnished sample room and its lights."""

from __future__ import annotations

import numpy as np

from tips_ros.demo.scene import building, furniture
from tips_ros.demo.scene.building import HEIGHT, Y1
from tips_ros.demo.scene.lighting import AreaLight
from tips_ros.demo.scene.things import Thing

LIGHTS = [
    AreaLight((2.0, 0.55, HEIGHT - 0.05), (0.7, 0, 0), (0, -0.7, 0), (6.6, 6.2, 5.6)),
    AreaLight((2.5, Y1 - 0.2, 0.85), (1.5, 0, 0), (0, 0, 1.3), (4.6, 5.2, 6.2)),
    # The bulb of the standing lamp, out of the open bottom and the open top of its shade.
    AreaLight((4.56, 1.84, 1.44), (0.12, 0, 0), (0, -0.12, 0), (0.9, 0.65, 0.36), samples=2),
    AreaLight((4.56, 1.72, 1.6), (0.12, 0, 0), (0, 0.12, 0), (0.7, 0.5, 0.28), samples=2),
]


def living_room() -> list[Thing]:
    """Everything in the room; metres, x forward into the room, y left, z up, floor at z = 0."""
    rng = np.random.default_rng(20)
    return [
        *building.shell(),
        *building.window(),
        *building.door(),
        *furniture.sofa(),
        *furniture.coffee_table(),
        *furniture.dining_corner(),
        *furniture.bookshelf(rng),
        *furniture.plant(rng),
        *furniture.lamps(),
        *furniture.small_things(),
    ]
