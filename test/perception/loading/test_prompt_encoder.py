# SPDX-License-Identifier: Apache-2.0
"""Words are encoded once; afterwards they come from the cache, and never those of other weights."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from tips_ros.model.checkpoints import CheckpointError
from tips_ros.perception.language.prompts import PromptError, parse_prompts
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.language.tokenizer import TokenizerError
from tips_ros.perception.loading import prompt_encoder
from tips_ros.perception.loading.load import load_text
from tips_ros.perception.loading.model_directory import ModelNotFound
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.resources import text_cache

WORDS = [["door"], ["sofa", "couch"], ["Office chair", "stool", "door"]]
TEXT = "tips_v2_oss_tiny_text.npz"


@pytest.fixture(scope="module")
def demo() -> TextEmbedder:
    return load_text("demo").embedder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def with_other_weights(file: Path) -> None:
    """The same names and shapes, so the same size."""
    with np.load(file) as stored:
        arrays = dict(stored)
    arrays["token_embedding.weight"] = arrays["token_embedding.weight"][::-1]
    with file.open("wb") as out:
        np.savez(out, **arrays)


def say(directory: Path, **settings: Any) -> None:
    file = directory / "model.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | settings))


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


class TestTheCache:
    def encoded(self, directory: Path, cache: Path) -> int:
        encoder = PromptEncoder(str(directory), cache=cache)
        encoder.embeddings(WORDS)
        return encoder.encoded

    def test_holds_nothing_of_weights_that_changed(self, tiny_directory: Path, cache: Path):
        before = PromptEncoder(str(tiny_directory), cache=cache).embeddings(WORDS)
        size = (tiny_directory / TEXT).stat().st_size
        with_other_weights(tiny_directory / TEXT)
        assert (tiny_directory / TEXT).stat().st_size == size
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        after = encoder.embeddings(WORDS)
        assert encoder.encoded == 5 and (before - after).abs().max() > 0.01

    def test_notices_weights_that_change_while_it_waits(self, tiny_directory: Path, cache: Path):
        """But an encoder in memory stays what it is."""
        waiting, loaded = (PromptEncoder(str(tiny_directory), cache=cache) for _ in range(2))
        before = loaded.embeddings(WORDS)
        with_other_weights(tiny_directory / TEXT)
        assert (waiting.embeddings(WORDS) - before).abs().max() > 0.01
        assert torch.equal(loaded.embeddings(WORDS), before)

    def test_holds_nothing_of_another_tokenizer_or_other_heads(
        self, tiny_directory: Path, cache: Path
    ):
        assert self.encoded(tiny_directory, cache) == 5
        with (tiny_directory / "tokenizer.model").open("ab") as file:
            file.write(b"\x82\x01\x00")  # an empty field that nobody knows
        assert self.encoded(tiny_directory, cache) == 5
        say(tiny_directory, text_attention_heads=2)
        assert self.encoded(tiny_directory, cache) == 5

    def test_holds_nothing_of_other_templates(
        self, tiny_directory: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ):
        assert self.encoded(tiny_directory, cache) == 5
        monkeypatch.setattr(prompt_encoder, "TCL_TEMPLATES", ("a {}.",))
        assert self.encoded(tiny_directory, cache) == 5

    def test_serves_a_copy_of_the_model(self, tiny_directory: Path, cache: Path, tmp_path: Path):
        assert self.encoded(tiny_directory, cache) == 5
        copy = shutil.copytree(tiny_directory, tmp_path / "copy")
        assert self.encoded(copy, cache) == 0

    def test_refuses_weights_that_change_while_they_are_read(
        self, tiny_directory: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ):
        read_text = prompt_encoder.read_text

        def read_and_change(found: Any) -> Any:
            tower = read_text(found)
            with_other_weights(tiny_directory / TEXT)
            return tower

        monkeypatch.setattr(prompt_encoder, "read_text", read_and_change)
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        with pytest.raises(CheckpointError, match="changed while it was read; try again"):
            encoder.embeddings(WORDS)
        assert not encoder.loaded and encoder.encoded == 0

    def test_lies_with_the_user_s_other_caches(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
        PromptEncoder("demo").embeddings([["door"]])
        assert text_cache() == tmp_path / "caches" / "tips_ros" / "text"
        assert any(text_cache().iterdir())
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        for unusable in ("", "not/absolute"):
            monkeypatch.setenv("XDG_CACHE_HOME", unusable)
            assert text_cache() == tmp_path / "home" / ".cache" / "tips_ros" / "text"

    def test_is_this_process_s_memory_for_a_user_without_a_home(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(prompt_encoder, "text_cache", homeless)
        encoder = PromptEncoder("demo")
        for _ in range(2):
            encoder.embeddings([["door"]])
        assert encoder.encoded == 1 and len(caplog.records) == 1


class TestAModel:
    def test_with_a_text_encoder_is_not_loaded_to_know_that(
        self, tiny_directory: Path, cache: Path
    ):
        for file in tiny_directory.glob("*_vision.npz"):
            file.write_text("damaged")
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        assert encoder.available and not encoder.loaded
        assert encoder.embeddings(WORDS).shape == (3, 64)  # of the text encoder alone

    @pytest.mark.parametrize(
        ("gone", "message"),
        [
            ([TEXT], "has no text encoder; put the tips_…_text.npz of the same model there"),
            (["tokenizer.model"], "has no tokenizer.model; put the official one there"),
            ([TEXT, "tokenizer.model"], "has no text encoder and no tokenizer.model"),
        ],
    )
    def test_without_one_says_what_to_put_where(
        self, tiny_directory: Path, cache: Path, gone: list[str], message: str
    ):
        for name in gone:
            (tiny_directory / name).unlink()
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        assert not encoder.available and encoder.temperature is None
        with pytest.raises(ModelNotFound, match=message):
            encoder.embeddings(WORDS)

    def test_of_the_hub_is_asked_what_it_holds(
        self, tiny_hub: Callable[..., Path], tokenizer_file: Path, cache: Path
    ):
        for folder, roles in (("towers", ("vision", "text")), ("heads", ("vision", "depth"))):
            directory = tiny_hub(folder, *roles)
            shutil.copy(tokenizer_file, directory / "tokenizer.model")
            encoder = PromptEncoder(str(directory), cache=cache)
            assert encoder.available is (folder == "towers")
            if encoder.available:
                assert encoder.temperature == pytest.approx(0.005)
                assert encoder.embeddings(WORDS).shape == (3, 64)

    def test_tells_its_temperature_by_its_settings_or_its_text_file(
        self, tiny_directory: Path, cache: Path
    ):
        assert PromptEncoder(str(tiny_directory), cache=cache).temperature == pytest.approx(0.005)
        say(tiny_directory, temperature=0.5)
        assert PromptEncoder(str(tiny_directory), cache=cache).temperature == 0.5

    @pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
    def test_whose_temperature_is_none_says_where_to_write_it(
        self, tiny_directory: Path, cache: Path, value: float
    ):
        file = tiny_directory / TEXT
        with np.load(file) as stored:
            arrays = dict(stored) | {"temperature": np.float32(value)}
        with file.open("wb") as out:
            np.savez(out, **arrays)
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        with pytest.raises(CheckpointError, match="write the right one in model.yaml"):
            _ = encoder.temperature

    def test_that_tells_no_temperature_has_none(self, tiny_directory: Path, cache: Path):
        file = tiny_directory / TEXT
        with np.load(file) as stored:
            arrays = {name: array for name, array in stored.items() if name != "temperature"}
        with file.open("wb") as out:
            np.savez(out, **arrays)
        assert PromptEncoder(str(tiny_directory), cache=cache).temperature is None

    def test_whose_text_encoder_is_another_model_s_is_refused(
        self, tiny_directory: Path, cache: Path
    ):
        for _ in range(2):  # encoded, then cached
            encoder = PromptEncoder(str(tiny_directory), width=32, cache=cache)
            with pytest.raises(CheckpointError, match="of width 64, but the image encoder has"):
                encoder.embeddings(WORDS)
        PromptEncoder(str(tiny_directory), width=64, cache=cache).embeddings(WORDS)

    @pytest.mark.parametrize(
        ("name", "kind"), [(TEXT, CheckpointError), ("tokenizer.model", TokenizerError)]
    )
    def test_with_a_damaged_file_names_it(
        self, tiny_directory: Path, cache: Path, name: str, kind: type[ValueError]
    ):
        (tiny_directory / name).write_text("damaged")
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        with pytest.raises(kind, match=name):
            encoder.embeddings(WORDS)
        assert not encoder.loaded

    def test_whose_files_went_away_says_so(self, tiny_directory: Path, cache: Path):
        encoder = PromptEncoder(str(tiny_directory), cache=cache)
        (tiny_directory / TEXT).unlink()
        with pytest.raises(CheckpointError, match=f"{TEXT}: cannot be read .*; put it back"):
            encoder.embeddings(WORDS)

    def test_that_is_not_there_is_refused_at_once(self):
        with pytest.raises(ModelNotFound, match="name demo"):
            PromptEncoder("no such model")
