# SPDX-License-Identifier: Apache-2.0
"""People in many poses and clothes: bending, kneeling, crouching, on the floor, lying; in coats,
shorts and dresses, with hats and bags. They look along +x."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from training.scenes.shapes.patch import Shape, above_floor, mapped, moved, on_floor, scaled, turned
from training.scenes.shapes.round import capsule, loft
from training.scenes.shapes.rounded import ball, pillow
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material, plain
from training.scenes.things import PERSON, Thing

Rng = np.random.Generator
Angles = tuple[float, float]


class Pose(NamedTuple):
    """Angles in degrees: of each thigh and knee, upper arm and elbow, and of the trunk forwards."""

    legs: tuple[Angles, Angles]
    arms: tuple[Angles, Angles]
    lean: float
    spread: float = 6.0  # of the arms, to the side
    lies: float = 0.0  # the whole of it turned backwards


def figure(rng: Rng) -> list[Thing]:
    """A person: from children to tall grown-ups, in any pose."""
    tall = rng.uniform(0.9, 1.45) if rng.random() < 0.2 else rng.uniform(1.5, 1.95)
    return dressed(rng, _pose(rng), tall)


def _pose(rng: Rng) -> Pose:
    def some(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def hand() -> Angles:
        raised = rng.random()
        if raised < 0.5:
            return some(-15, 25), some(3, 45)
        return (some(20, 80), some(20, 120)) if raised < 0.85 else (some(100, 170), some(0, 60))

    hands = (hand(), hand())
    kind = rng.choice(list(_POSES), p=_CHANCES)
    if kind == "stands":
        legs = ((some(-8, 12), some(0, 12)), (some(-12, 6), some(0, 12)))
        return Pose(legs, hands, some(-4, 8), some(2, 35))
    if kind == "walks":
        stride = some(12, 32)
        legs = ((stride, some(0, 15)), (-0.8 * stride, some(5, 35)))
        return Pose(legs if rng.random() < 0.5 else legs[::-1], hands, some(0, 10))
    if kind == "bends":
        reach = ((some(30, 80), some(0, 40)), (some(20, 80), some(0, 50)))
        return Pose(((some(0, 15), some(0, 25)), (some(-5, 15), some(0, 25))), reach, some(35, 95))
    if kind == "crouches":
        thigh, knee = some(85, 125), some(110, 145)
        return Pose(((thigh, knee), (thigh - some(0, 20), knee)), hands, some(10, 45))
    if kind == "kneels":
        legs = ((some(75, 95), some(80, 100)), (some(-10, 10), some(80, 95)))
        return Pose(legs if rng.random() < 0.6 else (legs[1], legs[1]), hands, some(-5, 30))
    if kind == "floor":  # sits on it, the legs forward
        bend = some(0, 100)
        legs = ((88 + 0.45 * bend, bend), (88 + 0.4 * bend, bend * some(0.6, 1)))
        return Pose(legs, hands, some(-25, 15), some(5, 30))
    flat = ((some(-5, 20), some(0, 40)), (some(-5, 20), some(0, 40)))
    return Pose(flat, hands, some(-5, 10), some(5, 40), lies=float(rng.choice([-90.0, 90.0])))


def dressed(rng: Rng, pose: Pose, tall: float) -> list[Thing]:
    """A person in a pose, with build, hair and clothes drawn."""
    stout = rng.uniform(0.82, 1.35)
    wide = tall * stout**0.7
    coat, leg_wear = materials.cloth(rng), materials.cloth(rng)
    skin, shoes = materials.skin(rng), materials.leather(rng)
    parts: list[tuple[Shape, Material]] = []
    hip, shoulder, chest = 0.055 * tall, 0.108 * tall * stout**0.5, 0.315 * tall
    # Trousers to the ankle, shorts to the knee, or bare legs under a dress.
    legs = rng.choice(["long", "short", "dress"], p=[0.62, 0.2, 0.18])
    sleeves = rng.choice(["long", "short", "none"], p=[0.55, 0.33, 0.12])
    loose = 1.0 if rng.random() < 0.6 else rng.uniform(1.1, 1.5)
    for side, (swing, bend) in zip((1, -1), pose.legs, strict=True):
        knee = np.array([0, side * hip, 0]) + 0.235 * tall * _way(swing, side * 3)
        ankle = knee + 0.225 * tall * _way(swing - bend, 0)
        parts.append((capsule((0, side * hip, 0), knee, 0.052 * wide * loose**0.4,
                              0.037 * wide * loose**0.6, 10),
                      skin if legs == "dress" else leg_wear))  # fmt: skip
        flare = loose if legs == "long" else 1.0
        calf = capsule(knee, ankle, 0.034 * wide * flare**0.8, 0.022 * wide * flare, 8)
        parts.append((calf, leg_wear if legs == "long" else skin))
        shoe = moved(scaled(ball(1.0, 8), 0.07 * tall, 0.028 * tall, 0.027 * tall),
                     0.03 * tall, 0, -0.018 * tall)  # fmt: skip
        foot = float(np.clip(bend - swing, -10, 100))
        parts.append((moved(turned(shoe, "y", foot * 0.8), *ankle), shoes))
    parts.append(([loft([(0, 0, -0.07 * tall, 0.03, 0.05),
                         (0, 0, -0.045 * tall, 0.06 * wide, 0.09 * wide),
                         (0, 0, 0.03 * tall, 0.067 * wide, 0.1 * wide),
                         (0, 0, 0.05 * tall, 0.05 * wide, 0.08 * wide)])], leg_wear))  # fmt: skip
    c, s = np.cos(np.radians(pose.lean)), np.sin(np.radians(pose.lean))
    tilt = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    upper: list[tuple[Shape, Material]] = [(_trunk(tall, wide, shoulder, loose), coat)]
    for side, (swing, bend) in zip((1, -1), pose.arms, strict=True):
        root = np.array([0, side * shoulder, chest - 0.045 * tall])
        elbow = root + 0.155 * tall * _way(swing, side * pose.spread)
        wrist = elbow + 0.145 * tall * _way(swing + bend, side * pose.spread * 0.4)
        upper.append((capsule(root, elbow, 0.03 * wide * loose**0.5, 0.025 * wide * loose**0.5, 8),
                      skin if sleeves == "none" else coat))  # fmt: skip
        upper.append((capsule(elbow, wrist, 0.023 * wide, 0.017 * wide, 8),
                      coat if sleeves == "long" else skin))  # fmt: skip
        palm = wrist + 0.05 * tall * _way(swing + bend, 0)
        upper.append((capsule(wrist, palm, 0.018 * tall, 0.022 * tall, 8), skin))
    upper += _head(rng, tall, skin)
    if legs == "dress" and abs(pose.lean) < 20 and max(a for a, _ in pose.legs) < 40:
        hem, flare = rng.uniform(0.12, 0.4) * tall, rng.uniform(1.0, 1.7)
        skirt = [loft([(0, 0, -hem, 0.09 * wide * flare, 0.11 * wide * flare),
                       (0, 0, 0.05 * tall, 0.062 * wide, 0.09 * wide)])]  # fmt: skip
        parts.append((skirt, coat if rng.random() < 0.6 else leg_wear))
    elif rng.random() < 0.3:  # a coat or a long jumper
        hem = rng.uniform(0.05, 0.22) * tall
        upper.append(([loft([(0, 0, -hem, 0.08 * wide, 0.115 * wide),
                             (0, 0, 0.12 * tall, 0.066 * wide, 0.096 * wide)])], coat))  # fmt: skip
    if rng.random() < 0.25:
        sack = pillow((0.15, 0.3, rng.uniform(0.3, 0.48)), 0.5, 12)
        kind = materials.fabric if rng.random() < 0.7 else materials.leather
        upper.append((moved(sack, -0.07 * wide - 0.07, 0, 0.2 * tall), kind(rng)))
    parts += [(mapped(shape, tilt), material) for shape, material in upper]
    whole = [patch for shape, _ in parts for patch in turned(shape, "y", pose.lies)]
    grounded = above_floor(on_floor(whole))
    things, at = [], 0
    for shape, material in parts:
        things.append(Thing(grounded[at : at + len(shape)], material, PERSON))
        at += len(shape)
    return things


def _way(swing: float, out: float) -> np.ndarray:
    """The unit vector that hangs down, swung forwards and spread to the side, degrees."""
    a, b = np.radians(swing), np.radians(out)
    return np.array([np.sin(a) * np.cos(b), np.sin(b), -np.cos(a) * np.cos(b)])


def _trunk(tall: float, wide: float, shoulder: float, loose: float) -> Shape:
    x, y = 0.062 * wide * loose**0.3, 0.09 * wide * loose**0.3
    return [loft([(0, 0, -0.03, 0.05, 0.08), (0, 0, 0.0, x, y * 1.08), (0, 0, 0.1 * tall, x, y),
                  (0.01, 0, 0.2 * tall, x * 1.06, y * 1.02), (0, 0, 0.265 * tall, x, shoulder),
                  (0, 0, 0.29 * tall, 0.8 * x, shoulder * 0.93),
                  (0, 0, 0.312 * tall, 0.036 * tall, shoulder * 0.5),
                  (0, 0, 0.335 * tall, 0.03 * tall, 0.034 * tall)])]  # fmt: skip


def _head(rng: Rng, tall: float, skin: Material) -> list[tuple[Shape, Material]]:
    """Neck, head and what is on it: hair, a hat or a hood, now and then glasses."""
    size = 0.068 * tall * (1.15 if tall < 1.3 else 1.0)
    z, wide = 0.36 * tall + size, 0.7 * size
    face = capsule((0, 0, 0.3 * tall), (0.01, 0, z - 0.03), 0.03 * tall, 0.028 * tall, 8)
    face += moved(scaled(ball(1.0, 14), wide * 1.15, wide, size), 0.012, 0, z)
    front = 0.012 + wide * 1.15
    face += moved(scaled(ball(1.0, 6), 0.014, 0.011, 0.022), front, 0, z - 0.018)
    parts = [(face, skin)]
    eyes: Shape = []
    for side in (-1, 1):
        eyes += moved(ball(0.011, 6), front - 0.014, side * 0.03, z + 0.008)
    parts.append((eyes, plain(34, 26, 24)))
    hair = materials.hair(rng)
    cap = moved(scaled(ball(1.0, 12), wide * 1.22, wide * 1.13, size), -0.014, 0, z + 0.022)
    draw = rng.random()
    if draw < 0.12:  # bald
        return parts
    parts.append((cap, materials.cloth(rng) if draw > 0.8 else hair))
    if draw > 0.9:
        brim = moved(scaled(ball(1.0, 10), 0.09, 0.075, 0.006), 0.06, 0, z + 0.45 * size)
        parts.append((brim, parts[-1][1]))
    if draw < 0.45:
        low = z - rng.uniform(0.8, 2.6) * size
        parts.append(([loft([(-0.055, 0, low, 0.02, 0.05), (-0.05, 0, low + 0.02, 0.035, 0.07),
                             (-0.03, 0, z - 0.02, 0.05, wide * 1.2),
                             (-0.02, 0, z + 0.06, 0.05, wide)], 10)], hair))  # fmt: skip
    return parts


_POSES = ("stands", "walks", "bends", "crouches", "kneels", "floor", "lies")
_CHANCES = [0.36, 0.22, 0.1, 0.08, 0.08, 0.11, 0.05]
