# SPDX-License-Identifier: Apache-2.0
"""Doors, windows and curtains, built in the plane x = 0 of their wall, looking along +x."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import box, upright
from training.scenes.shapes.patch import Patch, Shape, surface
from training.scenes.shapes.round import cylinder
from training.scenes.surfaces import material, materials
from training.scenes.surfaces.material import Material
from training.scenes.things import CURTAIN, DOOR, WINDOW, Thing


def door(rng: np.random.Generator, width: float, height: float) -> list[Thing]:
    """A closed door, its frame included in `width` and `height`; its foot is at z = 0."""
    post = rng.uniform(0.05, 0.1)
    half, top = width / 2 - post, height - post
    out = rng.uniform(0.03, 0.06)
    frame = [
        *_bar(-width / 2, -half, 0, height, out),
        *_bar(half, width / 2, 0, height, out),
        *_bar(-half, half, top, height, out),
    ]
    leaf_out = rng.uniform(0.012, out - 0.008)
    leaf = _bar(-half, half, 0.008, top, leaf_out)
    leaf_material = materials.door_leaf(rng)
    plain_frame = rng.random() < 0.4
    things = [
        Thing(frame, leaf_material if plain_frame else materials.painted_wood(rng), DOOR),
        Thing(leaf + _panels(rng, half, top, leaf_out), leaf_material, DOOR),
    ]
    if rng.random() < 0.15:
        pane = upright(half * 1.2, top * 0.42, leaf_out + 0.016, top * 0.5)
        red, green, blue = rng.uniform((150, 165, 165), (215, 225, 230)).tolist()
        frosted = material.plain(red, green, blue, glow=0.15)
        things.append(Thing([pane], frosted, DOOR))
    return [*things, Thing(_handle(rng, half, leaf_out), materials.metal(rng), DOOR)]


def _bar(y0: float, y1: float, z0: float, z1: float, out: float) -> Shape:
    """A board that stands out of the wall."""
    return box((0, y0, z0), (out, y1, z1), cell=0.3)


def _panels(rng: np.random.Generator, half: float, top: float, out: float) -> Shape:
    """Raised fields on the leaf, or none."""
    rows, columns = int(rng.choice([0, 0, 1, 2, 3])), int(rng.integers(1, 3))
    edge = rng.uniform(0.09, 0.13)
    fields = []
    for row in range(rows):
        for column in range(columns):
            wide, high = (2 * half - edge) / columns, (top - edge) / rows
            y, z = -half + edge + column * wide, edge + row * high
            low, far = (out, y, z), (out + 0.012, y + wide - edge, z + high - edge)
            fields += box(low, far, cell=0.4)
    return fields


def _handle(rng: np.random.Generator, half: float, out: float) -> Shape:
    """A lever or a bar, on the left or on the right."""
    side = rng.choice([-1, 1])
    y, z = side * (half - 0.07), rng.uniform(0.98, 1.08)
    if rng.random() < 0.2:
        return box((out + 0.03, y - 0.012, z - 0.2), (out + 0.055, y + 0.012, z + 0.25), cell=0.3)
    ends = sorted((y, y - side * rng.uniform(0.1, 0.14)))
    plate = box((out, y - 0.02, z - 0.1), (out + 0.008, y + 0.02, z + 0.06), cell=0.2)
    stem = box((out, y - 0.01, z - 0.01), (out + 0.05, y + 0.01, z + 0.01), cell=0.2)
    return plate + stem + box((out + 0.04, ends[0], z - 0.01), (out + 0.06, ends[1], z + 0.012))


def window(rng: np.random.Generator, width: float, height: float, day: float) -> list[Thing]:
    """A window of which the lower edge is at z = 0; `day` is 1 in sunshine and 0 at night."""
    post, out = rng.uniform(0.04, 0.09), rng.uniform(0.03, 0.07)
    view = materials.view_outside(rng, (width, height))
    frame = _bar(-width / 2, width / 2, 0, post, out) + _bar(
        -width / 2, width / 2, height - post, height, out
    )
    wings = int(np.clip(round(width / rng.uniform(0.6, 1.1)), 1, 4))
    for y in np.linspace(-width / 2 + post / 2, width / 2 - post / 2, wings + 1):
        frame += _bar(y - post / 2, y + post / 2, post, height - post, out)
    if rng.random() < 0.35:
        z = height * rng.choice([0.3, 0.5, 0.7])
        frame += _bar(-width / 2, width / 2, z - post / 3, z + post / 3, out)
    if rng.random() < 0.7:
        reach = rng.uniform(0.06, 0.22)
        frame += box((0, -width / 2 - 0.06, -0.04), (reach, width / 2 + 0.06, 0), cell=0.3)
    look = shaded(view, 0.03 + 0.97 * day, day)
    frame_material = materials.painted_wood(rng) if rng.random() < 0.75 else materials.wood(rng)
    return [
        Thing([upright(width, height, 0.012)], look, WINDOW),
        Thing(frame, frame_material, WINDOW),
    ]


def curtains(
    rng: np.random.Generator, width: float, low: float, high: float, out: float
) -> list[Thing]:
    """A rod, and on it one or two lengths of cloth beside a window `width` wide; z is of the room.

    They hang `out` of the wall, from `high` to `low`; now and then they are half drawn.
    """
    drawn = rng.uniform(0.3, 1.0) if rng.random() < 0.3 else rng.uniform(0.0, 0.2)
    hung = rng.uniform(0.2, 0.45)
    cloths = []
    for side in (-1, 1) if rng.random() < 0.85 else (rng.choice([-1, 1]),):
        outer, inner = width / 2 + hung, (width / 2 + 0.02) * (1 - drawn)
        y0, y1 = sorted((side * outer, side * inner))
        cloths.append(_cloth(rng, y0, y1, low, high, out))
    rod = box(
        (out - 0.012, -width / 2 - hung - 0.06, high - 0.005),
        (out + 0.012, width / 2 + hung + 0.06, high + 0.02),
        cell=0.5,
    )
    knobs = cylinder(0.025, high - 0.02, high + 0.03)
    ends = [p.moved(out, s * (width / 2 + hung + 0.07)) for s in (-1, 1) for p in knobs]
    cloth = materials.curtain_cloth(rng)
    return [Thing(cloths, cloth, CURTAIN), Thing(rod + ends, materials.metal(rng), CURTAIN)]


def _cloth(
    rng: np.random.Generator, y0: float, y1: float, low: float, high: float, out: float
) -> Patch:
    folds = max(2, round((y1 - y0) / rng.uniform(0.07, 0.13)))
    u = np.linspace(0, 1, 5 * folds + 1)[None, :, None]
    v = np.linspace(0, 1, 7)[:, None, None]
    wave = 2 * np.pi * folds * u + 0.8 * np.sin(3 * v + rng.uniform(0, 6))
    depth = rng.uniform(0.02, 0.045)
    x = out + depth * np.sin(wave) * (0.7 + 0.3 * (1 - v))
    points = np.broadcast_arrays(x, y0 + (y1 - y0) * u + 0 * v, low + (high - low) * v + 0 * u)
    uv = np.broadcast_arrays(u * (y1 - y0) * 1.6 + 0 * v, v * (high - low) + 0 * u)
    return surface(np.concatenate(points, axis=-1), np.concatenate(uv, axis=-1))


def shaded(material: Material, albedo: float, glow: float) -> Material:
    """The material with less of its colour and of its glow; what is beyond glass is not lit."""
    return Material(material.albedo * albedo, material.tile, material.glow * glow)
