# SPDX-License-Identifier: Apache-2.0
"""Texts and class names → embeddings, comparable with an image's."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.text import MAX_TOKENS, TextEncoder
from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES, sentences
from tips_ros.perception.language.tokenizer import Tokenizer, TokenizerError

logger = logging.getLogger(__name__)

_BATCH = 64  # texts at a time


class TextEmbedder:
    """A text encoder with its tokenizer, in fp32 whatever the image side runs in.

    Attributes:
        encoder: the text encoder.
        device: where it is.

    Args:
        encoder: moved to the device and to fp32, in place.
        tokenizer: the one the encoder was trained with.
        device: as torch names it.

    Raises:
        TokenizerError: the tokenizer has more ids than the encoder.
    """

    def __init__(
        self, encoder: TextEncoder, tokenizer: Tokenizer, device: str | torch.device = "cpu"
    ) -> None:
        if tokenizer.vocabulary > encoder.config.vocabulary:
            raise TokenizerError(
                f"{tokenizer.path}: {tokenizer.vocabulary} ids, but the text encoder knows "
                f"{encoder.config.vocabulary}; take the tokenizer that belongs to it"
            )
        self.device = torch.device(device)
        self.encoder = encoder.to(self.device, torch.float32).eval()
        self._tokenizer = tokenizer

    @property
    def width(self) -> int:
        """Channels D of an embedding."""
        return self.encoder.config.width

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> Tensor:
        """(N, D) on the device, not normalised; the encoder's own output.

        An empty text has the embedding 0, no text gives (0, D), and one of more than 64 tokens is
        cut and named in the log.

        Raises:
            TokenizerError: a text that is not Unicode.
        """
        ids, is_token, truncated = self._tokenizer(texts)
        for row in truncated.nonzero()[0].tolist():
            logger.warning("text cut after %d tokens: %.60r…", MAX_TOKENS, texts[row])
        embeddings = torch.empty(len(texts), self.width, device=self.device)
        # Texts of like length together: padding then costs next to nothing.
        order = is_token.sum(axis=1).argsort(kind="stable")
        for start in range(0, len(texts), _BATCH):
            rows = order[start : start + _BATCH]
            used = 1 + is_token[rows].any(axis=0).nonzero()[0].max(initial=0)
            embeddings[torch.from_numpy(rows).to(self.device)] = self.encoder(
                torch.from_numpy(ids[rows, :used]).to(self.device),
                torch.from_numpy(is_token[rows, :used]).to(self.device),
            )
        return embeddings

    @torch.inference_mode()
    def class_embeddings(
        self, class_words: Sequence[Sequence[str]], templates: Sequence[str] = TCL_TEMPLATES
    ) -> Tensor:
        """One embedding for each class, of unit length: (K, D) on the device.

        Each of a class's words is put into each template; the class is the normalised mean of
        the normalised embeddings. A sentence that several classes share is embedded once.

        Args:
            class_words: for each class its name and synonyms.
            templates: sentences with `{}` where the word goes.

        Raises:
            ValueError: a class without words, an empty word, or a template without its one `{}`.
        """
        for words in class_words:
            sentences(words, templates)  # checks them
        distinct = list(dict.fromkeys(word for words in class_words for word in words))
        embeddings = self.word_embeddings(distinct, templates)
        if not class_words:
            return embeddings
        return class_means(dict(zip(distinct, embeddings, strict=True)), class_words)

    @torch.inference_mode()
    def word_embeddings(
        self, words: Sequence[str], templates: Sequence[str] = TCL_TEMPLATES
    ) -> Tensor:
        """Means of each word's normalised sentence embeddings, not normalised: (N, D).

        Of these `class_means` makes classes.

        Raises:
            ValueError: an empty word, or a template without its one `{}`.
        """
        if not words:
            return self.embed([])
        unit = F.normalize(self.embed(sentences(words, templates)), dim=-1)
        return unit.unflatten(0, (len(words), len(templates))).mean(dim=1)

    def unknown_characters(self, text: str) -> str:
        """The characters of a text that the tokenizer does not know, each once; "" for none."""
        return self._tokenizer.unknown_characters(text)


def class_means(of_word: Mapping[str, Tensor], class_words: Sequence[Sequence[str]]) -> Tensor:
    """(K, D) of unit length: for each class the normalised mean of its words' embeddings.

    Args:
        of_word: (D,) each, as `TextEmbedder.word_embeddings` makes them.
        class_words: for each class its words, at least one.
    """
    means = [torch.stack([of_word[word] for word in words]).mean(dim=0) for words in class_words]
    return F.normalize(torch.stack(means), dim=-1)
