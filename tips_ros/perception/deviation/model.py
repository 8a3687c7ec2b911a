# SPDX-License-Identifier: Apache-2.0
"""The numbers that make a deviation of a model's cues: ln (σ / depth) is linear in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tips_ros.advice import as_typed

# What the depth head alone tells, and what all three heads do; see `cues`.
PRODUCTS = (
    ("depth", "depth"),
    ("depth", "activation"),
    ("depth", "entropy"),
    ("activation", "entropy"),
    ("depth", "spread"),
    ("spread", "spread"),
)
ALONE = (
    *("constant", "depth", "activation", "entropy", "spread", "slope"),
    *("_".join(factors) for factors in PRODUCTS),
)
TOGETHER = (*ALONE, "class_doubt", "disagreement", "facing", "grazing")


@dataclass(frozen=True)
class DeviationModel:
    """Coefficients by cue; a cue that is not named has none.

    Attributes:
        alone: where the depth head runs without one of the others, of `ALONE`.
        together: where all three heads run, of `TOGETHER`.
        fitted_on: the data, in a few words; "" where it was never fitted to this model.
    """

    alone: Mapping[str, float]
    together: Mapping[str, float]
    fitted_on: str = ""

    @property
    def is_calibrated(self) -> bool:
        """Whether it was fitted to this model."""
        return bool(self.fitted_on)

    def as_dict(self) -> dict[str, Any]:
        """The model as `model.yaml` holds it."""
        return {
            "fitted_on": self.fitted_on,
            "alone": {cue: round(float(self.alone[cue]), 5) for cue in self.alone},
            "together": {cue: round(float(self.together[cue]), 5) for cue in self.together},
        }


# Of cues that mean the same to every model. Fitted to what the demo model says of rendered rooms
# and of two real cameras' bags in equal parts, so to one that mostly does not know what it sees:
# benchmarks/generic_deviation.py.
UNCALIBRATED = DeviationModel(
    alone={"constant": -1.17, "slope": 0.5},
    together={"constant": -0.74, "class_doubt": 0.28},
)


def deviation_model(value: object) -> DeviationModel:
    """Reads what `DeviationModel.as_dict` gave.

    Raises:
        ValueError: it is none, or has cues that there are not.
    """
    if not isinstance(value, dict) or value.keys() != {"fitted_on", "alone", "together"}:
        raise ValueError(
            f"must have fitted_on, alone and together; {as_typed('tips_ros calibrate')} writes it"
        )
    fitted_on = value["fitted_on"]
    if not isinstance(fitted_on, str) or not fitted_on.strip() or not fitted_on.isprintable():
        raise ValueError("fitted_on must be one line of text")
    return DeviationModel(
        _coefficients(value["alone"], ALONE, "alone"),
        _coefficients(value["together"], TOGETHER, "together"),
        fitted_on.strip(),
    )


def _coefficients(value: object, cues: tuple[str, ...], name: str) -> dict[str, float]:
    if not isinstance(value, dict) or not value.keys() <= set(cues):
        raise ValueError(f"{name} must have a number for some of {', '.join(cues)}")
    for number in value.values():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ValueError(f"{name} must have numbers")
        if not math.isfinite(number):
            raise ValueError(f"{name} must have finite numbers")
    return {cue: float(number) for cue, number in value.items()}
