# SPDX-License-Identifier: Apache-2.0
"""Chairs; their sitter looks along +x."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import beam, box, boxes
from training.scenes.shapes.patch import Shape, above_floor, moved, reverse, surface, turned
from training.scenes.shapes.round import cylinder, rod
from training.scenes.shapes.rounded import ball, rounded_box
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material, plain
from training.scenes.things import CHAIR, Thing

Rng = np.random.Generator


def chair(rng: Rng) -> list[Thing]:
    """A chair of any design."""
    designs = [wooden_chair, upholstered_chair, shell_chair, office_chair, tube_chair]
    return designs[rng.choice(len(designs), p=[0.32, 0.18, 0.15, 0.23, 0.12])](rng)


def wooden_chair(rng: Rng) -> list[Thing]:
    """Four legs, a board to sit on (perhaps with a pad) and a back of slats, bars or a board."""
    wide, deep = rng.uniform(0.38, 0.48), rng.uniform(0.38, 0.46)
    seat, top = rng.uniform(0.43, 0.48), rng.uniform(0.8, 1.02)
    thick, lean = rng.uniform(0.028, 0.045), rng.uniform(0.02, 0.1)
    wood = (materials.painted_wood if rng.random() < 0.35 else materials.wood)(rng)
    x, y = deep / 2 - thick / 2, wide / 2 - thick / 2
    splay = rng.choice([0.0, rng.uniform(0.02, 0.06)])
    parts = box((-deep / 2, -wide / 2, seat - 0.035), (deep / 2, wide / 2, seat))
    for side in (-1, 1):
        parts += beam((x + splay, side * (y + splay / 2), 0), (x, side * y, seat - 0.03), thick)
        parts += beam((-x - splay, side * (y + splay / 2), 0), (-x, side * y, seat), thick)
        parts += beam((-x, side * y, seat), (-x - lean, side * y, top), thick)
    if rng.random() < 0.5:  # bars between the legs
        for side in (-1, 1):
            parts += beam((-x, side * y, seat * 0.4), (x, side * y, seat * 0.4), 0.02)
    parts += _back(rng, (x, y), (seat, top), lean)
    things = [Thing(above_floor(parts), wood, CHAIR)]
    if rng.random() < 0.4:
        pad = moved(rounded_box((deep * 0.94, wide * 0.94, 0.05), 0.02), 0, 0, seat + 0.02)
        things.append(Thing(pad, _cover(rng), CHAIR))
    return things


def _back(rng: Rng, half: tuple[float, float], span: tuple[float, float], lean: float) -> Shape:
    """Level slats, upright bars, or one board, between the back posts."""
    (x, y), (seat, top) = half, span

    def at(z: float) -> float:
        return -x - lean * (z - seat) / (top - seat)

    kind = rng.integers(3)
    if kind == 0:
        count, high = int(rng.integers(2, 5)), rng.uniform(0.04, 0.08)
        levels = np.linspace(seat + 0.14, top - high, count)
        low = [(at(z + high / 2) - 0.009, -y, z) for z in levels]
        return boxes(low, np.array(low) + (0.018, 2 * y, high))
    rail = 0.06
    parts = boxes([(at(top) - 0.01, -y, top - rail)], [(at(top) + 0.014, y, top)])
    if kind == 1:
        for b in np.linspace(-y, y, int(rng.integers(4, 8)) + 2)[1:-1]:
            parts += beam((-x, b, seat), (at(top - rail), b, top - rail), 0.014, 0.022)
        return parts
    under = seat + rng.uniform(0.06, 0.2)
    return parts + beam((at(under), 0, under), (at(top), 0, top), 0.016, 2 * y)


def _cover(rng: Rng) -> Material:
    return (materials.leather if rng.random() < 0.35 else materials.fabric)(rng)


def _legs(half: float, height: float, splay: float, radius: float) -> Shape:
    """Four round legs under a square."""
    parts: Shape = []
    for a in (-1, 1):
        for b in (-1, 1):
            foot = (a * (half + splay), b * (half + splay), 0.0)
            parts += rod(foot, (a * half, b * half, height), radius * 0.7, radius)
    return above_floor(parts)


def upholstered_chair(rng: Rng) -> list[Thing]:
    """A soft seat and a soft back on four legs, perhaps with arms."""
    wide, deep, seat = rng.uniform(0.44, 0.6), rng.uniform(0.42, 0.54), rng.uniform(0.44, 0.49)
    high, thick = rng.uniform(0.36, 0.58), rng.uniform(0.06, 0.11)
    soft = moved(rounded_box((deep, wide, 0.1), 0.035, swell=0.01), 0, 0, seat - 0.05)
    back = moved(rounded_box((thick, wide, high), 0.035, swell=0.01), 0, 0, high / 2)
    back = moved(turned(back, "y", -rng.uniform(4, 14)), thick / 2 - deep / 2, 0, seat - 0.04)
    if rng.random() < 0.45:
        for side in (-1, 1):
            arm = rounded_box((deep * 0.85, 0.06, 0.24), 0.025)
            soft += moved(arm, 0, side * (wide / 2 + 0.01), seat + 0.08)
    legs = _legs(min(wide, deep) / 2 - 0.05, seat - 0.09, rng.uniform(0, 0.05), 0.018)
    leg = (materials.metal if rng.random() < 0.35 else materials.wood)(rng)
    return [Thing(soft + back, _cover(rng), CHAIR), Thing(legs, leg, CHAIR)]


def shell_chair(rng: Rng) -> list[Thing]:
    """One bent sheet to sit in, on thin legs."""
    wide, seat, high = rng.uniform(0.42, 0.52), rng.uniform(0.42, 0.47), rng.uniform(0.36, 0.46)
    # From the front edge over the seat and up the back: x and z.
    path = np.array([(0.24, -0.03), (0.21, 0.0), (0.1, -0.02), (-0.06, -0.03), (-0.16, 0.01),
                     (-0.2, 0.1), (-0.23, 0.6 * high), (-0.27, high)])  # fmt: skip
    across = np.linspace(-1, 1, 9)[None, :]
    half = wide / 2 * np.array([0.86, 0.95, 1, 1, 1, 1, 0.95, 0.7])[:, None]
    curl = rng.uniform(0.03, 0.1) * across**4
    x = path[:, :1] + 0.8 * curl * (path[:, 1:] > 0.02)
    z = seat + path[:, 1:] + curl * (path[:, 1:] <= 0.02)
    points = np.stack(np.broadcast_arrays(x, half * across, z), axis=-1)
    uv = np.stack(np.broadcast_arrays(across * wide / 2, np.linspace(0, 0.9, 8)[:, None]), axis=-1)
    sheet = surface(points[::-1, ::-1], uv[::-1, ::-1])
    if sheet.normals[4, 4, 2] + sheet.normals[4, 4, 0] < 0:
        sheet = reverse(sheet)
    shell = [sheet, reverse(sheet, 0.012)]
    skin = (materials.wood if rng.random() < 0.2 else materials.plastic)(rng)
    leg = (materials.metal if rng.random() < 0.5 else materials.wood)(rng)
    legs = _legs(0.12, seat - 0.03, rng.uniform(0.06, 0.11), rng.uniform(0.009, 0.016))
    return [Thing(shell, skin, CHAIR), Thing(legs, leg, CHAIR)]


def office_chair(rng: Rng) -> list[Thing]:
    """A swivel chair: a star of castors, a column, a seat, a back and mostly arms."""
    seat, wide = rng.uniform(0.44, 0.54), rng.uniform(0.44, 0.52)
    high, arms, spokes = rng.uniform(0.36, 0.68), rng.random() < 0.7, 5
    frame = cylinder(0.028, 0.09, seat - 0.06, segments=8)
    wheels: Shape = []
    for k in range(spokes):
        way = np.array([np.cos(2 * np.pi * k / spokes + 0.3), np.sin(2 * np.pi * k / spokes + 0.3)])
        frame += beam((*(0.02 * way), 0.12), (*(0.3 * way), 0.07), 0.025, 0.045)
        wheels += moved(ball(0.029, 6), 0.29 * way[0], 0.29 * way[1], 0.029)
    soft = moved(rounded_box((0.46, wide, 0.09), 0.04, swell=0.012), 0.02, 0, seat - 0.04)
    back = rounded_box((0.06, wide * rng.uniform(0.8, 1), high), 0.03, swell=0.01)
    back = turned(moved(back, 0, 0, high / 2), "y", -rng.uniform(5, 14))
    soft += moved(back, -0.2, 0, seat + rng.uniform(0.06, 0.16))
    frame += beam((-0.1, 0, seat - 0.07), (-0.25, 0, seat - 0.03), 0.03, 0.07)
    frame += beam((-0.24, 0, seat - 0.05), (-0.27, 0, seat + 0.3), 0.02, 0.07)
    if rng.random() < 0.25:
        soft += moved(rounded_box((0.06, 0.26, 0.14), 0.03), -0.3, 0, seat + 0.2 + high)
    if arms:
        for side in (-1, 1):
            y = side * (wide / 2 + 0.035)
            frame += beam((-0.02, side * 0.2, seat - 0.07), (-0.02, y, seat), 0.03, 0.04)
            frame += beam((-0.02, y, seat - 0.02), (-0.02, y, seat + 0.2), 0.05, 0.025)
            frame += moved(rounded_box((0.25, 0.06, 0.03), 0.014, 1), 0.02, y, seat + 0.21)
    grey = rng.uniform(18, 70) if rng.random() < 0.8 else rng.uniform(150, 235)
    dark = materials.metal(rng) if rng.random() < 0.3 else plain(grey, grey, grey * 1.03)
    return [
        Thing(soft, _cover(rng), CHAIR),
        Thing(frame, dark, CHAIR),
        Thing(wheels, plain(32, 32, 34), CHAIR),
    ]


def tube_chair(rng: Rng) -> list[Thing]:
    """A stacking chair of bent tube with two boards, or a folding one with crossed legs."""
    wide, seat, top = rng.uniform(0.38, 0.46), rng.uniform(0.43, 0.47), rng.uniform(0.76, 0.86)
    radius, y = rng.uniform(0.009, 0.013), wide / 2
    tube: Shape = []
    folding = rng.random() < 0.4
    for side in (-y, y):
        if folding:
            tube += rod((0.24, side, 0), (-0.22, side, top), radius)
            inside = side * 0.88
            tube += rod((-0.22, inside, 0), (0.18, inside, seat), radius)
        else:
            tube += rod((0.21, side, 0), (0.19, side, seat - 0.015), radius)
            tube += rod((0.19, side, seat - 0.015), (-0.18, side, seat - 0.015), radius)
            tube += rod((-0.24, side, 0), (-0.18, side, seat), radius)
            tube += rod((-0.18, side, seat), (-0.24, side, top), radius)
    board = moved(rounded_box((0.4, wide * 0.94, 0.025), 0.01, 1), 0.01, 0, seat)
    back = turned(rounded_box((0.018, wide * 1.02, rng.uniform(0.12, 0.22)), 0.008, 1), "y", -10)
    board += moved(back, -0.22, 0, top - 0.09)
    kinds = [materials.wood, materials.plastic, materials.fabric, materials.plastic]
    skin = kinds[rng.integers(len(kinds))](rng)
    return [Thing(board, skin, CHAIR), Thing(above_floor(tube), materials.metal(rng), CHAIR)]
