# SPDX-License-Identifier: Apache-2.0
"""Words are encoded once; afterwards they come from the cache."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from tips_ros.model.checkpoints import CheckpointError
from tips_ros.perception.language.prompts import PromptError, parse_prompts
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.loading.load import load_text
from tips_ros.perception.loading.prompt_encoder import PromptEncoder

from .words import TEXT, WORDS


@pytest.fixture(scope="module")
def demo() -> TextEmbedder:
    return load_text("demo").embedder


class TestEmbeddings:
    def test_are_the_text_encoder_s_own(self, demo: TextEmbedder, cache: Path):
        expected = demo.class_embeddings(WORDS)
        for _ in range(2):  # of the encoder, then of the disk
            found = PromptEncoder("demo", cache=cache).embeddings(WORDS)
            torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
            assert found.dtype == torch.float32 and found.device.type == "cpu"

    def test_do_not_depend_on_what_was_known_before(self, demo: TextEmbedder, cache: Path):
        PromptEncoder("demo", cache=cache).embeddings([["couch"], ["stool"]])
        found = PromptEncoder("demo", cache=cache).embeddings(WORDS)
        torch.testing.assert_close(found, demo.class_embeddings(WORDS), atol=1e-6, rtol=0)

    def test_of_released_formats_are_theirs(self, tiny_directory: Path, cache: Path):
        expected = load_text(str(tiny_directory)).embedder.class_embeddings(WORDS)
        found = PromptEncoder(str(tiny_directory), cache=cache).embeddings(WORDS)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)

    def test_are_ordinary_tensors(self, cache: Path):
        found = PromptEncoder("demo", cache=cache).embeddings(WORDS)
        assert not found.is_inference() and not found.requires_grad
        found += 1  # it is the caller's own
        again = PromptEncoder("demo", cache=cache).embeddings(WORDS)
        torch.testing.assert_close(again.norm(dim=1), torch.ones(3))

    @pytest.mark.parametrize("words", [[], [["door"], []], [["door"], [" "]]])
    def test_need_words(self, cache: Path, words: list[list[str]]):
        with pytest.raises(ValueError, match="needs a word"):
            PromptEncoder("demo", cache=cache).embeddings(words)


class TestEncoding:
    def test_happens_once_for_each_word(self, cache: Path):
        encoder = PromptEncoder("demo", cache=cache)
        encoder.embeddings(WORDS)
        assert encoder.encoded == 5 and encoder.loaded
        encoder.embeddings(WORDS)
        assert encoder.encoded == 5
        encoder.embeddings([["DOOR "], ["cup"]])
        assert encoder.encoded == 6

    def test_does_not_happen_for_a_list_that_is_known(self, cache: Path):
        words = parse_prompts(["@table_top"]).words
        PromptEncoder("demo", cache=cache).embeddings(words)
        encoder = PromptEncoder("demo", cache=cache)
        assert encoder.embeddings(words).shape == (len(words), 192)
        assert encoder.encoded == 0 and not encoder.loaded

    def test_works_again_after_the_text_encoder_was_dropped(self, cache: Path):
        encoder = PromptEncoder("demo", cache=cache)
        encoder.embeddings(WORDS)
        encoder.free()
        assert not encoder.loaded
        encoder.embeddings(WORDS)
        assert not encoder.loaded
        encoder.embeddings([["cup"]])
        assert encoder.loaded and encoder.encoded == 6

    def test_happens_once_however_many_threads_ask(self, demo: TextEmbedder, cache: Path):
        encoder = PromptEncoder("demo", cache=cache)
        found: list[torch.Tensor] = []
        threads = [
            threading.Thread(target=lambda: found.append(encoder.embeddings(WORDS)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert encoder.encoded == 5 and len(found) == 8
        for embeddings in found:
            torch.testing.assert_close(embeddings, demo.class_embeddings(WORDS))

    def test_goes_on_where_nothing_can_be_kept(self, cache: Path, caplog: pytest.LogCaptureFixture):
        cache.write_text("")  # a file in the folder's place
        with caplog.at_level(logging.WARNING):
            encoder = PromptEncoder("demo", cache=cache)
            for words in (WORDS, WORDS, [["cup"]]):
                assert encoder.embeddings(words).isfinite().all()
        assert encoder.encoded == 6 and len(caplog.records) == 1

    def test_repairs_what_is_damaged(self, demo: TextEmbedder, cache: Path):
        PromptEncoder("demo", cache=cache).embeddings(WORDS)
        for file in cache.rglob("*"):
            if file.is_file():
                file.write_bytes(file.read_bytes()[:-1])
        for expected in (5, 0):
            encoder = PromptEncoder("demo", cache=cache)
            found = encoder.embeddings(WORDS)
            assert encoder.encoded == expected
            torch.testing.assert_close(found, demo.class_embeddings(WORDS))

    def test_refuses_characters_that_the_tokenizer_does_not_know(self, cache: Path):
        encoder = PromptEncoder("demo", cache=cache)
        with pytest.raises(PromptError, match="holds '☕杯', which this model's tokenizer"):
            encoder.embeddings([["door"], ["a ☕ or 杯"]])
        assert encoder.encoded == 0

    def test_refuses_what_is_no_number(self, tiny_directory: Path, cache: Path):
        file = tiny_directory / TEXT
        with np.load(file) as stored:
            arrays = dict(stored)
        arrays["ln_final.weight"] = np.full_like(arrays["ln_final.weight"], np.nan)
        with file.open("wb") as out:
            np.savez(out, **arrays)
        with pytest.raises(CheckpointError, match="no finite numbers"):
            PromptEncoder(str(tiny_directory), cache=cache).embeddings(WORDS)
