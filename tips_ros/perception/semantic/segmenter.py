# SPDX-License-Identifier: Apache-2.0
"""One pass → the label map of the classes in force, by the model's head or by words."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from tips_ros.model.tips import Tips
from tips_ros.model.vit import PatchGrid
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.preprocess import network_input
from tips_ros.perception.semantic.edges import Guide, sharpen
from tips_ros.perception.semantic.label_map import LabelMap
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.semantic.segmentation import apply_threshold, label_map_at, to_ids
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

    label_space: LabelSpace
    id_of_output: Tensor | None  # (256,) uint8; None where an output's position is its id
    least: Tensor | None  # (256,) uint8; None where every pixel is labelled
    embeddings: Tensor | None  # (N, D)


class Segmenter:
    """Gives pixels their classes. Keeps the label space of the last image on the device."""

    def __init__(
        self, model: Tips, input_size: tuple[int, int], device: torch.device, dtype: torch.dtype
    ) -> None:
        self._model = model
        self._input_size = input_size
        self._device, self._dtype = device, dtype
        self._last: _OnDevice | None = None

    def label_map(self, encoded: EncodedImage, label_space: LabelSpace) -> Labels:
        """The classes of an image's pixels.

        Args:
            encoded: with the segmentation head's logits, or with value features for a label space
                by words.
            label_space: the classes in force.

        Raises:
            ValueError: the image was not encoded with what the label space needs.
        """
        there = self._on_device(label_space)
        found = (
            self._segment_by_head(encoded)
            if label_space.words is None
            else self._segment_by_words(encoded, there)
        )
        ids = found.labels
        if there.id_of_output is not None:
            ids = to_ids(ids, there.id_of_output)
        if there.least is not None:
            ids = apply_threshold(ids, found, there.least)
        sure = label_space.words is None or label_space.words.temperature is not None
        return Labels(ids, found.confidence if sure else None)

    def cosines(self, encoded: EncodedImage, label_space: LabelSpace) -> Tensor:
        """Cosines of patches and classes, (1, K, h, w): the classes, then the background.

        Args:
            encoded: with value features.
            label_space: by words.
        """
        return self._outputs(encoded, self._on_device(label_space))

    def _segment_by_head(self, encoded: EncodedImage) -> LabelMap:
        if encoded.packed is not None and encoded.packed.get("labels") is not None:
            return LabelMap(encoded.packed["labels"], encoded.packed["confidence"])
        if encoded.maps.segmentation is None:
            raise ValueError("the segmentation head was not asked for; see the image with it")
        return label_map_at(encoded.maps.segmentation, encoded.size)

    def _segment_by_words(self, encoded: EncodedImage, there: _OnDevice) -> LabelMap:
        words = there.label_space.words
        assert words is not None
        temperature = words.temperature or _NO_TEMPERATURE
        if words.sliding_window:
            return window_label_map(self._windows(encoded, there), encoded.size, temperature)
        # By colours alone: depth and normals would add a little where they were computed anyway,
        # but a mask must not change with who listens to them.
        scores = sharpen(self._outputs(encoded, there), Guide(encoded.image))
        return zero_shot_label_map(scores, encoded.size, temperature)

    def _outputs(self, encoded: EncodedImage, there: _OnDevice) -> Tensor:
        values = encoded.features.value_features
        if values is None:
            raise ValueError("words need value features; see the image with them")
        return _output_scores(values, encoded.features.grid, there)

    def _windows(self, encoded: EncodedImage, there: _OnDevice) -> WindowedCosines:
        """The image in its own shape, its shorter side as long as the network's input."""
        patch, side = self._model.backbone.config.patch, min(self._input_size)
        height, width = encoded.rgb.shape[:2]
        longer = round(max(height, width) * side / min(height, width) / patch) * patch
        size = (side, longer) if height <= width else (longer, side)
        images = network_input(encoded.rgb, size, self._device, self._dtype)

        def cosines_of(window: Tensor) -> Tensor:
            features = self._model.backbone(window, (), value_features=True)
            assert features.value_features is not None
            return _output_scores(features.value_features, features.grid, there)

        return sliding_windows(images, cosines_of, side, side * STRIDE // WINDOW)

    def _on_device(self, label_space: LabelSpace) -> _OnDevice:
        if self._last is None or self._last.label_space is not label_space:
            self._last = _move(label_space, self._device)
        return self._last


def _move(label_space: LabelSpace, device: torch.device) -> _OnDevice:
    ids, least = (
        torch.from_numpy(table) for table in (label_space.id_of_output, label_space.least)
    )
    return _OnDevice(
        label_space,
        None if label_space.ids_are_positions else ids.to(device),
        least.to(device) if label_space.least.any() else None,
        None if label_space.words is None else label_space.words.embeddings.to(device),
    )


def _output_scores(value_features: Tensor, grid: PatchGrid, there: _OnDevice) -> Tensor:
    """(B, K, h, w) fp32: how alike each patch and each output are.

    A word alone has its cosine. Several share an output as if their probabilities, exp(cosine /
    temperature), were averaged: t · ln mean exp(cosine / t), between their mean and their largest.
    Without a temperature it is the mean.
    """
    words = there.label_space.words
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
