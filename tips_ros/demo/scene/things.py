# SPDX-License-Identifier: Apache-2.0
"""What a scene is made of: shapes of a material that belong to a class."""

from __future__ import annotations

from dataclasses import dataclass

from tips_ros.demo.scene.meshes import Shape
from tips_ros.demo.scene.textures import Material

# ADE20K ids, counted from 0.
WALL, FLOOR, CEILING, WINDOW, DOOR, TABLE, PLANT, CURTAIN, CHAIR = 0, 3, 5, 8, 14, 15, 17, 18, 19
PAINTING, SOFA, SHELF, RUG, LAMP, CUSHION, BOX = 22, 23, 24, 28, 36, 39, 41
COFFEE_TABLE, BOOK, LIGHT, BALL, VASE = 64, 67, 82, 119, 135
UNLABELLED = 255


@dataclass(frozen=True)
class Thing:
    """Shapes of one material and one class."""

    shape: Shape
    material: Material
    label: int
