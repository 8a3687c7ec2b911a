# SPDX-License-Identifier: Apache-2.0
"""People who stand, walk and sit; they look along +x."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from training.scenes.furniture.seating import office_chair, upholstered_chair, wooden_chair
from training.scenes.shapes.flat import boxes
from training.scenes.shapes.patch import Shape, mapped, moved, scaled
from training.scenes.shapes.round import capsule, loft
from training.scenes.shapes.rounded import ball
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import plain
from training.scenes.things import PERSON, Thing

Rng = np.random.Generator


class _Limb(NamedTuple):
    """Hip, knee and ankle, or shoulder, elbow and wrist; metres."""

    root: np.ndarray
    joint: np.ndarray
    end: np.ndarray


def person(rng: Rng) -> list[Thing]:
    """A person of any pose."""
    poses = [standing_person, walking_person, sitting_person]
    return poses[rng.choice(3, p=[0.42, 0.3, 0.28])](rng)


def standing_person(rng: Rng) -> list[Thing]:
    """Upright, the weight on both feet, arms down, crossed before, or one raised a little."""
    legs = [(rng.uniform(-4, 5), rng.uniform(0, 5)) for _ in range(2)]
    pose = rng.integers(3)
    if pose == 0:
        arms = [(rng.uniform(-8, 10), rng.uniform(4, 25)) for _ in range(2)]
    elif pose == 1:  # holding something before the chest
        arms = [(rng.uniform(5, 20), rng.uniform(70, 110))] * 2
    else:
        arms = [(rng.uniform(-5, 8), 15.0), (rng.uniform(20, 60), rng.uniform(30, 90))]
    return _person(rng, legs, arms, lean=rng.uniform(-2, 4))


def walking_person(rng: Rng) -> list[Thing]:
    """A person in the middle of a step."""
    stride, swing = rng.uniform(14, 27), rng.uniform(10, 30)
    legs = [(stride, rng.uniform(2, 10)), (-stride * 0.8, rng.uniform(10, 30))]
    arms = [(-swing, rng.uniform(5, 25)), (swing, rng.uniform(15, 45))]
    if rng.random() < 0.5:
        legs, arms = legs[::-1], arms[::-1]
    return _person(rng, legs, arms, lean=rng.uniform(2, 7))


def sitting_person(rng: Rng) -> list[Thing]:
    """A person on a chair that belongs to the piece."""
    chairs = [wooden_chair, upholstered_chair, office_chair]
    chair = chairs[rng.integers(3)](rng)
    legs = [(rng.uniform(78, 88), rng.uniform(72, 95)) for _ in range(2)]
    arms = [(rng.uniform(10, 35), rng.uniform(35, 75)) for _ in range(2)]
    person = _person(rng, legs, arms, lean=rng.uniform(-8, 6), seat=0.49)
    back = -0.08
    return chair + [Thing(moved(t.shape, back, 0), t.material, t.label) for t in person]


def _person(
    rng: Rng,
    legs: list[tuple[float, float]],
    arms: list[tuple[float, float]],
    lean: float,
    seat: float | None = None,
) -> list[Thing]:
    """A person of any looks.

    Args:
        rng: draws size, build, hair and clothes.
        legs: how far each thigh swings forward and how far each knee bends, degrees.
        arms: the same of each upper arm and elbow.
        lean: of the trunk, forwards, degrees.
        seat: height of what is sat on, metres; None stands.
    """
    tall = rng.uniform(1.52, 1.9)
    build, female = rng.uniform(0.88, 1.2), rng.random() < 0.5
    skirt = female and seat is None and rng.random() < 0.4
    hip, shoulder = 0.053 * tall, (0.1 if female else 0.112) * tall * build**0.5
    thigh, shin = 0.235 * tall, 0.225 * tall
    limbs = [_bent((0, side * hip, 0), thigh, shin, *angles, knee=-1)
             for side, angles in zip((1, -1), legs, strict=True)]  # fmt: skip
    # The hip is as high as the longer leg reaches, or on the seat.
    sole = 0.045 * tall
    height = seat + 0.085 * build if seat else -min(limb.end[2] for limb in limbs) + sole
    if seat:
        limbs = [_on_floor(limb, height - sole) for limb in limbs]
    c, s = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    tilt = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    hip_at = np.array([0, 0, height])

    def upper(shape: Shape) -> Shape:
        return mapped(shape, tilt, hip_at)

    chest = 0.315 * tall  # from the hip to the shoulders
    reach = [_bent((0.0, side * shoulder, chest - 0.045 * tall), 0.155 * tall, 0.145 * tall,
                   *angles, knee=1, out=side * rng.uniform(4, 11))
             for side, angles in zip((1, -1), arms, strict=True)]  # fmt: skip
    width = tall * build
    torso = [loft([(0, 0, -0.02, 0.04, 0.06), (0, 0, 0.0, 0.062 * width, 0.098 * width),
                   (0, 0, 0.1 * tall, 0.058 * width, (0.076 if female else 0.088) * width),
                   (0.012, 0, 0.2 * tall, 0.066 * width, 0.092 * width),
                   (0.005, 0, 0.265 * tall, 0.062 * width, shoulder),
                   (0, 0, 0.29 * tall, 0.05 * width, shoulder * 0.93),
                   (0, 0, 0.312 * tall, 0.036 * tall, shoulder * 0.5),
                   (0, 0, 0.335 * tall, 0.03 * tall, 0.034 * tall)])]  # fmt: skip
    sleeves: Shape = []
    hands: Shape = []
    short = rng.random() < 0.45
    for limb in reach:
        sleeves += capsule(limb.root, limb.joint, 0.029 * width, 0.024 * width, 8)
        lower = capsule(limb.joint, limb.end, 0.022 * width, 0.016 * width, 8)
        (hands if short else sleeves).extend(lower)
        palm = limb.end + 0.05 * (limb.end - limb.joint) / np.linalg.norm(limb.end - limb.joint)
        hands += capsule(limb.end, palm, 0.02 * tall, 0.024 * tall, 8)
    head, hair, eyes = _head(tall, female and rng.random() < 0.75, rng)
    trousers: Shape = []
    bare: Shape = []
    shoes: Shape = []
    for limb in limbs:
        root, joint, end = (p + hip_at for p in limb)
        trousers += capsule(root, joint, 0.05 * width, 0.036 * width, 10)
        (bare if skirt else trousers).extend(capsule(joint, end, 0.033 * width, 0.022 * width, 8))
        shoe = scaled(ball(1.0, 8), 0.072 * tall, 0.026 * tall, 0.03 * tall)
        heel = max(end[2] - sole, 0.0)
        shoes += moved(shoe, end[0] + 0.032 * tall, end[1], heel + 0.03 * tall)
    pelvis = [loft([(0, 0, height - 0.07 * tall, 0.03, 0.05),
                    (0, 0, height - 0.05 * tall, 0.058 * width, 0.088 * width),
                    (0, 0, height + 0.03 * tall, 0.066 * width, 0.1 * width),
                    (0, 0, height + 0.05 * tall, 0.05 * width, 0.08 * width)])]  # fmt: skip
    if skirt:
        hem = height - rng.uniform(0.17, 0.3) * tall
        wide = 0.095 * width + rng.uniform(0.02, 0.1)
        pelvis += [loft([(0, 0, hem, wide, wide * 1.15),
                         (0, 0, height - 0.02 * tall, 0.075 * width, 0.108 * width)])]  # fmt: skip
    coat, legwear, skin = materials.cloth(rng), materials.cloth(rng), materials.skin(rng)
    lower_body = trousers + pelvis
    return [
        Thing(upper(torso + sleeves), coat, PERSON),
        Thing(lower_body, legwear, PERSON),
        Thing(upper(head + hands) + bare, skin, PERSON),
        Thing(upper(hair), materials.hair(rng), PERSON),
        Thing(shoes, materials.leather(rng), PERSON),
        Thing(upper(eyes), plain(40, 28, 24), PERSON),
    ]


def _bent(root: tuple[float, float, float], first: float, second: float, swing: float, bend: float,
          knee: int, out: float = 0.0) -> _Limb:  # fmt: skip
    """A limb that hangs down, swung forward, bent back (`knee` -1) or forward, spread `out`."""
    start = np.array(root, float)
    spread = np.sin(np.radians(out))

    def way(angle_deg: float) -> np.ndarray:
        a = np.radians(angle_deg)
        return np.array([np.sin(a), spread * abs(np.cos(a)), -np.cos(a)])

    joint = start + first * way(swing)
    return _Limb(start, joint, joint + second * way(swing + knee * bend))


def _on_floor(limb: _Limb, drop: float) -> _Limb:
    """The limb of a sitter with its ankle on the floor, `drop` below the hip."""
    length = float(np.linalg.norm(limb.end - limb.joint))
    down = min(limb.joint[2] + drop, 0.995 * length)
    forward = np.sign(limb.end[0] - limb.joint[0] + 1e-6) * np.sqrt(length**2 - down**2)
    return _Limb(limb.root, limb.joint, limb.joint + np.array([min(forward, 0.2), 0, -down]))


def _head(tall: float, long_hair: bool, rng: Rng) -> tuple[Shape, Shape, Shape]:
    """Head with neck, ears and nose; hair; eyes and brows. Heights are from the hip."""
    z, high, wide = 0.427 * tall, 0.068 * tall, 0.047 * tall
    x, front = 0.012, 0.012 + wide * 1.15
    skin = capsule((0, 0, 0.31 * tall), (0.008, 0, z - 0.03), 0.031 * tall, 0.029 * tall, 8)
    skin += moved(scaled(ball(1.0, 14), wide * 1.15, wide, high), x, 0, z)
    skin += moved(scaled(ball(1.0, 6), 0.014, 0.011, 0.022), front + 0.002, 0, z - 0.018)
    eyes: Shape = []
    for side in (-1, 1):
        ear = scaled(ball(1.0, 6), 0.018, 0.01, 0.028)
        skin += moved(ear, 0.005, side * wide, z - 0.005)
        eyes += boxes([(front - 0.02, side * 0.03 - 0.012, z + 0.002)],
                      [(front - 0.004, side * 0.03 + 0.012, z + 0.013)], without="-x")  # fmt: skip
    eyes += boxes([(front - 0.026, -0.019, z - 0.055)], [(front - 0.011, 0.019, z - 0.048)], "-x")
    hair = moved(scaled(ball(1.0, 12), wide * 1.22, wide * 1.12, high), -0.013, 0, z + 0.024)
    if long_hair:
        low = rng.uniform(0.3, 0.38) * tall
        hair += [loft([(-0.055, 0, low, 0.02, 0.05), (-0.05, 0, low + 0.02, 0.035, 0.075),
                       (-0.03, 0, z - 0.02, 0.05, wide * 1.2), (-0.02, 0, z + 0.06, 0.05, wide)],
                      10)]  # fmt: skip
        if rng.random() < 0.3:
            hair += moved(ball(0.04, 8), -0.09, 0, z + 0.06)
    return skin, hair, eyes
