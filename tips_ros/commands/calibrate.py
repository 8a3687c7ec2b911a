# SPDX-License-Identifier: Apache-2.0
"""`tips_ros calibrate DATA`: fits the deviation of a model's depth, for its model.yaml."""

from __future__ import annotations

import argparse
from pathlib import Path

from tips_ros.commands.options.common import (
    add_input_size,
    add_model,
    add_precision,
    check_input_size,
)
from tips_ros.commands.options.measured_data import add_bag_truth, add_dataset, open_measured
from tips_ros.errors import UserError, explain
from tips_ros.evaluation.deviation_calibration import calibrate_deviation
from tips_ros.perception.loading.load import find_model, load_predictor
from tips_ros.perception.loading.model_settings import SETTINGS_FILE, with_deviation
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.progress import WorkProgress
from tips_ros.whole_file import write_atomically

HELP = "fit the deviation of a model's depth to measured depth, and write it to its model.yaml"

EXAMPLES = (
    (
        "calibrate samples/drive --truth samples/drive_truth --output model.yaml",
        "from the sample bag with its truth",
    ),
    ("calibrate my_bag --depth-topic /depth/image --model my_model", "from a robot's RGB-D bag"),
    (
        "calibrate build/rooms --output model.yaml",
        "from a dataset; the whole model.yaml with the fit goes where you say",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add_dataset(parser)
    add_model(parser)
    add_precision(parser)
    add_input_size(parser)
    add(
        "--output",
        metavar="FILE",
        type=Path,
        help="write that model.yaml here (default: where the model's own is)",
    )
    add("--name", metavar="TEXT", help="the data in a few words (default: by what is in it)")
    add_bag_truth(parser)


def run(args: argparse.Namespace) -> int:
    """Fits, writes, and says what it wrote."""
    keep_freed_memory()
    check_input_size(args.input_size)
    try:
        return _run(args)
    except (ValueError, OSError) as error:
        raise UserError(explain(error)) from error


def _run(args: argparse.Namespace) -> int:
    folder = find_model(args.model)[0].path
    file = args.output or folder / SETTINGS_FILE
    with open_measured(args) as data:
        print(f"{args.data}: {data.about}")
        how = {"device": args.device, "precision": args.precision, "input_size": args.input_size}
        predictor = load_predictor(args.model, **how)
        if "depth" not in predictor.outputs:
            raise ValueError(f"model {args.model} has no depth head, so there is nothing to fit")
        dataset = data.dataset
        fitted_on = args.name or f"{dataset.name} ({len(dataset)} images)"
        with WorkProgress(args.data.name, len(dataset), "image") as progress:
            model = calibrate_deviation(predictor, dataset, fitted_on, progress.update)
    own = folder / SETTINGS_FILE
    text = own.read_text(encoding="utf-8") if own.is_file() else ""
    write_atomically(file, with_deviation(text, model).encode(), durable=True)
    for name, coefficients in (("depth head alone", model.alone), ("all heads", model.together)):
        told = ", ".join(f"{cue} {value:.3f}" for cue, value in coefficients.items())
        print(f"  {name}: {told}")
    print(f"fitted to {fitted_on} → {file}")
    return 0
