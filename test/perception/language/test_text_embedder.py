# SPDX-License-Identifier: Apache-2.0
"""Texts and classes become embeddings, by the recipe of the reference's zero-shot notebook."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from tips_ros.model.text import TextConfig, TextEncoder
from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES
from tips_ros.perception.language.text_embedder import TextEmbedder, class_means
from tips_ros.perception.language.tokenizer import Tokenizer, TokenizerError

TINY = Path(__file__).parents[2] / "data" / "tokenizer" / "tiny.model"
WIDTH = 32


def small_encoder(vocabulary: int = 500) -> TextEncoder:
    torch.manual_seed(0)
    return TextEncoder(TextConfig(WIDTH, depth=2, heads=4, hidden=64, vocabulary=vocabulary))


@pytest.fixture(scope="module")
def embedder() -> TextEmbedder:
    return TextEmbedder(small_encoder(), Tokenizer(TINY))


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def assert_close(actual: torch.Tensor, expected: np.ndarray) -> None:
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual.numpy(), expected, atol=1e-6 * np.abs(expected).max())


class TestTexts:
    def test_each_text_is_the_encoder_s_own_output(self, embedder: TextEmbedder):
        text = "a red door"
        ids, is_token, _ = Tokenizer(TINY)([text])
        with torch.inference_mode():
            expected = small_encoder()(torch.from_numpy(ids), torch.from_numpy(is_token))
        assert_close(embedder.embed([text]), expected.numpy())

    def test_company_never_changes_an_embedding(self, embedder: TextEmbedder):
        """Neither the batch a text falls into nor the padding that its neighbours ask for."""
        texts = [f"{'very ' * (i % 23)}long table {i}" for i in range(150)]
        together = embedder.embed(texts)
        for i in (0, 22, 63, 64, 149):
            assert_close(together[i], embedder.embed([texts[i]])[0].numpy())

    def test_capital_letters_do_not_matter(self, embedder: TextEmbedder):
        assert torch.equal(embedder.embed(["DOOR"]), embedder.embed(["door"]))

    def test_an_empty_text_is_zeros(self, embedder: TextEmbedder):
        embeddings = embedder.embed(["", "door"])
        assert not embeddings[0].any() and embeddings[1].any()
        assert not embedder.embed([""]).any()

    def test_no_texts_are_no_rows(self, embedder: TextEmbedder):
        assert embedder.embed([]).shape == (0, WIDTH)

    def test_a_text_that_is_cut_is_named_in_the_log(
        self, embedder: TextEmbedder, caplog: pytest.LogCaptureFixture
    ):
        with caplog.at_level(logging.WARNING):
            embedder.embed(["door", "chair " * 200])
        (record,) = caplog.records
        assert "cut after 64 tokens" in record.getMessage()
        assert "chair" in record.getMessage() and len(record.getMessage()) < 120

    def test_embeddings_are_fp32_even_of_a_half_precision_encoder(self):
        embedder = TextEmbedder(small_encoder().half(), Tokenizer(TINY))
        assert embedder.embed(["door"]).dtype == torch.float32


class TestClasses:
    def test_a_class_is_the_normalised_mean_of_its_normalised_sentences(
        self, embedder: TextEmbedder
    ):
        """Written out as the notebook does it, for the nine templates."""
        names = ["door", "swivel chair", "cup"]
        expected = []
        for name in names:
            texts = [template.format(name) for template in TCL_TEMPLATES]
            expected.append(unit(unit(embedder.embed(texts).numpy()).mean(axis=0)))
        assert_close(embedder.class_embeddings([[name] for name in names]), np.stack(expected))

    def test_synonyms_count_like_more_templates(self, embedder: TextEmbedder):
        templates = ["a {}.", "two {}s"]
        texts = ["a sofa.", "two sofas", "a couch.", "two couchs"]
        expected = unit(unit(embedder.embed(texts).numpy()).mean(axis=0))
        (actual,) = embedder.class_embeddings([["sofa", "couch"]], templates)
        assert_close(actual, expected)

    def test_can_be_made_of_words_that_were_embedded_before(self, embedder: TextEmbedder):
        words = ["sofa", "couch", "door"]
        of_word = dict(zip(words, embedder.word_embeddings(words), strict=True))
        assert (of_word["sofa"].norm() < 0.9999) and of_word["sofa"].shape == (WIDTH,)
        classes = [["couch", "sofa"], ["door"]]
        assert_close(class_means(of_word, classes), embedder.class_embeddings(classes).numpy())

    def test_a_sentence_shared_by_classes_is_embedded_once(
        self, embedder: TextEmbedder, monkeypatch: pytest.MonkeyPatch
    ):
        asked: list[str] = []
        embed = embedder.embed
        monkeypatch.setattr(embedder, "embed", lambda texts: (asked.extend(texts), embed(texts))[1])
        embeddings = embedder.class_embeddings([["sofa"], ["sofa", "couch"]], ["a {}."])
        assert asked == ["a sofa.", "a couch."]
        assert embeddings.shape == (2, WIDTH)

    def test_no_classes_are_no_rows(self, embedder: TextEmbedder):
        assert embedder.class_embeddings([]).shape == (0, WIDTH)

    def test_a_class_without_words_is_refused(self, embedder: TextEmbedder):
        with pytest.raises(ValueError, match="at least one word"):
            embedder.class_embeddings([["door"], []])


def test_a_tokenizer_with_more_ids_than_the_encoder_is_refused():
    with pytest.raises(TokenizerError, match="500 ids, but the text encoder knows 97"):
        TextEmbedder(small_encoder(vocabulary=97), Tokenizer(TINY))
