# SPDX-License-Identifier: Apache-2.0
"""Words → embeddings: from the cache where they are known, by the text encoder where not."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.file_hash import ContentHashes
from tips_ros.model.checkpoints import CheckpointError
from tips_ros.model.compute_thread import compute
from tips_ros.perception.language.embedding_cache import TextCache
from tips_ros.perception.language.prompt_syntax import PromptError
from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES
from tips_ros.perception.language.text_embedder import TextEmbedder, class_means
from tips_ros.perception.language.tokenizer import lower_ascii
from tips_ros.perception.loading.assembly import read_text
from tips_ros.perception.loading.load import DEMO, find_model, load_text
from tips_ros.perception.loading.text_files import text_files
from tips_ros.progress import WorkProgress
from tips_ros.resources import text_cache

logger = logging.getLogger(__name__)

_RECIPE = 1  # to be raised when the same files and words would give other embeddings
_HASHES = "files"
_DELAY_S = 2.0  # before a bar comes
_AT_A_TIME = 8  # words; each is encoded in several sentences


class _Tower(NamedTuple):
    """The text encoder in memory, and what its embeddings are kept under."""

    embedder: TextEmbedder
    key: str


class PromptEncoder:
    """Embeds the words of one model's prompts, on the CPU.

    The text encoder is loaded when a word is not in the cache, and kept until `free`. Threads may
    share an encoder: they take turns, a few words each.

    Args:
        model: see `load_model`. Only names of files are looked at now.
        width: channels of the image encoder; embeddings of another width are refused.
        cache: a directory; the user's own by default.

    Raises:
        ModelNotFound, ModelSettingsError, CheckpointError: see `load_model`.
    """

    def __init__(
        self, model: str = DEMO, *, width: int | None = None, cache: Path | None = None
    ) -> None:
        self._model = model
        self._found, _ = find_model(model)
        self._files = text_files(self._found)
        self._width = width
        directory = cache or _users_cache()
        self._cache = TextCache(directory)
        self._hashes = ContentHashes(directory / _HASHES if directory else None)
        self._tower: _Tower | None = None
        self._lock = threading.Lock()
        self._encoded = 0

    @property
    def available(self) -> bool:
        """Whether the model has a text encoder and a tokenizer."""
        return self._files is not None

    @cached_property
    def temperature(self) -> float | None:
        """The temperature of the image-text softmax; None where neither model.yaml nor the file
        of the text encoder has one, and where there is no text encoder.

        Raises:
            CheckpointError: a damaged file.
        """
        return None if self._files is None else self._files.find_temperature()

    @property
    def encoded(self) -> int:
        """The number of words encoded so far, each in all its sentences."""
        return self._encoded

    @property
    def loaded(self) -> bool:
        """Whether the text encoder is in memory."""
        return self._tower is not None

    def free(self) -> None:
        """Drops the text encoder; the next unknown word loads it again."""
        with self._lock:
            self._tower = None

    def embeddings(self, words: Sequence[Sequence[str]]) -> Tensor:
        """One embedding for each class, as `TextEmbedder.class_embeddings` makes them.

        Args:
            words: for each of K classes the words that stand for it, at least one.

        Returns:
            (K, D) of unit length, fp32, on the CPU.

        Raises:
            ModelNotFound: the model has no text encoder or tokenizer; the message says which file
                belongs where.
            PromptError: a word with characters that the tokenizer does not know.
            CheckpointError, TokenizerError: a file that can't be used.
            ValueError: no class, or one without words.
        """
        groups = [[lower_ascii(word.strip()) for word in group] for group in words]
        if not groups or not all(group and all(group) for group in groups):
            raise ValueError("each class needs a word that is not empty")
        distinct = list(dict.fromkeys(word for group in groups for word in group))
        of_word: dict[str, NDArray[np.float32]] = {}
        with WorkProgress("encoding words", len(distinct), "word", delay_s=_DELAY_S) as progress:
            for start in range(0, len(distinct), _AT_A_TIME):
                some = distinct[start : start + _AT_A_TIME]
                with self._lock:  # another thread with a word or two waits for these few at most
                    of_word |= self._embed(some)
                progress.update(len(some))
        tensors = {word: torch.from_numpy(vector.copy()) for word, vector in of_word.items()}
        return class_means(tensors, groups)

    def _embed(self, words: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        key = self._tower.key if self._tower else self._key()
        found = {word: self._cache.read(key, word) for word in words}
        missing = [word for word, vector in found.items() if vector is None]
        if missing:
            tower = self._tower or compute(self._load_tower, key)
            found |= compute(self._encode, tower, missing)
        known = {word: vector for word, vector in found.items() if vector is not None}
        for vector in known.values():
            if self._width not in (None, len(vector)):
                raise CheckpointError(
                    f"model {self._model}: a text encoder of width {len(vector)}, but the image "
                    f"encoder has width {self._width}; take the one of the same model"
                )
        return known

    def _encode(self, tower: _Tower, words: list[str]) -> dict[str, NDArray[np.float32]]:
        for word in words:
            if unknown := tower.embedder.unknown_characters(word):
                raise PromptError(
                    f"{word!r} holds {unknown!r}, which this model's tokenizer does not know; use "
                    "other words"
                )
        vectors = tower.embedder.word_embeddings(words, TCL_TEMPLATES).numpy()
        if not np.isfinite(vectors).all():
            raise CheckpointError(
                f"model {self._model}: its text encoder gives no finite numbers; copy or download "
                "the file again"
            )
        self._encoded += len(words)
        logger.info("model %s: %d words encoded", self._model, len(words))
        for word, vector in zip(words, vectors, strict=True):
            self._cache.write(tower.key, word, vector)
        return dict(zip(words, vectors, strict=True))

    def _load_tower(self, key: str) -> _Tower:
        """Loads the text encoder whose embeddings are kept under this key."""
        tower = _Tower(read_text(self._found).embedder, key)
        if self._key() != key:
            raise CheckpointError(
                f"model {self._model}: its text encoder changed while it was read; try again"
            )
        self._tower = tower
        return tower

    def _key(self) -> str:
        """Returns the key of these embeddings: the files' contents, and the recipe."""
        if self._files is None:
            load_text(self._model)  # says what is missing
            raise CheckpointError(
                f"model {self._model}: has a text encoder by now; load the model again"
            )
        try:
            contents = [self._hashes.of(file) for file in self._files.embedding_files()]
        except OSError as error:
            raise CheckpointError(
                f"{error.filename}: cannot be read ({error.strerror or error}); put it back"
            ) from error
        heads = self._found.settings.text_attention_heads
        told = json.dumps([_RECIPE, contents, heads, TCL_TEMPLATES])
        return blake2b(told.encode(), digest_size=16).hexdigest()


def _users_cache() -> Path | None:
    try:
        return text_cache()
    except RuntimeError as error:  # a user without a home
        logger.warning("words are encoded anew at each start: %s; set XDG_CACHE_HOME", error)
        return None
