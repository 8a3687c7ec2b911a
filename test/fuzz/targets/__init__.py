# SPDX-License-Identifier: Apache-2.0
"""The table of targets: every entrance of the program through which something may come in."""

from __future__ import annotations

from ..target import Target
from . import (
    bags,
    calibrations,
    cameras,
    compressed,
    images,
    live,
    models,
    parameters,
    sensors,
    transforms,
    words,
)

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (
        *(images, compressed, cameras, sensors, transforms),
        *(words, calibrations, models, bags, parameters, live),
    )
    for target in module.TARGETS
}
