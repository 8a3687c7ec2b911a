#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the small SentencePiece model that the tests use in place of the official tokenizer.

    ./run exec python training/train_tokenizer.py

It has the special ids that TIPS' text encoder expects (0 = padding, no marks at the start and the
end) and about 500 pieces, from sentences about what stands in rooms. It is good for nothing else.
"""

from __future__ import annotations

import argparse
import io
import string
from collections.abc import Iterable, Iterator
from pathlib import Path

import sentencepiece

from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES
from tips_ros.perception.language.tokenizer import PAD_ID, lower_ascii

OUTPUT = Path(__file__).resolve().parents[1] / "test" / "data" / "tokenizer" / "tiny.model"
VOCABULARY = 500
# É with é: the tests want to see that only A-Z are lower-cased.
CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation + "éÉ"

ROOMS = ("kitchen", "bedroom", "bathroom", "office", "corridor", "workshop", "garage", "street")
COLOURS = ("red", "green", "blue", "yellow", "white", "black", "brown", "grey")
PLACES = ("on", "under", "behind", "next to", "in front of", "to the left of")


def corpus() -> Iterator[str]:
    """The sentences, the same ones in the same order every time."""
    things = ade20k().names
    for i, thing in enumerate(things):
        for template in TCL_TEMPLATES:
            yield lower_ascii(template.replace("{}", thing))
        room, colour = ROOMS[i % len(ROOMS)], COLOURS[i % len(COLOURS)]
        place, other = PLACES[i % len(PLACES)], things[(7 * i + 3) % len(things)]
        yield lower_ascii(f"a {colour} {thing} {place} the {other} in the {room}")
        yield lower_ascii(f"find the {colour} {thing}, {place} the {other}")


def train(sentences: Iterable[str], vocabulary: int = VOCABULARY) -> bytes:
    """The model file's bytes, from lower-cased sentences."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocabulary,
        required_chars=CHARACTERS,
        pad_id=PAD_ID,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        normalization_rule_name="identity",  # NFKC's table is 240 KB
        num_threads=1,  # sums of several threads would differ from run to run
        minloglevel=2,
    )
    return model.getvalue()


def main() -> None:
    """Writes the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    output: Path = parser.parse_args().output
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(train(corpus()))
    print(f"{output}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
