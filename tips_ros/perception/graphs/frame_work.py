# SPDX-License-Identifier: Apache-2.0
"""The work of a GPU for one batch of frames: from the pictures' bytes to one block of results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tips_ros.model.fast.head_streams import HeadStreams
from tips_ros.model.tips import DenseMaps, HeadName, Tips, TipsOutput
from tips_ros.model.vit import ImageFeatures, PatchGrid
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.deviation.cues import Focal
from tips_ros.perception.deviation.predicted import stddev_at
from tips_ros.perception.packed_frame import Layout, PackedFrame, pack
from tips_ros.perception.preprocess import input_of_pixels
from tips_ros.perception.resizing import depth_at, normals_at
from tips_ros.perception.semantic.segmentation import label_map_at


class FramePlan(NamedTuple):
    """Everything that decides what is computed for a picture: equal plans are equal work."""

    picture: tuple[int, int]  # (H, W), upright
    size: tuple[int, int]  # (H, W) of the outputs
    heads: frozenset[HeadName]
    evidence: bool  # whether depth's deviation is wanted
    value_features: bool

    @property
    def bytes(self) -> int:
        """Size of the picture."""
        return 3 * math.prod(self.picture)


class FrameWork:
    """A function of pixels alone that asks a GPU always for the same, and waits for nothing.

    Attributes:
        layouts: of each picture's results, once it has run.
    """

    def __init__(
        self,
        model: Tips,
        description: ModelDescription,
        input_size: tuple[int, int],
        dtype: torch.dtype,
        plans: Sequence[FramePlan],
    ) -> None:
        """Takes a model where it runs, and the plans of a batch."""
        self._model, self._description = model, description
        self._input_size, self._dtype = input_size, dtype
        self._plans = plans
        device = next(model.parameters()).device
        self._run_heads = HeadStreams(device)
        patch = model.backbone.config.patch
        self._grid = PatchGrid(input_size[0] // patch, input_size[1] // patch)
        self.layouts: list[Layout] = []

    @property
    def bytes(self) -> int:
        """Size of all pictures."""
        return sum(plan.bytes for plan in self._plans)

    def __call__(self, pixels: Tensor) -> tuple[Tensor]:
        """(bytes,) uint8 of all pictures, one after the other → their results, see `pack`."""
        inputs = []
        for plan, flat in zip(
            self._plans, pixels.split([plan.bytes for plan in self._plans]), strict=True
        ):
            picture = flat.view(*plan.picture, 3)
            inputs.append(input_of_pixels(picture, self._input_size, self._dtype))
        looks = self._model.forward_batch(
            torch.cat(inputs) if len(inputs) > 1 else inputs[0],
            [plan.heads for plan in self._plans],
            value_features=any(plan.value_features for plan in self._plans),
            evidence=any(plan.evidence for plan in self._plans),
            run_heads=self._run_heads,
        )
        block, self.layouts = pack(
            [
                (self._for_host(plan, look.maps), _to_keep(image, look))
                for plan, image, look in zip(self._plans, inputs, looks, strict=True)
            ]
        )
        return (block,)

    def _for_host(self, plan: FramePlan, maps: DenseMaps) -> dict[str, Tensor]:
        made = {}
        if maps.depth is not None:
            made["depth_m"] = depth_at(maps.depth, plan.size)
        if maps.normals is not None:
            made["normals"] = normals_at(maps.normals, plan.size)
        if maps.segmentation is not None:
            made["labels"], made["confidence"] = label_map_at(maps.segmentation, plan.size)
        if plan.evidence:
            focal = Focal.of_picture(self._description.focal_ratio, plan.picture)
            made["stddev_m"] = stddev_at(maps, self._description.deviation, focal, plan.size)
        return made

    def features_in(self, frame: PackedFrame) -> ImageFeatures:
        """The features in a frame's results."""
        tokens = frame["cls"], frame["second_cls"], frame["patches"]
        return ImageFeatures(*tokens, self._grid, (), frame.get("values"))


def _to_keep(image: Tensor, look: TipsOutput) -> dict[str, Tensor]:
    """Everything else that answers may be made of, but for maps at the heads' size."""
    features = look.features
    kept = {
        "image": image,
        "cls": features.cls_token,
        "second_cls": features.second_cls_token,
        "patches": features.patch_tokens,
    }
    if features.value_features is not None:
        kept["values"] = features.value_features
    return kept
