# SPDX-License-Identifier: Apache-2.0
"""What stands in the sample room, each piece at its place."""

from __future__ import annotations

import numpy as np

from tips_ros.demo.scene import meshes, textures
from tips_ros.demo.scene.building import HEIGHT, X1, Y0
from tips_ros.demo.scene.meshes import Shape, box, cylinder, moved, pillow, rectangle
from tips_ros.demo.scene.things import (
    BALL,
    BOOK,
    BOX,
    CHAIR,
    COFFEE_TABLE,
    CUSHION,
    LAMP,
    LIGHT,
    PAINTING,
    PLANT,
    SHELF,
    SOFA,
    TABLE,
    UNLABELLED,
    VASE,
    Thing,
)


def sofa() -> list[Thing]:
    """A sofa with cushions, and the painting above it."""
    grey = textures.mottled(82, 98, 122, 9, 0.06, 1.5)
    parts = [*moved(pillow((0.92, 2.1, 0.3), 0.12), 4.48, 0.35, 0.25)]
    parts += moved(pillow((0.26, 2.06, 0.62), 0.25), 4.82, 0.35, 0.58)
    for y in (-0.62, 1.32):
        parts += moved(pillow((0.92, 0.2, 0.5), 0.25), 4.48, y, 0.38)
    for y in (-0.08, 0.78):
        parts += moved(pillow((0.68, 0.86, 0.2), 0.3), 4.38, y, 0.45)
        parts += moved(pillow((0.2, 0.82, 0.4), 0.4), 4.68, y, 0.68)
    feet = [
        s for x in (4.1, 4.85) for y in (-0.6, 1.3) for s in moved(cylinder(0.03, 0, 0.12), x, y)
    ]
    red = moved(pillow((0.14, 0.42, 0.42), 0.55), 4.5, -0.36, 0.72, yaw_deg=18)
    yellow = moved(pillow((0.14, 0.4, 0.4), 0.55), 4.5, 1.06, 0.72, yaw_deg=-20)
    return [
        Thing(parts, grey, SOFA),
        Thing(feet, textures.plain(60, 40, 26), SOFA),
        Thing(red, textures.mottled(176, 60, 44, 10, 0.05, 1.5), CUSHION),
        Thing(yellow, textures.mottled(206, 160, 60, 11, 0.05, 1.5), CUSHION),
        Thing(
            [*box((X1 - 0.035, -0.3, 1.28), (X1, 1.0, 2.06))], textures.plain(52, 38, 28), PAINTING
        ),
        Thing(
            [rectangle((X1 - 0.04, 0.94, 1.34), (0, -1.18, 0), (0, 0, 0.66))],
            textures.painting((1.18, 0.66), 12), PAINTING,
        ),
    ]  # fmt: skip


def _table(x: float, y: float, size: tuple[float, float, float], leg: float) -> Shape:
    dx, dy, height = size
    shape = box(
        (x - dx / 2, y - dy / 2, height - 0.04), (x + dx / 2, y + dy / 2, height), cell=0.04
    )
    for sx in (-1, 1):
        for sy in (-1, 1):
            a, b = x + sx * (dx / 2 - 0.05), y + sy * (dy / 2 - 0.05)
            shape += box((a - leg, b - leg, 0), (a + leg, b + leg, height - 0.04))
    return shape


def coffee_table() -> list[Thing]:
    """A low table with books and a vase."""
    table = _table(3.1, 0.45, (0.6, 1.05, 0.43), 0.025)
    lower = box((-0.11, -0.15, 0), (0.11, 0.15, 0.03))
    upper = box((-0.1, -0.13, 0), (0.1, 0.13, 0.025))
    vase = meshes.lathe(
        [(0.0, 0.435), (0.05, 0.435), (0.075, 0.5), (0.06, 0.58), (0.03, 0.64), (0.04, 0.67)]
    )
    return [
        Thing(table, textures.planks(120, 78, 46, 13), COFFEE_TABLE),
        Thing(moved(lower, 3.02, 0.2, 0.43, 15), textures.plain(40, 92, 120), BOOK),
        Thing(moved(upper, 3.02, 0.2, 0.46, -8), textures.plain(200, 110, 60), BOOK),
        Thing([vase.moved(3.14, 0.72)], textures.plain(226, 226, 220), VASE),
    ]  # fmt: skip


def _chair(x: float, y: float, yaw_deg: float) -> Shape:
    """A chair that looks along +x before it is turned."""
    shape = box((-0.21, -0.21, 0.43), (0.21, 0.21, 0.47), cell=0.04)
    for a in (-0.18, 0.18):
        for b in (-0.18, 0.18):
            top = 0.92 if a < 0 else 0.43
            shape += box((a - 0.018, b - 0.018, 0), (a + 0.018, b + 0.018, top), cell=0.05)
    for low in (0.58, 0.7, 0.82):
        shape += box((-0.19, -0.165, low), (-0.17, 0.165, low + 0.07), cell=0.05)
    return moved(shape, x, y, 0, yaw_deg)


def dining_corner() -> list[Thing]:
    """A table with three chairs and a bowl of fruit."""
    table = _table(1.95, -1.5, (1.3, 0.85, 0.75), 0.03)
    chairs = [*_chair(1.72, -0.78, -80), *_chair(2.3, -0.82, -97), *_chair(1.12, -1.55, 8)]
    bowl = meshes.lathe(
        [
            (0.0, 0.75),
            (0.06, 0.75),
            (0.12, 0.79),
            (0.15, 0.83),
            (0.14, 0.83),
            (0.1, 0.79),
            (0, 0.77),
        ]
    )
    fruit = [
        s
        for x, y in ((0, 0.03), (0.06, -0.04), (-0.05, -0.03))
        for s in moved(pillow((0.08,) * 3, 1.0), 1.95 + x, -1.5 + y, 0.83)
    ]
    return [
        Thing(table, textures.planks(190, 146, 98, 14), TABLE),
        Thing(chairs, textures.planks(112, 66, 38, 15), CHAIR),
        Thing([bowl.moved(1.95, -1.5)], textures.plain(60, 120, 140), UNLABELLED),
        Thing(fruit, textures.plain(220, 110, 30), UNLABELLED),
    ]  # fmt: skip


def bookshelf(rng: np.random.Generator) -> list[Thing]:
    """Shelves full of books."""
    x0, x1, y0, y1, top = 3.2, 4.3, Y0, Y0 + 0.3, 1.9
    wood = [*box((x0, y0, 0), (x0 + 0.03, y1, top)), *box((x1 - 0.03, y0, 0), (x1, y1, top))]
    levels = (0.04, 0.42, 0.8, 1.16, 1.52, 1.87)
    for z in levels:
        wood += box((x0, y0, z), (x1, y1, z + 0.03))
    things = [Thing(wood, textures.planks(206, 180, 142, 16), SHELF)]
    colours = [
        (150, 44, 40),
        (36, 66, 110),
        (220, 200, 150),
        (40, 90, 66),
        (30, 30, 36),
        (200, 120, 40),
        (110, 70, 120),
    ]
    books: list[Shape] = [[] for _ in colours]
    for z in levels[:-1]:
        x = x0 + 0.05
        stop = x1 - rng.uniform(0.06, 0.4)
        while x < stop:
            thick, high, deep = (
                rng.uniform(0.018, 0.05),
                rng.uniform(0.19, 0.29),
                rng.uniform(0.14, 0.22),
            )
            books[rng.integers(len(colours))] += box(
                (x, y0 + 0.02, z + 0.03), (x + thick, y0 + deep, z + 0.03 + high), cell=0.1
            )
            x += thick + 0.002
    return things + [
        Thing(b, textures.plain(*c), BOOK) for b, c in zip(books, colours, strict=True)
    ]


def plant(rng: np.random.Generator) -> list[Thing]:
    """A potted plant."""
    pot = [
        meshes.lathe(
            [(0.11, 0.0), (0.16, 0.3), (0.17, 0.32), (0.15, 0.32), (0.14, 0.28), (0.0, 0.28)]
        )
    ]
    leaves: list[Shape] = [[], []]
    for k in range(46):
        turn, lean = 2.4 * k + rng.normal(0, 0.2), rng.uniform(0.15, 1.0)
        length, width = rng.uniform(0.5, 0.95), rng.uniform(0.05, 0.09)
        s = np.linspace(0, 1, 12)[:, None]
        across = np.linspace(-1, 1, 5)[None, :]
        reach = length * lean * s * (0.5 + 0.5 * s)
        height = 0.3 + length * (s * (1.25 - 0.45 * lean) - 0.45 * lean * s**2)
        half = width * np.sin(np.pi * np.clip(0.06 + 0.94 * s, 0, 1)) ** 0.7
        local = np.stack(
            np.broadcast_arrays(reach, half * across, height - 0.3 * half * np.abs(across)), axis=-1
        )
        c, d = np.cos(turn), np.sin(turn)
        points = local @ np.array([[c, d, 0], [-d, c, 0], [0, 0, 1]])
        uv = np.stack(np.broadcast_arrays(s, across), axis=-1)
        leaves[k % 2].append(meshes.surface(points[::-1], uv))
    at = (4.55, -0.98)
    return [
        Thing(moved(pot, *at), textures.mottled(172, 92, 60, 17, 0.05, 4), PLANT),
        Thing(moved(leaves[0], *at), textures.plain(58, 112, 48), PLANT),
        Thing(moved(leaves[1], *at), textures.plain(86, 138, 62), PLANT),
    ]


def lamps() -> list[Thing]:
    """A standing lamp and the panel at the ceiling."""
    shade = meshes.lathe([(0.2, 1.38), (0.18, 1.5), (0.15, 1.68)])
    stand = [*cylinder(0.14, 0, 0.025), *cylinder(0.013, 0.025, 1.4)]
    panel = [*box((2.0, -0.15, HEIGHT - 0.04), (2.7, 0.55, HEIGHT - 0.001))]
    return [
        Thing(moved(stand, 4.62, 1.78), textures.plain(40, 38, 36), LAMP),
        Thing([shade.moved(4.62, 1.78)], textures.plain(255, 214, 150, glow=1.5), LAMP),
        Thing(panel, textures.plain(255, 250, 240, glow=2.5), LIGHT),
    ]


def small_things() -> list[Thing]:
    """A cardboard box and a beach ball on the floor."""
    ball = moved(pillow((0.3, 0.3, 0.3), 1.0, 48), 1.5, 0.42, 0.15, 40)
    carton = moved(box((-0.22, -0.17, 0), (0.22, 0.17, 0.3)), 1.75, 1.5, 0, 28)
    tape = moved(box((-0.222, -0.03, 0.2), (0.222, 0.03, 0.302)), 1.75, 1.5, 0, 28)
    return [
        Thing(carton, textures.mottled(180, 136, 88, 18, 0.03, 6), BOX),
        Thing(tape, textures.plain(206, 180, 130), BOX),
        Thing(ball, textures.beach_ball(), BALL),
    ]  # fmt: skip
