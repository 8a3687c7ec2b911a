# SPDX-License-Identifier: Apache-2.0
"""Texts become the ids that TIPS' text encoder was trained with; bad files say what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tips_ros.perception.language.tokenizer import Tokenizer, TokenizerError, lower_ascii

TINY = Path(__file__).parents[2] / "data" / "tokenizer" / "tiny.model"
UNKNOWN_ID = 1


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(TINY)


def ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    texts = tokenizer([text])
    return texts.ids[0, texts.is_token[0]].tolist()


def failure(path: Path) -> str:
    with pytest.raises(TokenizerError) as caught:
        Tokenizer(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


class TestTexts:
    def test_ids_are_sentencepiece_s_without_marks_at_start_and_end(self, tokenizer: Tokenizer):
        sentencepiece = pytest.importorskip("sentencepiece")
        expected = sentencepiece.SentencePieceProcessor(model_file=str(TINY)).encode("a red door")
        assert ids_of(tokenizer, "a red door") == expected

    def test_a_row_is_64_long_and_filled_with_0(self, tokenizer: Tokenizer):
        ids, is_token, truncated = tokenizer(["a door", "a photo of many small doors."])
        assert ids.shape == is_token.shape == (2, 64)
        assert ids.dtype == np.int64 and is_token.dtype == np.bool_
        assert (ids[~is_token] == 0).all() and (ids[is_token] > 0).all()
        # Once a text has ended, nothing follows.
        assert (np.diff(is_token.astype(int), axis=1) <= 0).all()
        assert not truncated.any()

    def test_capital_letters_do_not_matter(self, tokenizer: Tokenizer):
        assert ids_of(tokenizer, "A Red DOOR") == ids_of(tokenizer, "a red door")

    def test_only_ascii_is_lower_cased(self, tokenizer: Tokenizer):
        assert lower_ascii("CAFÉ İSTANBUL ẞ") == "cafÉ İstanbul ẞ"
        assert ids_of(tokenizer, "CAFÉ") == ids_of(tokenizer, "cafÉ")
        assert ids_of(tokenizer, "CAFÉ") != ids_of(tokenizer, "café")

    def test_unknown_characters_are_one_known_id(self, tokenizer: Tokenizer):
        assert UNKNOWN_ID in ids_of(tokenizer, "猫")

    def test_unknown_characters_are_told(self, tokenizer: Tokenizer):
        assert tokenizer.unknown_characters("a red 猫 or ☕☕") == "猫☕"
        assert (
            tokenizer.unknown_characters("A red door, 50% off")
            == tokenizer.unknown_characters("")
            == ""
        )

    def test_no_texts_are_no_rows(self, tokenizer: Tokenizer):
        ids, is_token, truncated = tokenizer([])
        assert ids.shape == is_token.shape == (0, 64) and truncated.shape == (0,)

    @pytest.mark.parametrize("empty", ["", "   "])
    def test_an_empty_text_has_no_token(self, tokenizer: Tokenizer, empty: str):
        assert not tokenizer([empty]).is_token.any()

    def test_a_long_text_is_cut_and_marked(self, tokenizer: Tokenizer):
        ids, is_token, truncated = tokenizer(["door " * 2000, "door"])
        assert truncated.tolist() == [True, False]
        assert is_token[0].all()
        assert ids[0].tolist() == tokenizer(["door " * 100]).ids[0].tolist()

    def test_a_text_of_just_64_tokens_is_not_cut(self, tokenizer: Tokenizer):
        (piece,) = ids_of(tokenizer, "photo")
        texts = tokenizer(["photo " * 64, "photo " * 65])
        assert texts.truncated.tolist() == [False, True]
        assert (texts.ids == piece).all()

    def test_a_text_that_is_not_unicode_is_refused(self, tokenizer: Tokenizer):
        with pytest.raises(TokenizerError, match="send it as UTF-8"):
            tokenizer(["door", "bad \ud800"])


class TestFiles:
    def test_a_missing_file_says_what_to_put_there(self, tmp_path: Path):
        assert "put TIPS' tokenizer.model there" in failure(tmp_path / "tokenizer.model")

    def test_a_directory_is_refused(self, tmp_path: Path):
        assert "put TIPS' tokenizer.model there" in failure(tmp_path)

    @pytest.mark.parametrize(
        "content", [b"", b"just some text\n", b"PK\x03\x04" + bytes(300), TINY.read_bytes()[:3000]]
    )
    def test_another_file_or_a_cut_one_is_refused(self, tmp_path: Path, content: bytes):
        path = tmp_path / "tokenizer.model"
        path.write_bytes(content)
        assert "copy TIPS' tokenizer.model again" in failure(path)

    def test_a_git_lfs_pointer_is_recognised(self, tmp_path: Path):
        path = tmp_path / "tokenizer.model"
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 800000\n")
        assert "git lfs pull" in failure(path)

    def test_a_huge_file_is_not_read(self, tmp_path: Path):
        path = tmp_path / "tokenizer.model"
        with path.open("wb") as file:
            file.truncate(2**40)  # sparse: takes no space
        assert "not a SentencePiece model" in failure(path)

    def test_a_missing_library_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(sys.modules, "sentencepiece", None)
        assert "pip install sentencepiece" in failure(TINY)
