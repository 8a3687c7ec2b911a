# SPDX-License-Identifier: Apache-2.0
"""One pass → the label map of the classes in force, by the model's head or by words."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from tips_ros.model.tips import Tips
from tips_ros.model.vit import PatchGrid
from tips_ros.perception.encoded_image import Seen
from tips_ros.perception.preprocess import network_input
from tips_ros.perception.semantic.edges import Guide, sharpened
from tips_ros.perception.semantic.label_map import LabelMap
from tips_ros.perception.semantic.label_space import Labelling
from tips_ros.perception.semantic.segmentation import label_map_at, with_ids, with_threshold
from tips_ros.perception.semantic.sliding_window import (
    STRIDE,
    WINDOW,
    WindowedCosines,
    sliding_windows,
    window_label_map,
)
from tips_ros.perception.semantic.zero_shot import cosine_map, zero_shot_label_map

_NO_TEMPERATURE = 1.0  # the labels don't depend on it


class Labels(NamedTuple):
    """Labels and confidence of a batch of one, on the device."""

    labels: Tensor  # (1, H, W) uint8 published ids, 255 = unlabelled
    confidence: Tensor | None  # (1, H, W) uint8; None where words have no temperature


class _OnDevice(NamedTuple):
    """The tables of a label space on the model's device."""

    labelling: Labelling
    id_of_output: Tensor | None  # (256,) uint8; None where an output's position is its id
    least: Tensor | None  # (256,) uint8; None where every pixel is labelled
    embeddings: Tensor | None  # (N, D)


class Labeller:
    """Gives pixels their classes. Keeps the labelling of the last image on the device."""

    def __init__(
        self, model: Tips, input_size: tuple[int, int], device: torch.device, dtype: torch.dtype
    ) -> None:
        self._model = model
        self._input_size = input_size
        self._device, self._dtype = device, dtype
        self._last: _OnDevice | None = None

    def label_map(self, seen: Seen, labelling: Labelling) -> Labels:
        """The classes of an image's pixels.

        Args:
            seen: with the segmentation head's logits, or with value features where the labelling
                is by words.
            labelling: the classes in force.

        Raises:
            ValueError: the image was not seen with what the labelling needs.
        """
        there = self._there(labelling)
        found = self._by_head(seen) if labelling.words is None else self._by_words(seen, there)
        ids = found.labels
        if there.id_of_output is not None:
            ids = with_ids(ids, there.id_of_output)
        if there.least is not None:
            ids = with_threshold(ids, found, there.least)
        sure = labelling.words is None or labelling.words.temperature is not None
        return Labels(ids, found.confidence if sure else None)

    def cosines(self, seen: Seen, labelling: Labelling) -> Tensor:
        """Cosines of patches and classes, (1, K, h, w): the classes, then the background.

        Args:
            seen: with value features.
            labelling: by words.
        """
        return self._outputs(seen, self._there(labelling))

    def _by_head(self, seen: Seen) -> LabelMap:
        if seen.maps.segmentation is None:
            raise ValueError("the segmentation head was not asked for; see the image with it")
        return label_map_at(seen.maps.segmentation, seen.size)

    def _by_words(self, seen: Seen, there: _OnDevice) -> LabelMap:
        words = there.labelling.words
        assert words is not None
        temperature = words.temperature or _NO_TEMPERATURE
        if words.sliding_window:
            return window_label_map(self._windows(seen, there), seen.size, temperature)
        # By colours alone: depth and normals would add a little where they were computed anyway,
        # but a mask must not change with who listens to them.
        scores = sharpened(self._outputs(seen, there), Guide(seen.image))
        return zero_shot_label_map(scores, seen.size, temperature)

    def _outputs(self, seen: Seen, there: _OnDevice) -> Tensor:
        values = seen.features.value_features
        if values is None:
            raise ValueError("words need value features; see the image with them")
        return _output_scores(values, seen.features.grid, there)

    def _windows(self, seen: Seen, there: _OnDevice) -> WindowedCosines:
        """The image in its own shape, its shorter side as long as the network's input."""
        patch, side = self._model.backbone.config.patch, min(self._input_size)
        height, width = seen.rgb.shape[:2]
        longer = round(max(height, width) * side / min(height, width) / patch) * patch
        size = (side, longer) if height <= width else (longer, side)
        images = network_input(seen.rgb, size, self._device, self._dtype)

        def cosines_of(window: Tensor) -> Tensor:
            features = self._model.backbone(window, (), value_features=True)
            assert features.value_features is not None
            return _output_scores(features.value_features, features.grid, there)

        return sliding_windows(images, cosines_of, side, side * STRIDE // WINDOW)

    def _there(self, labelling: Labelling) -> _OnDevice:
        if self._last is None or self._last.labelling is not labelling:
            self._last = _moved(labelling, self._device)
        return self._last


def _moved(labelling: Labelling, device: torch.device) -> _OnDevice:
    ids, least = (torch.from_numpy(table) for table in (labelling.id_of_output, labelling.least))
    return _OnDevice(
        labelling,
        None if labelling.ids_are_positions else ids.to(device),
        least.to(device) if labelling.least.any() else None,
        None if labelling.words is None else labelling.words.embeddings.to(device),
    )


def _output_scores(value_features: Tensor, grid: PatchGrid, there: _OnDevice) -> Tensor:
    """(B, K, h, w) fp32: how alike each patch and each output are.

    A word alone has its cosine. Several share an output as if their probabilities, exp(cosine /
    temperature), were averaged: t · ln mean exp(cosine / t), between their mean and their largest.
    Without a temperature it is the mean.
    """
    words = there.labelling.words
    assert words is not None and there.embeddings is not None
    cosines = cosine_map(value_features, grid, there.embeddings)  # (B, N, h, w)
    if len(words.words_per_output) == cosines.shape[1]:
        return cosines
    outputs = cosines.split(words.words_per_output, dim=1)
    temperature = words.temperature
    if temperature is None:
        return torch.stack([output.mean(dim=1) for output in outputs], dim=1)
    shared = [
        torch.logsumexp(output / temperature, dim=1) - math.log(output.shape[1])
        for output in outputs
    ]
    return torch.stack(shared, dim=1) * temperature
