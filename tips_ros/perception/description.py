# SPDX-License-Identifier: Apache-2.0
"""What one model is: everything about it that its tensors do not say."""

from __future__ import annotations

from dataclasses import dataclass

from tips_ros.perception.class_lists import ClassList

NYU_FOCAL_RATIO = 518.86 / 640  # fx / width of the camera the depth heads were trained with


@dataclass(frozen=True)
class ModelDescription:
    """A model's facts.

    Attributes:
        name: what the user called it.
        variant: S, B, L, SO400m, g, or the size in words.
        input_size: (h, w) in pixels that the network sees unless told otherwise.
        classes: the segmentation head's own classes.
        max_depth_m: the farthest depth the depth head can say.
        focal_ratio: fx / width of the camera the depth head was trained with.
        trained: False for random weights; whoever shows an output must then say so.
    """

    name: str
    variant: str
    input_size: tuple[int, int]
    classes: ClassList
    max_depth_m: float = 10.0
    focal_ratio: float = NYU_FOCAL_RATIO
    trained: bool = True
