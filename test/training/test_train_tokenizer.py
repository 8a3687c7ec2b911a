# SPDX-License-Identifier: Apache-2.0
"""The script that made the tests' tokenizer still makes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sentencepiece

from tips_ros.perception.language.tokenizer import Tokenizer

SOURCE = Path(__file__).parents[2]
COMMITTED = SOURCE / "test" / "data" / "tokenizer" / "tiny.model"


def test_a_newly_trained_tokenizer_is_the_committed_one(tmp_path: Path):
    made = tmp_path / "tiny.model"
    script = SOURCE / "training" / "train_tokenizer.py"
    subprocess.run([sys.executable, str(script), "--output", str(made)], check=True)
    texts = ["a red door", "find the grey chair, next to the table", "itap of a CRT screen."]
    new, committed = Tokenizer(made), Tokenizer(COMMITTED)
    assert new.vocabulary == committed.vocabulary
    assert (new(texts).ids == committed(texts).ids).all()


def test_its_special_ids_are_those_of_the_text_encoder():
    processor = sentencepiece.SentencePieceProcessor(model_file=str(COMMITTED))
    assert processor.pad_id() == 0
    assert processor.unk_id() == 1
    assert processor.bos_id() == processor.eos_id() == -1
