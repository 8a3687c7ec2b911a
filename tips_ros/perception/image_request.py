# SPDX-License-Identifier: Apache-2.0
"""An image with everything that is wanted of it, and the heads that this takes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from tips_ros.model.tips import HeadName
from tips_ros.perception.camera.mounting import MountingRotation
from tips_ros.perception.semantic.label_space import LabelSpace

Output = Literal["depth", "normals", "semantic", "stddev"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
HEAD_OF: dict[Output, HeadName] = {
    "depth": "depth",
    "normals": "normals",
    "semantic": "segmentation",
    "stddev": "depth",
}


class ImageRequest(NamedTuple):
    """An image, and what is wanted of it."""

    rgb: NDArray[np.uint8]  # (H, W, 3)
    outputs: Collection[Output] = ()  # of depth, its deviation and normals what is wanted
    scale: float = 1.0  # size of the outputs as a fraction of the image's, above 0 up to 1
    # By which pixels will be labelled: words need value features, the model's own classes its head.
    label_spaces: Collection[LabelSpace] = ()
    mounting: MountingRotation = 0  # how the camera is mounted: what turns its picture upright
    features: bool = False  # whether value features are wanted themselves
    maps: bool = False  # whether the heads' maps are, at the heads' size

    def heads(self) -> set[HeadName]:
        """Returns the heads that run for it beside the backbone."""
        heads = {HEAD_OF[output] for output in self.outputs if output != "semantic"}
        if any(label_space.words is None for label_space in self.label_spaces):
            heads.add("segmentation")
        return heads

    @property
    def evidence(self) -> bool:
        """Whether it is wanted how sure depth is."""
        return "stddev" in self.outputs

    @property
    def value_features(self) -> bool:
        """Whether value features are needed."""
        return self.features or any(one.words is not None for one in self.label_spaces)


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """(H, W) of the outputs for an image of this size; never below one pixel."""
    return max(1, round(height * scale)), max(1, round(width * scale))
