# SPDX-License-Identifier: Apache-2.0
"""Makes the demo model: renders its scenes, trains it, writes its directory.

    ./run exec python -m training.train --state build/training

Stop it whenever you like, also with kill -9: the same command goes on where it was.

    python -m training.train --state build/training --packed build/packed --seconds 330

trains on a GPU, for so long, with frames that `training.packed_frames` has packed anywhere; and
with `--render 14` also with rooms that so many processes render meanwhile. `--start DIR` goes on
from a model.
"""

from __future__ import annotations

import argparse
import logging
import signal
import time
from pathlib import Path

import torch

from tips_ros.errors import UserError
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.loading.model_directory import TOKENIZER_FILE
from tips_ros.process.freed_memory import keep_freed_memory
from training.export import export
from training.frames.appearance.appearance import APPEARANCE
from training.frames.frame_store import PICTURE
from training.frames.packed import first_unpacked_room
from training.frames.phrases import corpus
from training.network.architecture import CLASSES, FOR_GPU, SIZES, VOCABULARY
from training.network.precision import PRECISIONS
from training.render_beside import RoomsBeside
from training.render_frames import fill
from training.scenes.seeds import LIVED_IN_MORE
from training.steps.compare_sizes import COMPARE, best_sizes
from training.steps.timed_trainer import BATCH, Schedule, TimedTrainer
from training.steps.trainer import Model, Plan, Trainer

_STARTED = time.monotonic()
_ROOM = 80_000  # frames of 250 kB each
_USUAL = Schedule(seconds=330)
_ROOT = Path(__file__).resolve().parents[1]

logger = logging.getLogger(__name__)


def main() -> None:
    """Runs the parts, each only as far as it has not run yet."""
    args = _arguments()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    keep_freed_memory()
    if args.threads:
        torch.set_num_threads(args.threads)
    args.state.mkdir(parents=True, exist_ok=True)
    trained = _trained_for_a_time(args) if args.packed else _trained_to_the_end(args)
    if trained is None:
        return
    output = args.output or args.state / "model"
    export(
        output,
        trained.tips,
        trained.text,
        _tokenizer(args),
        classes=ClassList(tuple(CLASSES.values()), tuple(CLASSES)),
        input_size=(PICTURE, PICTURE),
        temperature=trained.temperature,
        knows="rendered rooms only",
    )
    logger.info("%s: written", output)


def _trained_to_the_end(args: argparse.Namespace) -> Model | None:
    """Renders and trains, as far as that was not done yet; None where it was stopped before."""
    first = args.render_from or 0
    later = f"_from_{first}" if first else ""
    frames = args.state / f"frames_{args.scenes}x{args.views}{later}"
    store = fill(frames, args.scenes, args.views, args.processes, first)
    if args.render_only:
        return None
    tokenizer, sizes = _tokenizer(args), args.sizes
    if sizes == COMPARE:
        sizes = best_sizes(args.state / "sizes", store, tokenizer, args.device)
    plan = Plan(args.images, args.batch or 16, args.seed, sizes=sizes)
    trainer = Trainer(args.state, store, tokenizer, plan, args.device, args.precision)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: trainer.stop())
    trainer.run()
    if trainer.step < plan.steps:
        logger.info("stopped after step %d; the same command goes on", trainer.step)
        return None
    return trainer.average


def _trained_for_a_time(args: argparse.Namespace) -> Model:
    packed_below = first_unpacked_room(args.packed)
    first = LIVED_IN_MORE.start if args.render_from is None else args.render_from
    if args.render and first < packed_below:
        raise UserError(
            f"{args.packed} holds rooms up to {packed_below - 1}, which --render-from "
            f"{first} would render again: give --render-from {packed_below} or more"
        )
    sizes = FOR_GPU if args.sizes == COMPARE else args.sizes
    # What was trained on whole pictures goes on with them.
    small = 0.0 if args.start else _USUAL.small
    schedule = Schedule(args.seconds, args.batch or BATCH, args.rate, args.appearance, small=small,
                        average=args.average)  # fmt: skip
    rooms = RoomsBeside(first, args.render, args.views) if args.render else None
    room = args.room or (_ROOM if rooms else None)
    trainer = TimedTrainer(args.state, args.packed, _tokenizer(args), schedule, args.device,
                           args.seed, sizes, args.precision, _STARTED, room, rooms,
                           args.start)  # fmt: skip
    trainer.run()
    return trainer.average


def _tokenizer(args: argparse.Namespace) -> Path:
    """The SentencePiece model of what training says, made where it is not there yet."""
    if args.start:
        return Path(args.start) / TOKENIZER_FILE
    tokenizer: Path = args.state / TOKENIZER_FILE
    if not tokenizer.is_file():
        from training.train_tokenizer import train as train_tokenizer  # needs sentencepiece

        tokenizer.write_bytes(train_tokenizer((s.lower() for s in corpus()), VOCABULARY))
    return tokenizer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--state", type=Path, default=_ROOT / "build" / "training", help="frames, checkpoint, log")
    add("--output", type=Path, help="the model's directory; without it, `model` in the state")
    add("--scenes", type=int, default=4000)
    add("--views", type=int, default=12, help="pictures of each scene")
    add("--images", type=int, default=800_000, help="pictures seen in training, repeats included")
    add("--batch", type=int, help=f"pictures of a step; without it 16, with --packed {BATCH}")
    add("--packed", type=Path, help="folder of packed frames: train with them, for --seconds")
    whole = "of a training with --packed, all in all"
    add("--seconds", type=float, default=_USUAL.seconds, help=whole)
    add("--render", type=int, default=0, help="processes that render rooms during that training")
    first = f"room to render first; without it {LIVED_IN_MORE.start}, with --render-only 0"
    add("--render-from", type=int, help=first)
    add("--start", type=Path, help="model directory to go on from, with --packed")
    factor = "factor on the learning rates, with --packed"
    add("--rate", type=float, default=_USUAL.rate, help=factor)
    kept = "share of the averaged weights that a step keeps, with --packed"
    add("--average", type=float, default=_USUAL.average, help=kept)
    add("--room", type=int, help=f"for so many frames; without it {_ROOM}, or those packed")
    add("--seed", type=int, default=1)
    sizes = f"of the model; {COMPARE} takes those that are best after short runs side by side"
    add("--sizes", choices=(*SIZES, COMPARE), default=COMPARE, help=sizes)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--precision", choices=PRECISIONS, help="without it, the faster one of this machine")
    look = "share of the frames that get another look with --packed; 0 leaves all as rendered"
    add("--appearance", type=float, default=APPEARANCE, help=look)
    add("--threads", type=int, help="of the training; without it, as OMP_NUM_THREADS says")
    add("--processes", type=int, help="that render; without it, one a core")
    add("--render-only", action="store_true", help="end when all scenes are rendered")
    args = parser.parse_args()
    if args.render and not args.packed:
        parser.error("--render renders during a training with --packed; name its folder too")
    if args.start and not args.packed:
        parser.error("--start goes on from a model with --packed; name that folder too")
    if args.render_from and not (args.render or args.render_only):
        parser.error("--render-from says where --render or --render-only begins; give one of them")
    return args


if __name__ == "__main__":
    main()
