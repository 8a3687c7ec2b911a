# SPDX-License-Identifier: Apache-2.0
"""Seeds of the scenes that a model learns from and of those that measure it: none is both."""

from __future__ import annotations

TRAINING = range(0, 1_000_000)
LIVED_IN_MORE = range(4000, 1_000_000)  # of these: fuller rooms, seen by people's cameras too
HELD_OUT = range(1_000_000, 2_000_000)
HELD_OUT_LOW = range(1_500_000, 2_000_000)  # of these, the lived-in rooms seen from low cameras


def training_seed(number: int) -> int:
    """The number, if a scene with this seed may be learnt from.

    Raises:
        ValueError: the seed is held out for measuring, or is none at all.
    """
    return _checked(number, TRAINING, "training")


def held_out_seed(number: int) -> int:
    """The number, if a scene with this seed is kept for measuring.

    Raises:
        ValueError: the seed is one to learn from, or is none at all.
    """
    return _checked(number, HELD_OUT, "held-out")


def _checked(number: int, allowed: range, name: str) -> int:
    if number not in allowed:
        raise ValueError(
            f"scene {number} is not a {name} scene; those are {allowed[0]} to {allowed[-1]}"
        )
    return number
