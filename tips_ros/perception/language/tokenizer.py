# SPDX-License-Identifier: Apache-2.0
"""Texts → token ids, as TIPS' text encoder was trained with them."""

from __future__ import annotations

import string
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.libraries import pip_install
from tips_ros.model.text import MAX_TOKENS
from tips_ros.texts.printable import quote

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

PAD_ID = 0
_MAX_FILE_BYTES = 64 * 2**20  # the official file is not 1 MB
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class TokenizerError(ValueError):
    """A tokenizer file or a text that can't be used; one line that names the fix."""


class TokenizedTexts(NamedTuple):
    """N texts as the text encoder takes them."""

    ids: NDArray[np.int64]  # (N, 64), 0 where a text has ended
    is_token: NDArray[np.bool_]  # (N, 64), False where a text has ended
    truncated: NDArray[np.bool_]  # (N,), True where a text went on after its 64th token


class Tokenizer:
    """A SentencePiece model: the official `tokenizer.model`, or one's own.

    Raises:
        TokenizerError: the file can't be read, is no SentencePiece model, or the library that
            reads it is not installed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._processor = _load(self.path)

    @property
    def vocabulary(self) -> int:
        """Number of ids; the text encoder must know as many."""
        return self._processor.get_piece_size()

    def __call__(self, texts: Sequence[str]) -> TokenizedTexts:
        """Token ids of some texts; no text gives arrays of length 0.

        A-Z become a-z and nothing else does (É stays É), because the encoder was trained so.
        No mark is added at the start or the end. An empty text has no token at all. Id 0 is
        padding wherever it stands, as in the reference: a tokenizer that gives 0 to unknown
        characters leaves them out.

        Raises:
            TokenizerError: a text that is not Unicode (a lone surrogate).
        """
        ids = np.full((len(texts), MAX_TOKENS), PAD_ID, np.int64)
        truncated = np.zeros(len(texts), np.bool_)
        for row, text in enumerate(texts):
            pieces = self._encode(text)
            truncated[row] = len(pieces) > MAX_TOKENS
            kept = pieces[:MAX_TOKENS]
            ids[row, : len(kept)] = kept
        return TokenizedTexts(ids, ids != PAD_ID, truncated)

    def unknown_characters(self, text: str) -> str:
        """The characters of a text that this tokenizer does not know, each once; "" for none."""
        ids = self._encode(text)
        pieces = self._processor.encode(lower_ascii(text), out_type=str)
        unknown = self._processor.unk_id()
        found = (piece for piece, i in zip(pieces, ids, strict=True) if i == unknown)
        return "".join(dict.fromkeys("".join(found)))

    def _encode(self, text: str) -> list[int]:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise TokenizerError(f"text {quote(text)} is not Unicode; send it as UTF-8") from None
        pieces: list[int] = self._processor.encode(lower_ascii(text), out_type=int)
        return pieces


def lower_ascii(text: str) -> str:
    """A-Z → a-z; every other character stays as it is."""
    return text.translate(_TO_LOWER)


def _load(path: Path) -> SentencePieceProcessor:
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError:
        raise TokenizerError(
            f"{path}: reading it needs SentencePiece; {pip_install('sentencepiece')}"
        ) from None
    try:
        with path.open("rb") as file:
            model = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TokenizerError(
            f"{path}: {error.strerror or error}; put TIPS' tokenizer.model there"
        ) from None
    if model.startswith(_LFS_POINTER):
        raise TokenizerError(
            f"{path}: a Git LFS pointer, not the file itself; run `git lfs pull` where it came from"
        )
    processor = SentencePieceProcessor()
    try:
        loaded = len(model) <= _MAX_FILE_BYTES and processor.LoadFromSerializedProto(model)
    except (RuntimeError, ValueError):  # the library's own words name a line of its C++
        loaded = False
    if not loaded:
        raise TokenizerError(
            f"{path}: not a SentencePiece model, or cut short; copy TIPS' tokenizer.model again"
        )
    return processor
