# SPDX-License-Identifier: Apache-2.0
"""Beds: the head at the smallest x, the foot towards +x."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import box, boxes
from training.scenes.shapes.patch import Patch, Shape, moved, surface, turned
from training.scenes.shapes.round import cylinder
from training.scenes.shapes.rounded import cushion, rounded_box
from training.scenes.surfaces import materials
from training.scenes.things import BED, CUSHION, Thing

Rng = np.random.Generator


def bed(rng: Rng) -> list[Thing]:
    """A bed for one, 0.8 to 1.2 m wide, or for two, 1.4 to 2 m."""
    if rng.random() < 0.45:
        return _bed(rng, rng.uniform(0.82, 1.2), 1)
    return _bed(rng, rng.uniform(1.4, 2.0), 2)


def _bed(rng: Rng, wide: float, pillows: int) -> list[Thing]:
    long, top = rng.uniform(1.95, 2.1), rng.uniform(0.42, 0.62)
    thick = rng.uniform(0.16, 0.26)
    x, y, under = long / 2, wide / 2, top - thick
    soft = rng.random() < 0.35  # covered with cloth
    if soft:
        wood = (materials.fabric if rng.random() < 0.7 else materials.leather)(rng)
        frame = moved(
            rounded_box((long, wide + 0.06, under - 0.04), 0.03), 0, 0, (under + 0.04) / 2
        )
    else:
        wood = (materials.painted_wood if rng.random() < 0.35 else materials.wood)(rng)
        rail = min(under - 0.06, rng.uniform(0.12, 0.25))
        frame = box((-x, -y - 0.03, under - rail), (x + 0.03, y + 0.03, under + 0.03))
    frame += _headboard(rng, x, y, soft)
    feet = [
        s for a in (-x + 0.06, x - 0.06) for b in (-y + 0.06, y - 0.06)
        for s in moved(cylinder(0.03, 0, under, segments=8), a, b)
    ]  # fmt: skip
    mattress = moved(rounded_box((long - 0.03, wide, thick), 0.05), 0, 0, under + thick / 2)
    things = [
        Thing(frame, wood, BED),
        Thing(feet, wood if soft else materials.wood(rng), BED),
        Thing(mattress, materials.bed_linen(rng), BED),
    ]
    linen = materials.bed_linen(rng)
    if rng.random() < 0.85:
        start = -x + rng.uniform(0.5, 0.8)
        hang = rng.uniform(0.12, min(0.35, top - 0.1))
        things.append(Thing(_duvet(rng, (start, x + 0.02), y + 0.03, top, hang), linen, BED))
    same = linen if rng.random() < 0.6 else materials.bed_linen(rng)
    for k in range(pillows):
        at = (k - (pillows - 1) / 2) * wide / pillows
        size = (min(wide / pillows - 0.08, 0.72), rng.uniform(0.4, 0.5), 0.17)
        head = turned(cushion(*size), "y", -90 + rng.uniform(8, 35))
        head = moved(head, -x + 0.3, at, top + 0.1, rng.uniform(-6, 6))
        things.append(Thing(head, same, CUSHION))
    if rng.random() < 0.3:
        side = rng.uniform(0.32, 0.42)
        extra = moved(turned(cushion(side, side, 0.13), "y", -40), -x + 0.55, 0, top + 0.15)
        things.append(Thing(extra, materials.fabric(rng), CUSHION))
    return things


def _headboard(rng: Rng, x: float, y: float, soft: bool) -> Shape:
    high, wide = rng.uniform(0.8, 1.2), y + rng.uniform(0.03, 0.12)
    if soft:
        return moved(
            rounded_box((0.1, 2 * wide, high), 0.035, swell=0.01), -x - 0.05, 0, high / 2 + 0.01
        )
    if rng.random() < 0.35:  # posts and bars
        shape = boxes(
            [(-x - 0.045, side * wide - 0.025, 0) for side in (-1, 1)],
            [(-x, side * wide + 0.025, high) for side in (-1, 1)],
        )
        levels = np.linspace(0.45, high - 0.07, int(rng.integers(2, 5)))
        low = [(-x - 0.035, -wide, z) for z in levels]
        return shape + boxes(low, np.add(low, (0.025, 2 * wide, 0.07)))
    if rng.random() < 0.1:
        high = 0.45
    return box((-x - 0.045, -wide, 0), (-x, wide, high))


def _duvet(rng: Rng, along: tuple[float, float], y: float, top: float, hang: float) -> Shape:
    """A cover that lies on the mattress in soft waves and hangs down at three sides."""
    x0, x1 = along
    xs = np.concatenate([np.linspace(x0, x1 - 0.03, 9), [x1, x1 + 0.02]])
    ys = np.concatenate([[-y - 0.02, -y], np.linspace(-y + 0.04, y - 0.04, 8), [y, y + 0.02]])
    a, b = np.meshgrid(xs, ys)  # rows along y, so that it looks up
    phase = rng.uniform(0, 6, 4)
    wave = np.sin(5 * a + phase[0] + 2 * b) + np.sin(7 * b + phase[1] - 3 * a)
    z = top + 0.045 + 0.012 * wave
    z[[1, -2], :] = top + 0.01
    z[:, -2] = top + 0.01
    z[[0, -1], :] = top - hang + 0.015 * np.sin(9 * a[[0, -1], :] + phase[2])
    z[:, -1] = np.minimum(z[:, -1], top - hang)
    z[:, 0] -= 0.035
    uv = np.stack([a + 0 * b, b], axis=-1)
    z = np.maximum(z, 0.02)
    sheet: Patch = surface(np.stack([a, b, z], axis=-1), uv)
    return [sheet]
