# SPDX-License-Identifier: Apache-2.0
"""The sample room itself: walls, floor, ceiling, window and door."""

from __future__ import annotations

import numpy as np

from tips_ros.demo.scene import meshes, textures
from tips_ros.demo.scene.meshes import box, moved, rectangle
from tips_ros.demo.scene.things import CEILING, CURTAIN, DOOR, FLOOR, RUG, WALL, WINDOW, Thing

# The inner faces of the walls and of the ceiling, metres.
X0, X1, Y0, Y1, HEIGHT = -2.0, 5.0, -2.4, 2.4, 2.6


def shell() -> list[Thing]:
    """Walls, floor, ceiling and rug."""
    dx, dy = X1 - X0, Y1 - Y0
    walls = textures.mottled(222, 214, 198, 1, 0.012, 30)
    accent = textures.mottled(146, 168, 166, 2, 0.012, 30)
    white = textures.plain(236, 234, 228)
    far = rectangle((X1, Y1, 0), (0, -dy, 0), (0, 0, HEIGHT), cell=0.12)
    left = rectangle((X0, Y1, 0), (dx, 0, 0), (0, 0, HEIGHT), cell=0.12)
    right = rectangle((X1, Y0, 0), (-dx, 0, 0), (0, 0, HEIGHT), cell=0.12)
    back = rectangle((X0, Y0, 0), (0, dy, 0), (0, 0, HEIGHT), cell=0.2)
    skirting = [
        *box((X1 - 0.015, Y0, 0), (X1, -2.16, 0.09)),
        *box((X1 - 0.015, -1.14, 0), (X1, Y1, 0.09)),
        *box((X0, Y1 - 0.015, 0), (X1, Y1, 0.09)),
        *box((X0, Y0, 0), (X1, Y0 + 0.015, 0.09)),
    ]
    floor = rectangle((X0, Y0, 0), (dx, 0, 0), (0, dy, 0), cell=0.07)
    ceiling = rectangle((X0, Y1, HEIGHT), (dx, 0, 0), (0, -dy, 0), cell=0.15)
    return [
        Thing([far], accent, WALL),
        Thing([left, right, back], walls, WALL),
        Thing(skirting, white, WALL),
        Thing([floor], textures.planks(176, 128, 84, 3), FLOOR),
        Thing([ceiling], textures.mottled(240, 238, 234, 4, 0.008, 30), CEILING),
        Thing(
            moved(box((0, 0, 0), (1.95, 1.95, 0.012)), 2.1, -0.5),
            textures.rug((1.95, 1.95), 5),
            RUG,
        ),
    ]


def window() -> list[Thing]:
    """A window with curtains in the left wall."""
    x0, x1, z0, z1, y = 2.5, 4.0, 0.85, 2.15, Y1
    white = textures.plain(244, 243, 240)
    pane = rectangle((x0, y - 0.02, z0), (x1 - x0, 0, 0), (0, 0, z1 - z0))
    bars = [
        (x0 - 0.06, x0 + 0.04),
        ((x0 + x1) / 2 - 0.03, (x0 + x1) / 2 + 0.03),
        (x1 - 0.04, x1 + 0.06),
    ]
    frame = [side for a, b in bars for side in box((a, y - 0.06, z0), (b, y, z1))]
    for low, high, deep in ((z0 - 0.05, z0 + 0.03, 0.16), (z1 - 0.04, z1 + 0.06, 0.06)):
        frame += box((x0 - 0.1, y - deep, low), (x1 + 0.1, y, high))
    curtains = []
    for start, width in ((x0 - 0.5, 0.5), (x1 - 0.02, 0.5)):
        u = np.linspace(0, 1, 57)[None, :, None]
        v = np.linspace(0, 1, 16)[:, None, None]
        fold = 0.045 * np.sin(2 * np.pi * 7 * u + 0.8 * np.sin(3 * v)) * (0.6 + 0.4 * (1 - v))
        parts = [start + width * u + 0 * v, y - 0.13 + fold, 0.05 + 2.27 * v + 0 * u]
        uv = np.concatenate(np.broadcast_arrays(u * 0.9, v * 2.3), axis=-1)
        curtains.append(meshes.surface(np.concatenate(np.broadcast_arrays(*parts), axis=-1), uv))
    rod = rectangle((x0 - 0.6, y - 0.15, 2.34), (x1 - x0 + 1.2, 0, 0), (0, 0, 0.03))
    return [
        Thing([pane], textures.garden((x1 - x0, z1 - z0), 6), WINDOW),
        Thing(frame, white, WINDOW),
        Thing(curtains, textures.mottled(198, 164, 92, 7, 0.05, 2), CURTAIN),
        Thing([rod], textures.plain(60, 56, 52), CURTAIN),
    ]


def door() -> list[Thing]:
    """A panelled door in the far wall."""
    x, y0, y1, top = X1, -2.1, -1.2, 2.05
    frame = [*box((x - 0.05, y0 - 0.07, 0), (x, y0, top + 0.07))]
    frame += [
        *box((x - 0.05, y1, 0), (x, y1 + 0.07, top + 0.07)),
        *box((x - 0.05, y0, top), (x, y1, top + 0.07)),
    ]
    leaf = [*box((x - 0.03, y0, 0.005), (x, y1, top))]
    for low, high in ((0.18, 0.85), (1.0, 1.9)):
        for a in (y0 + 0.12, y0 + 0.5):
            leaf += box((x - 0.045, a, low), (x - 0.03, a + 0.28, high), cell=0.05)
    handle = [*box((x - 0.06, y1 - 0.1, 0.99), (x - 0.03, y1 - 0.06, 1.03))]
    handle += box((x - 0.08, y1 - 0.2, 1.0), (x - 0.06, y1 - 0.06, 1.02))
    return [
        Thing(frame, textures.plain(240, 238, 232), DOOR),
        Thing(leaf, textures.planks(150, 100, 62, 8, 0.3), DOOR),
        Thing(handle, textures.plain(196, 190, 170), DOOR),
    ]
