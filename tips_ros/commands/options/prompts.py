# SPDX-License-Identifier: Apache-2.0
"""Arguments of the subcommands that label by prompts, and the labelling that they ask for."""

from __future__ import annotations

import argparse
import os

from tips_ros.errors import UserError
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompt_syntax import separated
from tips_ros.perception.language.prompts import Prompts
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import Labelling
from tips_ros.perception.semantic.prompted_label_space import (
    background_told,
    labelling_of,
    requested,
)

_NO_CLASSES = ClassList(("class 0",))  # of a model that is not loaded yet: a number, no word


def add_prompts(parser: argparse.ArgumentParser) -> None:
    """--prompts, --background, --threshold and --sliding-window."""
    add = parser.add_argument_group("classes in words").add_argument
    add(
        "--prompts",
        metavar='"A, B"',
        help="label these instead of the model's own classes: words between commas or semicolons, "
        "`name: synonym | synonym`, a list such as @indoor_robot, or a file with one a line "
        "(default: the model's own classes)",
    )
    add(
        "--background",
        metavar='"A, B"',
        help="what else there is: it stays unlabelled; written as --prompts, @model stands for the "
        "model's own classes, @none for nothing (default: @model)",
    )
    add(
        "--threshold",
        type=share,
        metavar="X",
        help="least confidence of a labelled pixel, 0 to 1 (default: none)",
    )
    add(
        "--sliding-window",
        action="store_true",
        help="look in windows: slower, finer (default: at the whole image at once)",
    )


def check_prompts(args: argparse.Namespace) -> None:
    """Looks at the prompts before a model is loaded for them.

    Raises:
        UserError: prompts that no model could use.
    """
    if args.prompts is None:
        for name, value in (
            ("--background", args.background),
            ("--threshold", args.threshold is not None),
            ("--sliding-window", args.sliding_window),
        ):
            if value:
                raise UserError(f"{name} belongs to --prompts; give that too, or leave it out")
        return
    _requested(args, _NO_CLASSES)


def prompted_labelling(args: argparse.Namespace, predictor: Predictor) -> Labelling | None:
    """What the prompts ask of this model; None without prompts. Says what they compete with.

    Raises:
        UserError: prompts that can't be used, or a text encoder that can't be read.
    """
    if args.prompts is None:
        return None
    own = predictor.description.classes
    prompts = _requested(args, own)
    try:
        encoder = PromptEncoder(args.model, width=predictor.description.vit.width)
        labelling = labelling_of(prompts, encoder, own, sliding_window=args.sliding_window)
    except (ValueError, OSError) as error:
        raise UserError(f"--prompts: {error}") from error
    told = background_told(prompts, [args.background] if args.background else [])
    if told and labelling.words is not None:
        print(f"classes: {told}")
    return labelling


def _requested(args: argparse.Namespace, own: ClassList) -> Prompts:
    thresholds = [] if args.threshold is None else [args.threshold]
    try:
        return requested(typed(args.prompts), typed(args.background), thresholds, own)
    except (ValueError, OSError) as error:
        raise UserError(f"--prompts: {error}") from error


def typed(text: str | None) -> list[str]:
    """A list with commas or semicolons, or the name of a file with one entry a line → entries.

    Raises:
        PromptError: a list with both.
    """
    if not text:
        return []
    # Not Path's, which some long lists make raise an error.
    return [f"@{os.path.abspath(text)}"] if os.path.isfile(text) else separated(text)


def share(text: str) -> float:
    """Argument type: a number from 0 to 1."""
    number = float(text)
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 1")
    return number
