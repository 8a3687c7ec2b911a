# SPDX-License-Identifier: Apache-2.0
"""A model tells whether it has a text encoder, and its temperature, without being loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tips_ros.model.checkpoints import CheckpointError
from tips_ros.perception.language.tokenizer import TokenizerError
from tips_ros.perception.loading.model_directory import ModelNotFound
from tips_ros.perception.loading.prompt_encoder import PromptEncoder

from .words import TEXT, WORDS, say


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
