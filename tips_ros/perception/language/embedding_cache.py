# SPDX-License-Identifier: Apache-2.0
"""Embeddings of words, kept on disk: a list that was used once needs no text encoder again."""

from __future__ import annotations

import logging
from collections import OrderedDict
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tips_ros.whole_file import write_atomically

logger = logging.getLogger(__name__)

_MOST_IN_MEMORY = 2000  # of 1536 channels: 12 MB
_CHECK_BYTES = 32
_MOST_BYTES = _CHECK_BYTES + 4 * 2**16
_FLOAT32 = np.dtype("<f4")


class TextCache:
    """One small file for each word of each model: a checksum, and the numbers.

    A file is taken for missing if it is damaged in any way. Any number of processes may use one
    directory, and it may be deleted at any time. Not for several threads at once.

    Args:
        directory: where the files are; None for memory only.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._memory: OrderedDict[Path, NDArray[np.float32]] = OrderedDict()
        self._warned = False

    def read(self, model: str, word: str) -> NDArray[np.float32] | None:
        """The embedding of a word, (D,) read-only; None where it is not known.

        Args:
            model: what tells the model, its files and templates from all others.
            word: as the tokenizer sees it.
        """
        name = _name(model, word)
        if name in self._memory:
            self._memory.move_to_end(name)
            return self._memory[name]
        vector = None if self._directory is None else _read(self._directory / name, model, word)
        if vector is not None:
            self._keep(name, vector)
        return vector

    def write(self, model: str, word: str, vector: NDArray[np.float32]) -> None:
        """Keeps the embedding of a word. A disk that takes nothing costs one warning.

        Args:
            model, word: see `read`.
            vector: (D,), finite.

        Raises:
            ValueError: not finite, or not a vector.
        """
        if vector.ndim != 1 or not np.isfinite(vector).all():
            raise ValueError(f"the embedding of {word!r} is no vector of finite numbers")
        content = vector.astype(_FLOAT32).tobytes()
        name = _name(model, word)
        self._keep(name, np.frombuffer(content, _FLOAT32))
        if self._directory is None:
            return
        try:
            write_atomically(self._directory / name, _checksum(model, word, content) + content)
        except OSError as error:
            if not self._warned:
                logger.warning(
                    "%s: cannot be written (%s); words are encoded anew at each start. Name a "
                    "folder that can in XDG_CACHE_HOME",
                    self._directory,
                    error.strerror or error,
                )
            self._warned = True

    def _keep(self, name: Path, vector: NDArray[np.float32]) -> None:
        self._memory[name] = vector
        if len(self._memory) > _MOST_IN_MEMORY:
            self._memory.popitem(last=False)


def _name(model: str, word: str) -> Path:
    return Path(model, blake2b(word.encode(), digest_size=16).hexdigest())


def _read(file: Path, model: str, word: str) -> NDArray[np.float32] | None:
    try:
        with file.open("rb") as opened:
            stored = opened.read(_MOST_BYTES + 1)
    except OSError:
        return None
    check, content = stored[:_CHECK_BYTES], stored[_CHECK_BYTES:]
    if not content or check != _checksum(model, word, content):
        return None
    vector = np.frombuffer(content, _FLOAT32)
    return vector if np.isfinite(vector).all() else None


def _checksum(model: str, word: str, content: bytes) -> bytes:
    """Computes the checksum of the numbers and of what they belong to."""
    told = f"{model}\n{word}\n{len(content)}\n".encode()
    return blake2b(told + content, digest_size=_CHECK_BYTES).digest()
