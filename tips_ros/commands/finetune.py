# SPDX-License-Identifier: Apache-2.0
"""`tips_ros finetune BAG…`: a model's depth, adapted to one's own robot by its RGB-D bags."""

from __future__ import annotations

import argparse
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tips_ros.commands.interruption import terminable
from tips_ros.commands.options.common import (
    add_camera_topics,
    add_model,
    count,
    fraction,
)
from tips_ros.commands.options.output_checks import check_writable, write_error
from tips_ros.errors import UserError
from tips_ros.finetune.finetune import fine_tune
from tips_ros.finetune.recordings import open_recordings
from tips_ros.finetune.training import TrainingSettings
from tips_ros.offline.evaluation_data import BagOptions
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.progress import WorkProgress

HELP = "adapt a model's depth to your own robot, by bags with measured depth"

EXAMPLES = (
    (
        "finetune my_bag --depth-topic /camera/aligned_depth_to_color/image_raw --output mine",
        "learn from the first two thirds of a bag, measure with the rest",
    ),
    (
        "finetune drive_1 drive_2 --held-out drive_3 --model tipsv2-b14 --output mine",
        "bags to learn from, and one to measure with",
    ),
    (
        "finetune my_bag --depth-topic /depth/image --steps 200 --frames 100 --output mine",
        "a quick try",
    ),
)

_DEFAULTS = TrainingSettings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("bags", metavar="BAG", type=Path, nargs="+", help="bags to learn from")
    add(
        "--output",
        metavar="DIR",
        type=Path,
        required=True,
        help="new directory for the model (no default: it must be named)",
    )
    add_model(parser)
    add(
        "--held-out",
        metavar="BAG",
        type=Path,
        nargs="+",
        default=[],
        help="bags to measure with (default: the end of each BAG)",
    )
    add(
        "--held-out-share",
        metavar="X",
        type=fraction,
        default=0.333,
        help="how much of the end of each BAG that is, without --held-out (default: %(default)s)",
    )
    add(
        "--frames",
        metavar="N",
        type=count,
        default=400,
        help="learn from at most so many, evenly spread (default: %(default)s)",
    )
    add(
        "--steps",
        metavar="N",
        type=count,
        default=_DEFAULTS.steps,
        help="of the training; Ctrl-C ends it early and keeps the best (default: %(default)s)",
    )
    add(
        "--rate",
        metavar="X",
        type=fraction,
        default=_DEFAULTS.rate,
        help="of learning, at its highest (default: %(default)s)",
    )
    add(
        "--seed",
        metavar="N",
        type=int,
        default=_DEFAULTS.seed,
        help="of the order in which frames are learnt from (default: %(default)s)",
    )
    group = parser.add_argument_group("topics").add_argument
    add_camera_topics(group)
    group(
        "--depth-topic",
        metavar="TOPIC",
        help="measured depth of the camera's view (default: /ground_truth/depth/image)",
    )
    group(
        "--rectified",
        action="store_true",
        help="images are rectified: use P of CameraInfo (default: K and the distortion)",
    )


def run(args: argparse.Namespace) -> int:
    """Trains, writes, and says what came of it."""
    keep_freed_memory()
    output: Path = args.output
    if output.exists():
        raise UserError(f"{output} exists; name a new directory for the model")
    check_writable(output.parent)
    part = output.with_name(f".{output.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a call that was killed
    try:
        with terminable():
            _run(args, part)
        part.rename(output)
    except OSError as error:
        raise write_error(error, output) from error
    except ValueError as error:
        raise UserError(str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    print(f"model → {output} (its card: {output / 'README.md'})")
    return 0


def _run(args: argparse.Namespace, folder: Path) -> None:
    options = BagOptions(
        None, args.image_topic, args.camera_info_topic, args.depth_topic, args.rectified
    )
    settings = replace(_DEFAULTS, steps=args.steps, rate=args.rate, seed=args.seed)
    with ExitStack() as stack:
        recordings = open_recordings(
            args.bags,
            args.held_out,
            options,
            held_out_share=args.held_out_share,
            most=args.frames,
            stack=stack,
        )
        for bag in recordings.bags:
            print(
                f"{bag.path}: {bag.learn} frames to learn from, {bag.watch} watched, "
                f"{bag.held_out} kept apart; depth lies on the pictures: {bag.registration}"
            )
        folder.mkdir(parents=True)
        outcome = fine_tune(
            args.model, recordings, folder, settings, device=args.device, open_bar=WorkProgress
        )
    way = outcome.way
    early = "interrupted after" if way.interrupted else "of"
    print(f"kept the weights of step {way.best_step}, {early} {way.steps}")
    print(f"deviation of depth: {outcome.deviation}")
    print("on the frames kept apart, before and after:")
    for line in outcome.lines:
        print(f"  {line}")
