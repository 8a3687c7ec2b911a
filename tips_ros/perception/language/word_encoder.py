# SPDX-License-Identifier: Apache-2.0
"""The part of a model that turns words into embeddings, as those see it who only use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor


class WordEncoder(Protocol):
    """Embeds words; `loading.prompt_encoder.PromptEncoder` is the real one."""

    @property
    def available(self) -> bool:
        """Whether there is a text encoder at all."""

    @property
    def temperature(self) -> float | None:
        """The temperature of the image-text softmax; None where it is not known."""

    def embeddings(self, words: Sequence[Sequence[str]]) -> Tensor:
        """(K, D) of unit length, fp32, on the CPU: one for each class's words."""
