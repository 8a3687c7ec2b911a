# SPDX-License-Identifier: Apache-2.0
"""The things of a scene: shapes with a material and a class."""

from __future__ import annotations

from dataclasses import dataclass

from training.scenes.shapes.patch import Shape, moved
from training.scenes.surfaces.material import Material

# ADE20K ids, counted from 0: everything that scenes hold, and nothing else.
WALL, FLOOR, CEILING, BED, WINDOW, CABINET, PERSON, DOOR = 0, 3, 5, 7, 8, 10, 12, 14
TABLE, PLANT, CURTAIN, CHAIR, PAINTING, SOFA, SHELF, RUG = 15, 17, 18, 19, 22, 23, 24, 28
LAMP, CUSHION, BOX, BOOK, LIGHT, BOTTLE, BALL = 36, 39, 41, 67, 82, 98, 119
NAMES = {
    WALL: "wall", FLOOR: "floor", CEILING: "ceiling", BED: "bed", WINDOW: "windowpane",
    CABINET: "cabinet", PERSON: "person", DOOR: "door", TABLE: "table", PLANT: "plant",
    CURTAIN: "curtain", CHAIR: "chair", PAINTING: "painting", SOFA: "sofa", SHELF: "shelf",
    RUG: "rug", LAMP: "lamp", CUSHION: "cushion", BOX: "box", BOOK: "book", LIGHT: "light",
    BOTTLE: "bottle", BALL: "ball",
}  # fmt: skip
UNLABELLED = 255  # where nothing is


@dataclass(frozen=True)
class Thing:
    """Shapes of one material and one class."""

    shape: Shape
    material: Material
    label: int


def placed(
    things: list[Thing], x: float, y: float, z: float = 0.0, yaw_deg: float = 0.0
) -> list[Thing]:
    """The things turned about the z axis, then shifted."""
    return [Thing(moved(t.shape, x, y, z, yaw_deg), t.material, t.label) for t in things]
