# SPDX-License-Identifier: Apache-2.0
"""The doors and windows of each kind of room, as numbers: pairs are bounds of an even draw."""

from __future__ import annotations

from dataclasses import dataclass

Bounds = tuple[float, float]


@dataclass(frozen=True)
class DoorStyle:
    """Doors of one kind of room; lengths in metres.

    Attributes:
        height, width: of all doors of a room, their frames included.
        below_ceiling: what is left above a door, at least.
        counts: shares of rooms with one door, two and three.
        clear: depth of the free floor before a door.
    """

    height: Bounds = (2.0, 2.15)
    width: Bounds = (0.85, 1.05)
    below_ceiling: float = 0.08
    counts: tuple[float, ...] = (0.5, 0.4, 0.1)
    clear: float = 0.8


@dataclass(frozen=True)
class CorridorDoors(DoorStyle):
    """Doors of a corridor, in its long walls and at its ends.

    Attributes:
        metres_a_door: length of a long wall for which it may have one door more than one.
        end: share of the ends with a door.
    """

    clear: float = 0.35
    metres_a_door: float = 2.5
    end: float = 0.5


@dataclass(frozen=True)
class WindowStyle:
    """Windows of one kind of room, all alike, with their curtains and their daylight.

    Attributes:
        counts: shares of rooms with no window, one, two and three.
        high_sill: share of the rooms whose windows begin at `sill`; the others' at `low_sill`.
        sill, low_sill: heights of the lower edge, metres.
        top: height of the upper edge; `below_ceiling` is left above it, at least.
        width: metres; `beside` is left of the wall, at least.
        curtained: share of the rooms with curtains.
        long: of the curtained rooms, the share whose curtains reach the floor.
        strength: of daylight in full day, for each square metre of glass.
        tint: of daylight, from blue to yellow.
    """

    counts: tuple[float, ...] = (0.08, 0.45, 0.35, 0.12)
    high_sill: float = 0.8
    sill: Bounds = (0.75, 1.05)
    low_sill: Bounds = (0.08, 0.4)
    top: Bounds = (1.95, 2.5)
    below_ceiling: Bounds = (0.15, 0.4)
    width: Bounds = (0.7, 2.4)
    beside: float = 0.4
    curtained: float = 0.75
    long: float = 0.65
    strength: Bounds = (2.5, 6.0)
    tint: Bounds = (-0.12, 0.2)


@dataclass(frozen=True)
class CorridorWindows(WindowStyle):
    """Windows of a corridor.

    Attributes:
        end: share of its ends with a window.
        side: share of the corridors with one in a long wall.
    """

    curtained: float = 0.25
    end: float = 0.4
    side: float = 0.15


@dataclass(frozen=True)
class CurtainHang:
    """Curtains beside a window; lengths in metres.

    Attributes:
        wider: wall that they take beyond the window's width.
        floor: height of their lower edge where they are long.
        below_sill: how far short ones reach below the sill.
        rail: height of the rod above the window; `below_ceiling` is left above it, at least.
        out: of the wall.
    """

    wider: float = 0.7
    floor: float = 0.03
    below_sill: float = 0.15
    rail: float = 0.12
    below_ceiling: float = 0.05
    out: float = 0.12


CORRIDOR_DOORS, DOORS = CorridorDoors(), DoorStyle()
CORRIDOR_WINDOWS = CorridorWindows()
WINDOWS = {"storage": WindowStyle(counts=(0.3, 0.4, 0.25, 0.05))}  # of other rooms: `WindowStyle()`
CURTAINS = CurtainHang()
