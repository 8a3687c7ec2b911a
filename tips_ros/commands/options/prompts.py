# SPDX-License-Identifier: Apache-2.0
"""Arguments of the subcommands that label by prompts, and the label space that they ask for."""

from __future__ import annotations

import argparse
import os

from tips_ros.errors import UserError, explain
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompt_syntax import split_entries
from tips_ros.perception.language.prompts import Prompts
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.semantic.prompted_label_space import (
    background_told,
    label_space_of,
    parse_request,
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
    _parse_prompts(args, _NO_CLASSES)


def prompted_label_space(args: argparse.Namespace, predictor: Predictor) -> LabelSpace | None:
    """Label space of the prompts for this model, None without any; prints their competitors.

    Raises:
        UserError: prompts that can't be used, or a text encoder that can't be read.
    """
    if args.prompts is None:
        return None
    own = predictor.description.classes
    prompts = _parse_prompts(args, own)
    try:
        encoder = PromptEncoder(args.model, width=predictor.description.vit.width)
        label_space = label_space_of(prompts, encoder, own, sliding_window=args.sliding_window)
    except (ValueError, OSError) as error:
        raise UserError(f"--prompts: {explain(error)}") from error
    told = background_told(prompts, [args.background] if args.background else [])
    if told and label_space.words is not None:
        print(f"classes: {told}")
    return label_space


def _parse_prompts(args: argparse.Namespace, own: ClassList) -> Prompts:
    thresholds = [] if args.threshold is None else [args.threshold]
    try:
        return parse_request(
            parse_entries(args.prompts), parse_entries(args.background), thresholds, own
        )
    except (ValueError, OSError) as error:
        raise UserError(f"--prompts: {explain(error)}") from error


def parse_entries(text: str | None) -> list[str]:
    """A list with commas or semicolons, or the name of a file with one entry a line → entries.

    Raises:
        PromptError: a list with both.
    """
    if not text:
        return []
    # Not Path's, which some long lists make raise an error.
    return [f"@{os.path.abspath(text)}"] if os.path.isfile(text) else split_entries(text)


def share(text: str) -> float:
    """Argument type: a number from 0 to 1."""
    number = float(text)
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 1")
    return number
