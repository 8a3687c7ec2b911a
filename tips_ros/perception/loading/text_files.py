# SPDX-License-Identifier: Apache-2.0
"""The files that decide a model's text embeddings; none of them is read for its weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from tips_ros.model.checkpoints import CheckpointError, read_temperature
from tips_ros.model.checkpoints.hugging_face import (
    hugging_face_roles,
    is_hugging_face,
    weight_files,
)
from tips_ros.perception.loading.model_directory import ModelDirectory

_CONFIG = "config.json"


class TextFiles(NamedTuple):
    """The files of a model that can embed texts."""

    weights: Path  # a file, or a Hugging Face directory
    tokenizer: Path
    temperature: float | None  # that model.yaml tells

    def embedding_files(self) -> list[Path]:
        """All files that say what the embedding of a text is.

        Raises:
            CheckpointError: a Hugging Face directory that is not whole.
        """
        if not is_hugging_face(self.weights):
            return [self.weights, self.tokenizer]
        folder = self.weights if self.weights.is_dir() else self.weights.parent
        config = [folder / _CONFIG] if (folder / _CONFIG).is_file() else []
        return [*weight_files(self.weights), *config, self.tokenizer]

    def find_temperature(self) -> float | None:
        """The temperature by model.yaml, or else by the weights' file; None where neither has one.

        Raises:
            CheckpointError: a damaged file, or one whose temperature is none.
        """
        if self.temperature is not None:
            return self.temperature
        stored = read_temperature(self.weights)
        if stored is not None and not 0 < stored < math.inf:
            raise CheckpointError(
                f"{self.weights}: its temperature is {stored:g}; write the right one in model.yaml "
                "(`temperature: 0.005`)"
            )
        return stored


def text_files(found: ModelDirectory) -> TextFiles | None:
    """Those of a model directory; None where the text encoder or its tokenizer is missing.

    Raises:
        CheckpointError: a damaged Hugging Face file.
    """
    weights = found.files.get("text")
    if weights is None:
        having = (d for d in found.hugging_face if "text" in hugging_face_roles(d))
        weights = next(having, None)
    if weights is None or found.tokenizer is None:
        return None
    return TextFiles(weights, found.tokenizer, found.settings.temperature)
