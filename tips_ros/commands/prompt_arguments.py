# SPDX-License-Identifier: Apache-2.0
"""Arguments of the subcommands that label by prompts, and the labelling that they ask for."""

from __future__ import annotations

import argparse
import os

from tips_ros.errors import UserError
from tips_ros.perception.language.prompt_encoder import PromptEncoder
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.perception.semantic.prompting import labelling_of, requested


def add_prompts(parser: argparse.ArgumentParser) -> None:
    """--prompts, --background, --threshold and --sliding-window."""
    add = parser.add_argument_group("classes in words").add_argument
    add(
        "--prompts",
        metavar='"A, B"',
        help="label these instead of the model's own classes: words, `name: synonym | synonym`, "
        "a list such as @indoor_robot, or a file with one a line",
    )
    add(
        "--background",
        metavar='"A, B"',
        help="what else there is: it stays unlabelled; @model stands for the model's own classes",
    )
    add("--threshold", type=float, metavar="X", help="least confidence of a labelled pixel, 0 to 1")
    add("--sliding-window", action="store_true", help="look in windows: slower, finer")


def prompted_labelling(args: argparse.Namespace, predictor: Predictor) -> Labelling | None:
    """What the prompts ask of this model; None without prompts.

    Raises:
        UserError: prompts that can't be used, or a text encoder that can't be read.
    """
    if args.prompts is None:
        if args.background or args.threshold is not None or args.sliding_window:
            raise UserError("--background, --threshold and --sliding-window belong to --prompts")
        return None
    own = predictor.description.classes
    thresholds = [] if args.threshold is None else [args.threshold]
    try:
        prompts = requested(typed(args.prompts), typed(args.background), thresholds, own)
        encoder = PromptEncoder(args.model, width=predictor.description.vit.width)
        return labelling_of(prompts, encoder, own, sliding_window=args.sliding_window)
    except (ValueError, OSError) as error:
        raise UserError(f"--prompts: {error}") from error


def typed(text: str | None) -> list[str]:
    """A list with commas, or the name of a file with one entry a line → entries."""
    if text is None:
        return []
    # Not Path's, which some long lists make raise an error.
    return [f"@{os.path.abspath(text)}"] if os.path.isfile(text) else text.split(",")
