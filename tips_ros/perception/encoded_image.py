# SPDX-License-Identifier: Apache-2.0
"""The results of one pass, on the device: everything later said of an image comes from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.tips import DenseMaps
from tips_ros.model.vit import ImageFeatures
from tips_ros.perception.camera.mounting import MountingRotation, rotated_size
from tips_ros.perception.packed_frame import PackedFrame


class EncodedImage(NamedTuple):
    """One image after its pass."""

    rgb: NDArray[np.uint8]  # (H, W, 3), upright, on the host
    size: tuple[int, int]  # (H, W) of the outputs while they are upright
    image: Tensor  # (1, 3, h, w) RGB in [0, 1], as the network saw it
    maps: DenseMaps  # of a batch of one
    features: ImageFeatures  # of a batch of one
    mounting: MountingRotation = 0  # by which the camera's picture was turned upright
    passed: torch.cuda.Event | None = None  # when a GPU has made all this; None: not marked
    packed: PackedFrame | None = None  # played as one graph: its arrays, instead of `maps`

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors that depth, normals, labels and cosines are made of."""
        if self.packed is not None:
            return (self.packed.block,)  # all others lie in it
        found = (self.image, *self.maps, self.features.value_features)
        return tuple(tensor for tensor in found if tensor is not None)

    @property
    def mounted_size(self) -> tuple[int, int]:
        """(H, W) of the outputs in the camera's own orientation."""
        return rotated_size(self.size, self.mounting)
