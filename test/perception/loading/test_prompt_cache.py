# SPDX-License-Identifier: Apache-2.0
"""The cache of words is keyed by weights, tokenizer and templates, never by the model's name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tips_ros.model.checkpoints import CheckpointError
from tips_ros.perception.loading import prompt_encoder
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.resources import text_cache

from .words import TEXT, WORDS, say, with_other_weights


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
