# SPDX-License-Identifier: Apache-2.0
"""A predictor whose labels are of prompts instead of its own classes, for many images."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.language.answers import prompt_labels
from tips_ros.perception.language.text_embedding import TextEmbedder
from tips_ros.perception.predictor import Output, Prediction, Predictor
from tips_ros.perception.semantic_classes import parse_prompts


class PromptedLabels:
    """Zero-shot segmentation of whole images, with depth and normals of the model's heads.

    Attributes:
        classes: the prompts' names; a label is a position in it.
    """

    def __init__(
        self,
        predictor: Predictor,
        embedder: TextEmbedder,
        prompts: list[str],
        outputs: Collection[Output],
    ) -> None:
        """Embed the prompts, once.

        Args:
            predictor, embedder: of one model.
            prompts: as `parse_prompts` takes them.
            outputs: what is wanted; what the model has no head for is left out.

        Raises:
            PromptError: prompts that can't be used.
            ValueError: a word that can't be embedded.
        """
        self.classes, words = parse_prompts(prompts)
        self._predictor = predictor
        self._embeddings = embedder.class_embeddings(words).to(predictor.device)
        self._outputs = [o for o in predictor.outputs if o in outputs and o != "semantic"]

    def predict(self, rgb: NDArray[np.uint8]) -> Prediction:
        """(H, W, 3) uint8 → maps of (H, W), from one backbone pass."""
        prediction, features = self._predictor.look(rgb, self._outputs, value_features=True)
        size = (rgb.shape[0], rgb.shape[1])
        temperature = self._predictor.description.temperature
        labels, confidence = prompt_labels(features, self._embeddings, size, temperature)
        return prediction._replace(labels=labels, confidence=confidence)
