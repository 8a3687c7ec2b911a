# SPDX-License-Identifier: Apache-2.0
"""Another look for frames to learn from, so that rendered rooms stop looking alike.

All of it runs on the frames' device with constants that were made there once, and nothing in it
waits or depends on values, so that a CUDA graph can hold it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.frames.appearance.cameras import sensed, toned
from training.frames.appearance.draws import Draws
from training.frames.appearance.lights import lit
from training.frames.appearance.materials import Habits, painted
from training.frames.appearance.scene import Scene

APPEARANCE = 0.75  # share of the frames that get another look


class Appearance:
    """Changes the look of some of the frames of a batch."""

    def __init__(self, share: float, device: torch.device) -> None:
        """Args:
            share: of the frames, 0 to 1.
            device: of the frames.

        Raises:
            ValueError: the share is not between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share of the frames is between 0 and 1, not {share}")
        self._share, self._habits = share, Habits.on(device)

    def count(self, frames: int) -> int:
        """So many of a batch, its first ones, are changed: a batch is in no order."""
        return round(self._share * frames)

    def of_scene(
        self, images: Tensor, scene: Scene, generator: torch.Generator | None = None
    ) -> Tensor:
        """(N, 3, S, S) pictures in [0, 1] with other light and tone, most with other materials."""
        draws = Draws(len(images), images.device, generator)
        few = -(-2 * len(images) // 3)  # the others keep their materials
        some = Draws(few, images.device, generator)
        new = painted(images[:few], Scene(*(part[:few] for part in scene)), some, self._habits)
        return toned(lit(torch.cat([new, images[few:]]), scene, draws), draws)

    def of_camera(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """(N, 3, S, S) pictures in [0, 1] as a worse camera has them."""
        return sensed(images, Draws(len(images), images.device, generator))
