# SPDX-License-Identifier: Apache-2.0
"""Plants in their pots."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.patch import Patch, Shape, moved, reverse, scaled, surface
from training.scenes.shapes.round import capsule, lathe, rod
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material, plain
from training.scenes.things import PLANT, Thing

Rng = np.random.Generator


def plant(rng: Rng) -> list[Thing]:
    """A plant that stands on the floor, 0.5 to 2 m high."""
    kinds = [arching_plant, upright_plant, small_tree, palm, large_leaved_plant]
    return kinds[rng.choice(len(kinds), p=[0.25, 0.15, 0.25, 0.2, 0.15])](rng)


def table_plant(rng: Rng) -> list[Thing]:
    """A plant small enough for a table."""
    pick = rng.random()
    if pick < 0.15:
        return cactus(rng)
    kinds = [arching_plant, upright_plant, large_leaved_plant]
    return _resized(kinds[rng.integers(3)](rng), rng.uniform(0.28, 0.42))


def _resized(things: list[Thing], factor: float) -> list[Thing]:
    return [Thing(scaled(t.shape, *(factor,) * 3), t.material, t.label) for t in things]


def _pot(rng: Rng, radius: float, height: float) -> list[Thing]:
    """A pot with earth in it; the plant starts at 0.88 of its height."""
    waist = rng.choice([rng.uniform(0.62, 0.8), 1.0, rng.uniform(0.8, 1.05)])
    rim = radius * 0.9
    profile = [(0, 0), (radius * waist, 0), (radius * (1 + waist) / 2 + 0.01, height * 0.5),
               (radius, height), (rim, height), (rim, height * 0.88)]  # fmt: skip
    earth = [lathe([(rim, height * 0.88), (0, height * 0.9)], 12)]
    kinds = [materials.ceramic, materials.ceramic, materials.plastic, materials.wood]
    skin = kinds[rng.integers(4)](rng)
    return [Thing([lathe(profile, 16)], skin, PLANT), Thing(earth, _earth(rng), PLANT)]


def _earth(rng: Rng) -> Material:
    """Dark soil."""
    return plain(*(np.array([60, 44, 34]) * rng.uniform(0.7, 1.2)))


def _blades(
    rng: Rng, count: int, start: tuple[float, float, float], length: tuple[float, float],
    width: float, lean: tuple[float, float], steps: int = 6, across: int = 3,
) -> list[Shape]:  # fmt: skip
    """Leaves that grow from one place outwards and bend down, in two lots for two greens."""
    k = np.arange(count)
    turn = 2.4 * k + rng.normal(0, 0.25, count) + rng.uniform(0, 6)
    leans = np.linspace(*lean, count) + rng.normal(0, 0.06, count)
    lengths = rng.uniform(*length, count)
    s = np.linspace(0, 1, steps)[None, :, None]
    t = np.linspace(-1, 1, across)[None, None, :]
    reach = lengths[:, None, None] * leans[:, None, None] * s * (0.5 + 0.5 * s)
    down = leans[:, None, None]
    height = lengths[:, None, None] * (s * (1.25 - 0.45 * down) - 0.45 * down * s**2)
    half = width * (0.12 + 0.88 * np.sin(np.pi * (0.04 + 0.96 * s)) ** 0.8) * (1 + 0 * reach)
    y = half * t
    z = height - 0.35 * half * np.abs(t)
    c, d = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    points = np.stack([reach * c - y * d, reach * d + y * c, z + 0 * t], axis=-1) + start
    points[..., 2] = np.maximum(points[..., 2], 0.012)
    uv = np.stack(np.broadcast_arrays(0.5 + 0.5 * t[0], s[0]), axis=-1)
    leaves = [surface(grid[::-1], uv[::-1]) for grid in points]
    return [leaves[0::2], leaves[1::2]]


def _leafy(rng: Rng, lots: list[Shape]) -> list[Thing]:
    """Two greens, often close to each other."""
    first = materials.leaves(rng)
    second = first if rng.random() < 0.4 else materials.leaves(rng)
    return [Thing(lots[0], first, PLANT), Thing(lots[1], second, PLANT)]


def arching_plant(rng: Rng) -> list[Thing]:
    """Many leaves that rise from the pot and bow: lilies, spider plants, ferns."""
    radius, high = rng.uniform(0.11, 0.2), rng.uniform(0.2, 0.42)
    long = rng.uniform(0.4, 0.95)
    lots = _blades(rng, int(rng.integers(28, 50)), (0, 0, high * 0.88), (0.6 * long, long),
                   rng.uniform(0.018, 0.065), (0.1, 1.0))  # fmt: skip
    return [*_pot(rng, radius, high), *_leafy(rng, lots)]


def upright_plant(rng: Rng) -> list[Thing]:
    """Stiff swords: sansevieria."""
    radius, high = rng.uniform(0.1, 0.18), rng.uniform(0.18, 0.4)
    long = rng.uniform(0.45, 0.9)
    lots = _blades(rng, int(rng.integers(12, 24)), (0, 0, high * 0.86), (0.5 * long, long),
                   rng.uniform(0.025, 0.045), (0.02, 0.32), steps=5)  # fmt: skip
    return [*_pot(rng, radius, high), *_leafy(rng, lots)]


def palm(rng: Rng) -> list[Thing]:
    """Fronds of narrow leaflets on stalks."""
    radius, high = rng.uniform(0.14, 0.22), rng.uniform(0.25, 0.45)
    stem = rng.uniform(0.15, 0.7)
    fronds, lots = int(rng.integers(7, 11)), [[], []]  # type: tuple[int, list[Shape]]
    stalks: Shape = []
    s = np.linspace(0.25, 1, 11)
    for k in range(fronds):
        turn, lean = 2.4 * k + rng.normal(0, 0.2), rng.uniform(0.35, 1.0)
        long = rng.uniform(0.5, 0.8)
        way = np.array([np.cos(turn), np.sin(turn), 0])
        side = np.array([-way[1], way[0], 0])
        spine = long * (lean * (0.4 + 0.6 * s) * s)[:, None] * way
        spine[:, 2] = high * 0.9 + stem + long * (s * 1.2 - 0.75 * lean * s**2)
        stalks += rod((0, 0, high * 0.9 + stem), spine[2], 0.008, 0.005, 5)
        stalks += rod(spine[2], spine[7], 0.005, 0.003, 5)
        leaflet = 0.24 * np.sin(np.pi * (0.15 + 0.8 * s))[:, None]
        for sign in (-1, 1):
            tip = spine + leaflet * (sign * side + 0.45 * way) - leaflet * (0, 0, 0.35)
            wide = 0.016 * way + (0, 0, 0.006)
            grid = np.stack([np.stack([spine - wide, spine + wide], 1),
                             np.stack([tip - wide * 0.1, tip + wide * 0.1], 1)], 1)  # fmt: skip
            middle = 0.55 * grid[:, 0] + 0.45 * grid[:, 1] + (0, 0, 0.03)
            grid = np.stack([grid[:, 0], middle, grid[:, 1]], 1)
            lots[k % 2] += [_upwards(g) for g in grid]
    trunk = rod((0, 0, high * 0.8), (0, 0, high * 0.9 + stem), 0.03, 0.022)
    bark = Thing(trunk + stalks, materials.wood(rng), PLANT)
    return [*_pot(rng, radius, high), bark, *_leafy(rng, lots)]


def _upwards(grid: np.ndarray) -> Patch:
    """A small sheet that looks up."""
    uv = np.stack(np.meshgrid(np.linspace(0, 1, grid.shape[1]), np.linspace(0, 1, grid.shape[0])),
                  axis=-1)  # fmt: skip
    patch = surface(grid, uv)
    return patch if patch.normals[..., 2].mean() > 0 else reverse(patch)


def _crown(rng: Rng, count: int, centre: np.ndarray, radii: np.ndarray, size: float) -> list[Shape]:
    """Leaves all over an ellipsoid, facing outwards and up."""
    way = rng.standard_normal((count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    place = centre + way * radii * rng.uniform(0.45, 1.0, (count, 1)) ** 0.5
    normal = way + (0, 0, 0.6) + 0.35 * rng.standard_normal((count, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along = np.cross(normal, rng.standard_normal((count, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(normal, along)
    half = size * rng.uniform(0.7, 1.2, (count, 1))
    s, width = np.array([-1, -0.2, 0.5, 1]), np.array([0.15, 0.5, 0.42, 0.02])
    t = np.array([-1.0, 1.0])
    points = (place[:, None, None] + (half * along)[:, None, None] * s[:, None, None]
              + (half * across)[:, None, None] * (width[:, None] * t)[..., None]
              - 0.25 * (half * normal)[:, None, None] * (s**2)[:, None, None])  # fmt: skip
    uv = np.stack(np.broadcast_arrays(0.5 + 0.5 * t[None, :], 0.5 + 0.5 * s[:, None]), axis=-1)
    normals = np.broadcast_to(normal[:, None, None], points.shape)
    # Along the rows runs `along`, along the columns `across`; across x along looks inwards.
    leaves = [Patch(p[::-1], uv[::-1], n) for p, n in zip(points, normals, strict=True)]
    return [leaves[0::2], leaves[1::2]]


def small_tree(rng: Rng) -> list[Thing]:
    """A trunk with a crown of small leaves: ficus, laurel, olive."""
    radius, high = rng.uniform(0.14, 0.24), rng.uniform(0.25, 0.45)
    stem, crown = rng.uniform(0.3, 0.85), rng.uniform(0.22, 0.4)
    start, bend = np.array([0, 0, high * 0.85]), rng.normal(0, 0.05, 2)
    middle = start + (*bend, stem * 0.6)
    top = np.array([0, 0, start[2] + stem + crown * 0.6])
    bark = rod(start, middle, 0.022, 0.018) + rod(middle, top, 0.018, 0.008)
    centre = top + (0, 0, crown * 0.3)
    radii = np.array([crown, crown, crown * rng.uniform(0.9, 1.5)])
    for _ in range(4):
        twig = centre + rng.uniform(-0.55, 0.55, 3) * radii
        bark += rod(middle + (top - middle) * 0.4, twig, 0.008, 0.004, 5)
    lots = _crown(rng, int(rng.integers(130, 210)), centre, radii, rng.uniform(0.05, 0.085))
    return [*_pot(rng, radius, high), Thing(bark, materials.wood(rng), PLANT), *_leafy(rng, lots)]


def large_leaved_plant(rng: Rng) -> list[Thing]:
    """Broad leaves at the ends of long stalks: monstera, rubber plant."""
    radius, high = rng.uniform(0.13, 0.22), rng.uniform(0.22, 0.4)
    count, stretch = int(rng.integers(12, 24)), rng.uniform(0.4, 1.0)
    stalks: Shape = []
    lots: list[Shape] = [[], []]
    for k in range(count):
        turn, rise = 2.4 * k + rng.normal(0, 0.2), stretch * rng.uniform(0.35, 1)
        way = np.array([np.cos(turn), np.sin(turn), 0])
        end = way * rng.uniform(0.08, 0.3) + (0, 0, high * 0.88 + rise)
        stalks += rod((0, 0, high * 0.85), end, 0.007, 0.005, 5)
        long, wide = rng.uniform(0.16, 0.28), rng.uniform(0.07, 0.12)
        s, t = np.linspace(0, 1, 5)[:, None, None], np.linspace(-1, 1, 3)[None, :, None]
        half = wide * np.sin(np.pi * (0.12 + 0.86 * s)) ** 0.7
        side = np.array([-way[1], way[0], 0])
        grid = end + long * s * way * 0.85 + half * t * side
        drop = rng.uniform(0.2, 0.9)
        grid = grid + (0, 0, 1) * (long * (0.25 * s - drop * s**2) - 0.25 * half * np.abs(t))
        lots[k % 2].append(_upwards(grid))
    stem = Thing(stalks, materials.leaves(rng), PLANT)
    return [*_pot(rng, radius, high), stem, *_leafy(rng, lots)]


def cactus(rng: Rng) -> list[Thing]:
    """A ribbed ball or column in a small pot."""
    radius, high = rng.uniform(0.045, 0.07), rng.uniform(0.07, 0.1)
    tall = rng.uniform(0.08, 0.22)
    body = capsule((0, 0, high * 0.8), (0, 0, high * 0.8 + tall), radius * 0.6, radius * 0.5)
    if tall > 0.14:
        elbow = (0.0, radius * 1.1, high + tall * 0.4)
        body += capsule((0, 0, high + tall * 0.3), elbow, radius * 0.3)
        body += capsule(elbow, (0, radius * 1.1, high + tall * 0.8), radius * 0.3)
    return [*_pot(rng, radius, high), Thing(moved(body, 0, 0), materials.leaves(rng), PLANT)]
