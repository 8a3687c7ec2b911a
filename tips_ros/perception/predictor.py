# SPDX-License-Identifier: Apache-2.0
"""An image in; depth, normals and labels out: one backbone pass, only the heads asked for."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.tips import DenseMaps, HeadName, Tips
from tips_ros.model.vit import ImageFeatures
from tips_ros.perception.depth import depth_at
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.normals import normals_at
from tips_ros.perception.preprocess import check_image, network_input
from tips_ros.perception.segmentation import UNLABELLED, LabelMap, label_map_at, with_ids

Output = Literal["depth", "normals", "semantic"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
HEAD_OF: dict[Output, HeadName] = {
    "depth": "depth",
    "normals": "normals",
    "semantic": "segmentation",
}


class Prediction(NamedTuple):
    """What was seen in one image, all at one size (H, W); None for what was not asked for."""

    depth_m: NDArray[np.float32] | None = None  # (H, W) metres along z
    normals: NDArray[np.float32] | None = None  # (H, W, 3) unit, optical frame, facing the camera
    labels: NDArray[np.uint8] | None = None  # (H, W) ids of the model's classes
    confidence: NDArray[np.uint8] | None = None  # (H, W) probability of that class, 0 to 255


class Predictor:
    """A model on a device, ready for images of any size."""

    def __init__(
        self,
        model: Tips,
        description: ModelDescription,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        """Moves the model to the device.

        Args:
            model: the network.
            description: its facts.
            device: where it is to run, as torch names it.
            dtype: of weights and activations; depth is reduced in fp32 whatever this is.
            input_size: (h, w) the network is to see, instead of the description's.

        Raises:
            ValueError: an input size that is not a positive multiple of the patch.
        """
        self.description = description
        self.device = torch.device(device)
        self.dtype = dtype
        self.input_size = input_size or description.input_size
        patch = model.backbone.config.patch
        if any(side < patch or side % patch for side in self.input_size):
            raise ValueError(
                f"input size {self.input_size} (h, w) must be multiples of {patch}; "
                f"the model's own is {description.input_size}"
            )
        self.model = model.to(self.device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What this model can be asked for."""
        return tuple(o for o in OUTPUTS if HEAD_OF[o] in self.model.head_names)

    @torch.inference_mode()
    def predict(
        self,
        rgb: NDArray[np.uint8],
        outputs: Collection[Output] | None = None,
        scale: float = 1.0,
    ) -> Prediction:
        """Looks at one image.

        Args:
            rgb: (H, W, 3) uint8.
            outputs: what is wanted; all the model has by default.
            scale: size of the outputs as a fraction of the image's, above 0 up to 1.

        Raises:
            ValueError: not an image, an output the model has no head for, or a bad scale.
        """
        x, size = self._input(rgb, scale)
        return self._prediction(self.model(x, self._heads(outputs)), size)

    @torch.inference_mode()
    def look(
        self,
        rgb: NDArray[np.uint8],
        outputs: Collection[Output] | None = None,
        scale: float = 1.0,
        *,
        value_features: bool = False,
    ) -> tuple[Prediction, ImageFeatures]:
        """As `predict`, with the features that are compared with text; still one backbone pass.

        Args:
            rgb, outputs, scale: as for `predict`; `outputs` may be empty.
            value_features: also those for zero-shot segmentation.

        Returns:
            The prediction, and the features of a batch of one image on the device.
        """
        x, size = self._input(rgb, scale)
        maps, features = self.model.look(x, self._heads(outputs), value_features=value_features)
        return self._prediction(maps, size), features

    def _input(self, rgb: NDArray[np.uint8], scale: float) -> tuple[Tensor, tuple[int, int]]:
        """What the network sees, and the (H, W) of the outputs."""
        check_image(rgb)
        if not 0.0 < scale <= 1.0:
            raise ValueError(f"scale {scale} must be above 0 and at most 1")
        x = network_input(rgb, self.input_size, self.device, self.dtype)
        return x, scaled_size(rgb.shape[0], rgb.shape[1], scale)

    def _heads(self, outputs: Collection[Output] | None) -> list[HeadName]:
        return [HEAD_OF[output] for output in (self.outputs if outputs is None else outputs)]

    def _prediction(self, maps: DenseMaps, size: tuple[int, int]) -> Prediction:
        depth_m = normals = labels = confidence = None
        if maps.depth is not None:
            depth_m = _host(depth_at(maps.depth, size))
        if maps.normals is not None:
            normals = _host(normals_at(maps.normals, size))
        if maps.segmentation is not None:
            labels, confidence = map(_host, self._label_map(maps.segmentation, size))
        return Prediction(depth_m, normals, labels, confidence)

    def _label_map(self, logits: Tensor, size: tuple[int, int]) -> LabelMap:
        found = label_map_at(logits, size)
        if self._id_of_output is None:
            return found
        return found._replace(labels=with_ids(found.labels, self._id_of_output))

    @cached_property
    def _id_of_output(self) -> Tensor | None:
        """(256,) uint8 on the device; None where the outputs are in the order of their ids."""
        classes = self.description.classes
        if classes.ids_are_positions:
            return None
        ids = torch.full((256,), UNLABELLED, dtype=torch.uint8)
        ids[: len(classes)] = torch.tensor(classes.ids, dtype=torch.uint8)
        return ids.to(self.device)


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """(H, W) of the outputs for an image of this size; never below one pixel."""
    return max(1, round(height * scale)), max(1, round(width * scale))


def _host(batch_of_one: Tensor) -> NDArray[Any]:
    """(1, …) on the device → (…) in numpy."""
    array: NDArray[Any] = batch_of_one[0].contiguous().cpu().numpy()
    return array
