# SPDX-License-Identifier: Apache-2.0
"""Other pieces of homes and offices: kitchens, screens, machines, radiators, shelves of shoes.

Cabinets, tables and boxes are labelled as such; what the classes have no name for is unlabelled.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.scenes.furniture.small.floor_things import cup, papers
from training.scenes.furniture.storage import cabinet, sideboard
from training.scenes.shapes.flat import beam, box, boxes
from training.scenes.shapes.patch import Shape, moved, turned
from training.scenes.shapes.round import cylinder, lathe
from training.scenes.shapes.rounded import rounded_box
from training.scenes.surfaces import materials
from training.scenes.surfaces.any_covering import any_floor
from training.scenes.surfaces.material import Material, plain
from training.scenes.things import CABINET, UNLABELLED, Thing, placed

Rng = np.random.Generator


def kitchen(rng: Rng) -> list[Thing]:
    """Base cabinets under a worktop along a wall, mostly with others above and an oven between."""
    wide, deep, high = rng.uniform(1.2, 3.4), rng.uniform(0.56, 0.66), rng.uniform(0.84, 0.94)
    front = replace(_front(rng), gloss=float(rng.choice([0.0, rng.uniform(0.5, 2.0)])))
    plinth = rng.uniform(0.08, 0.15)
    things = [
        Thing(box((0, -wide / 2, plinth), (deep - 0.02, wide / 2, high)), front, CABINET),
        Thing(box((0, -wide / 2, 0), (deep - 0.07, wide / 2, plinth)),
              materials.painted_wood(rng) if rng.random() < 0.6 else materials.metal(rng), CABINET),
    ]  # fmt: skip
    columns = max(2, round(wide / rng.uniform(0.4, 0.65)))
    oven = int(rng.integers(columns)) if rng.random() < 0.7 else -1
    step, gap = wide / columns, 0.003
    steel, handles = materials.metal(rng), []
    for k in range(columns):
        y = -wide / 2 + k * step
        if k == oven:
            glass = replace(plain(22, 22, 26), gloss=1.6)
            pane = box((deep - 0.02, y + gap, plinth + 0.05), (deep, y + step - gap, high - 0.04))
            things.append(Thing(pane, glass, UNLABELLED))
            continue
        rows = [1.0] if rng.random() < 0.6 else [0.5, 0.25, 0.25]
        z = plinth
        for share in rows:
            up = z + share * (high - plinth)
            face = box((deep - 0.02, y + gap, z + gap), (deep, y + step - gap, up - gap), 0.4)
            things.append(Thing(face, front, CABINET))
            ends = y + step * 0.3, y + step * 0.7
            handles.append(((deep, ends[0], up - 0.05), (deep + 0.025, ends[1], up - 0.035)))
            z = up
    if rng.random() < 0.8:
        things.append(Thing(boxes(*zip(*handles, strict=True)), steel, CABINET))
    top = box((0, -wide / 2 - 0.01, high), (deep + 0.02, wide / 2 + 0.01, high + 0.04), 0.3)
    shine = float(rng.choice([0.0, rng.uniform(0.5, 2.0)]))
    things.append(Thing(top, replace(_worktop(rng), gloss=shine), UNLABELLED))
    for _ in range(int(rng.integers(1, 7))):
        small = (cup if rng.random() < 0.6 else appliance)(rng)
        at = rng.uniform(0.15, deep - 0.15), rng.uniform(-0.42, 0.42) * wide
        things += placed(small, *at, high + 0.04, rng.uniform(-180, 180))
    if rng.random() < 0.65:
        low, tall = rng.uniform(1.35, 1.5), rng.uniform(0.5, 0.75)
        ys = [-wide / 2 + k * step for k in range(columns) if rng.random() < 0.85]
        upper = [((0, y, low), (0.33, y + step - 0.004, low + tall)) for y in ys]
        if upper:
            things.append(Thing(boxes(*zip(*upper, strict=True)), front, CABINET))
    return things


def tall_machine(rng: Rng) -> list[Thing]:
    """A fridge, a vending machine, a server rack."""
    deep, wide, high = rng.uniform(0.55, 0.8), rng.uniform(0.5, 0.9), rng.uniform(0.9, 2.0)
    skin = replace(_shell(rng), gloss=float(rng.choice([0.0, rng.uniform(0.4, 1.6)])))
    body = moved(rounded_box((deep, wide, high - 0.03), 0.02, 1), 0, 0, high / 2 + 0.015)
    things = [Thing(body, skin, UNLABELLED)]
    if rng.random() < 0.7:
        split = high * rng.uniform(0.3, 0.7)
        seam = box(
            (deep / 2 - 0.003, -wide / 2, split), (deep / 2 + 0.001, wide / 2, split + 0.012)
        )
        bar = box((deep / 2, wide * 0.38, split + 0.1), (deep / 2 + 0.04, wide * 0.42, high * 0.9))
        things.append(Thing(seam + bar, materials.metal(rng), UNLABELLED))
    return things


def low_machine(rng: Rng) -> list[Thing]:
    """A washing machine, a dishwasher, a printer on its stand, a heater."""
    deep, wide, high = rng.uniform(0.4, 0.62), rng.uniform(0.4, 0.62), rng.uniform(0.45, 0.9)
    body = moved(rounded_box((deep, wide, high), 0.015, 1), 0, 0, high / 2)
    things = [Thing(body, _shell(rng), UNLABELLED)]
    if rng.random() < 0.5:
        r = wide * 0.32
        ring = turned([lathe([(r, 0), (r * 0.95, 0.03), (r * 0.7, 0.035), (0, 0.01)], 20)], "y", 90)
        door = moved(ring, deep / 2, 0, high * 0.5)
        things.append(Thing(door, replace(materials.metal(rng), gloss=1.0), UNLABELLED))
    return things


def radiator(rng: Rng) -> list[Thing]:
    """Ribs or a ribbed plate, low at a wall."""
    wide, high, low = rng.uniform(0.5, 1.8), rng.uniform(0.35, 0.75), rng.uniform(0.08, 0.18)
    paint = materials.painted_wood(rng) if rng.random() < 0.7 else materials.metal(rng)
    if rng.random() < 0.5:
        count = int(wide / 0.055)
        ys = np.linspace(-wide / 2, wide / 2 - 0.04, count)
        shape = boxes([(0.04, y, low) for y in ys], [(0.13, y + 0.034, low + high) for y in ys])
        shape += boxes([(0.07, -wide / 2, low + 0.04)], [(0.1, wide / 2, low + 0.09)])
    else:
        shape = box((0.04, -wide / 2, low), (0.1, wide / 2, low + high))
        ys = np.arange(-wide / 2 + 0.02, wide / 2 - 0.03, 0.05)
        shape += boxes([(0.1, y, low + 0.03) for y in ys],
                       [(0.107, y + 0.025, low + high - 0.03) for y in ys])  # fmt: skip
    for y in (-wide / 2 + 0.05, wide / 2 - 0.05):
        shape += cylinder_at(0.06, y, 0.009, low + 0.05)
    return [Thing(shape, paint, UNLABELLED)]


def cylinder_at(x: float, y: float, radius: float, high: float) -> Shape:
    """An upright pipe from the floor."""
    return moved(cylinder(radius, 0, high, segments=8), x, y)


def television(rng: Rng) -> list[Thing]:
    """A screen on a low cabinet, dark and glossy or with a picture."""
    base = sideboard(rng) if rng.random() < 0.7 else cabinet(rng)
    points = np.concatenate([p.points.reshape(-1, 3) for t in base for p in t.shape])
    top = float(points[:, 2].max())
    if top > 1.2:
        return base
    return base + placed(screen(rng, rng.uniform(0.6, 1.3)), 0, 0, top)


def screen(rng: Rng, wide: float) -> list[Thing]:
    """A flat screen on a foot, looking along +x."""
    high, rise = wide * rng.uniform(0.55, 0.62), rng.uniform(0.03, 0.12)
    case = moved(rounded_box((0.03, wide, high), 0.008, 1), 0, 0, rise + high / 2)
    case += box((-0.08, -wide * 0.2, 0), (0.08, wide * 0.2, 0.012))
    case += beam((0, 0, 0), (0, 0, rise + 0.05), 0.05)
    pane = box(
        (0.0151, -wide / 2 + 0.01, rise + 0.015), (0.0165, wide / 2 - 0.01, rise + high - 0.01)
    )
    if rng.random() < 0.6:
        look = replace(plain(14, 14, 17), gloss=float(rng.uniform(0.4, 1.8)))
    else:
        look = replace(materials.poster(rng, (wide, high)), glow=float(rng.uniform(0.5, 1.8)))
    dark = plain(*(float(rng.choice([24, 40, 190])),) * 3)
    return [Thing(case, dark, UNLABELLED), Thing(pane, look, UNLABELLED)]


def appliance(rng: Rng) -> list[Thing]:
    """A kettle, a toaster, a loudspeaker, a router, a clock: something for a worktop."""
    size = rng.uniform(0.08, 0.3), rng.uniform(0.1, 0.32), rng.uniform(0.06, 0.34)
    if rng.random() < 0.4:
        r = size[0] / 2
        shape = [
            lathe([(0, 0), (r, 0), (r * 0.9, size[2] * 0.7), (r * 0.6, size[2]), (0, size[2])], 14)
        ]
    else:
        shape = moved(rounded_box(size, 0.02, 1), 0, 0, size[2] / 2)
    return [Thing(shape, _shell(rng), UNLABELLED)]


def laptop(rng: Rng) -> list[Thing]:
    """Open or shut, looking along +x."""
    wide, deep = rng.uniform(0.28, 0.38), rng.uniform(0.2, 0.26)
    case = materials.metal(rng) if rng.random() < 0.7 else materials.plastic(rng)
    base = box((0, -wide / 2, 0), (deep, wide / 2, 0.018))
    if rng.random() < 0.25:
        return [Thing(base, case, UNLABELLED)]
    lid = box((-0.008, -wide / 2, 0), (0, wide / 2, deep))
    pane = box((0.0005, -wide / 2 + 0.01, 0.01), (0.0015, wide / 2 - 0.01, deep - 0.01))
    turn = -rng.uniform(5, 30)
    lid, pane = (moved(turned(s, "y", turn), 0, 0, 0.018) for s in (lid, pane))
    picture = replace(materials.poster(rng, (wide, deep)), glow=float(rng.choice([0.0, 1.2])))
    return [Thing(base + lid, case, UNLABELLED), Thing(pane, picture, UNLABELLED)]


def table_thing(rng: Rng) -> list[Thing]:
    """A thing for desks and tables, beside books, bottles and plants."""
    kinds = [cup, cup, papers, laptop, appliance, lambda r: screen(r, r.uniform(0.4, 0.6))]
    return kinds[rng.integers(len(kinds))](rng)


def stairs(rng: Rng) -> list[Thing]:
    """A few steps up, or a low platform."""
    steps, wide = int(rng.integers(1, 6)), rng.uniform(0.7, 1.4)
    rise, run = rng.uniform(0.1, 0.19), rng.uniform(0.25, 0.32)
    low = [((steps - 1 - k) * 0.0, -wide / 2, k * rise) for k in range(steps)]
    up = [((steps - k) * run, wide / 2, (k + 1) * rise) for k in range(steps)]
    return [Thing(boxes(low, up), any_floor(rng), UNLABELLED)]


def _front(rng: Rng) -> Material:
    kinds = (materials.painted_wood, materials.painted_wood, materials.wood, materials.plastic)
    return kinds[rng.integers(4)](rng)


def _worktop(rng: Rng) -> Material:
    return materials.wood(rng) if rng.random() < 0.45 else any_floor(rng)


def _shell(rng: Rng) -> Material:
    kinds = (materials.metal, materials.painted_wood, materials.plastic)
    return kinds[rng.choice(3, p=[0.4, 0.4, 0.2])](rng)
