# SPDX-License-Identifier: Apache-2.0
"""The facts of one model, which everything else reads here."""

from __future__ import annotations

from dataclasses import dataclass

from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.text import TextConfig
from tips_ros.model.tips import HeadName
from tips_ros.model.variants import VitConfig
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.deviation.model import UNCALIBRATED, DeviationModel

NYU_FOCAL_RATIO = 518.86 / 640  # fx / width of the camera the depth heads were trained with


@dataclass(frozen=True)
class ModelDescription:
    """A model's facts.

    Attributes:
        name: what the user called it.
        variant: S, B, L, SO400m, g, or the size in words.
        input_size: (h, w) in pixels that the network sees unless told otherwise.
        classes: the segmentation head's own classes, in the order of its outputs.
        vit: sizes of the image encoder, with the GELU of the release it came from.
        text: sizes of the text encoder, with its LayerNorm epsilon; None without one.
        heads: the dense heads it has.
        taps: the blocks that the heads read, 0-based.
        bins: range and activation of the depth head.
        temperature: of the image-text softmax; None where the release tells none.
        focal_ratio: fx / width of the camera the depth head was trained with.
        deviation: what makes the depth's deviation.
        trained: False for random weights; whoever shows an output must then say so.
        knows: what it was trained for, where that is little; whoever shows an output says so.
        origin: the formats of the files it was read from.
    """

    name: str
    variant: str
    input_size: tuple[int, int]
    classes: ClassList
    vit: VitConfig
    text: TextConfig | None = None
    heads: tuple[HeadName, ...] = ()
    taps: tuple[int, ...] = ()
    bins: DepthBins = DepthBins()
    temperature: float | None = None
    focal_ratio: float = NYU_FOCAL_RATIO
    deviation: DeviationModel = UNCALIBRATED
    trained: bool = True
    knows: str = ""
    origin: str = ""

    @property
    def caution(self) -> str:
        """A line to bear in mind with all outputs; empty where there is nothing."""
        return caution_of(self.name, self.knows)

    @property
    def max_depth_m(self) -> float:
        """The farthest depth the depth head can say."""
        return self.bins.max_m


def caution_of(name: str, knows: str) -> str:
    """A line about a model of that name that knows little; empty where nobody said so."""
    if not knows:
        return ""
    return f"{name} model: knows {knows}; of other pictures trust neither classes nor metres"
