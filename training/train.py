# SPDX-License-Identifier: Apache-2.0
"""Makes the demo model: renders its scenes, trains it, writes its directory.

    ./run exec python -m training.train

Stop it whenever you like: the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import torch

from tips_ros.freed_memory import keep_freed_memory
from tips_ros.perception.semantic.class_lists import ClassList
from training.architecture import CLASSES
from training.export import export
from training.frame_store import PICTURE
from training.phrases import corpus
from training.render_frames import fill
from training.train_tokenizer import train as train_tokenizer
from training.trainer import Plan, Trainer

_ROOT = Path(__file__).resolve().parents[1]
_PIECES = 700


def main() -> None:
    """Runs the three parts, each only as far as it has not run yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=_ROOT / "build" / "demo_training", help="frames, log")
    add("--output", type=Path, default=_ROOT / "models" / "demo", help="the model's directory")
    add("--scenes", type=int, default=1500)
    add("--views", type=int, default=8, help="pictures of each scene")
    add("--images", type=int, default=102_400, help="pictures seen in training, repeats included")
    add("--batch", type=int, default=8)
    add("--seed", type=int, default=1)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s", level=logging.INFO)

    keep_freed_memory()
    args.work.mkdir(parents=True, exist_ok=True)
    store = fill(args.work / f"frames_{args.scenes}x{args.views}", args.scenes, args.views)
    tokenizer = args.work / "tokenizer.model"
    if not tokenizer.is_file():
        tokenizer.write_bytes(train_tokenizer((s.lower() for s in corpus()), _PIECES))
    plan = Plan(args.images, args.batch, args.seed)
    trainer = Trainer(args.work, store, tokenizer, plan, args.device)
    trainer.run()
    export(
        args.output,
        trainer.tips,
        trainer.text,
        tokenizer,
        classes=ClassList(tuple(CLASSES.values()), tuple(CLASSES)),
        input_size=(PICTURE, PICTURE),
        temperature=trainer.temperature,
        knows="rendered rooms only",
    )
    logging.info("%s: written", args.output)


if __name__ == "__main__":
    main()
