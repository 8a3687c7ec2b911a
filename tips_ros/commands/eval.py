# SPDX-License-Identifier: Apache-2.0
"""`tips_ros eval DATA`: how right a model is on images whose truth is known."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from tips_ros.commands.options.common import (
    add_input_size,
    add_model,
    add_precision,
    check_input_size,
)
from tips_ros.commands.options.measured_data import add_bag_truth, add_dataset, open_measured
from tips_ros.commands.options.output_checks import check_file
from tips_ros.commands.options.prompts import add_prompts, check_prompts, prompted_label_space
from tips_ros.errors import UserError, explain
from tips_ros.evaluation.evaluation import Predict, evaluate
from tips_ros.evaluation.report import text_report, write_json
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.offline.evaluation_data import Data
from tips_ros.perception.classes.class_list import name_key
from tips_ros.perception.images.drawn_picture import encode_drawn
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.loading.precisions import precision_name
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.temporal.steady_depth import MODES
from tips_ros.perception.temporal.stream import Holding
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.progress import WorkProgress
from tips_ros.whole_file import write_atomically

_SHEET = "tips_ros.evaluation.worst_frames_sheet"  # takes matplotlib

HELP = "measure depth, normals and classes against the truth of a dataset or a bag"

EXAMPLES = (
    ("eval samples/drive --truth samples/drive_truth", "the sample bag against its truth"),
    (
        "eval ADEChallengeData2016 --model tipsv2-b14 --limit 200 --json numbers.json",
        "the first 200 images of a dataset; all numbers into a file",
    ),
    (
        'eval my_bag --depth-topic /depth/image --worst worst.png --prompts "door, cup"',
        "a bag with measured depth; the worst frames as a picture",
    ),
)

UNTRAINED = "UNTRAINED model: random weights, so these numbers are those of chance"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add_dataset(parser)
    add_model(parser)
    add_precision(parser)
    add_input_size(parser)
    add(
        "--focal",
        default="both",
        choices=("on", "off", "both"),
        help="correct depth for the camera's focal length (default: %(default)s)",
    )
    add(
        "--temporal",
        default="off",
        choices=MODES,
        help="hold depth of sequences still, as the node's temporal.mode (default: %(default)s)",
    )
    add("--temporal-labels", action="store_true", help="hold class labels still, too")
    add("--json", metavar="FILE", type=Path, help="write all numbers here (default: nowhere)")
    add(
        "--worst",
        metavar="PNG",
        type=Path,
        help="draw the worst frames of each output here (default: nowhere)",
    )
    add("--overwrite", action="store_true", help="replace files of --json and --worst")
    add_prompts(parser)
    add_bag_truth(parser)


class _Contender(NamedTuple):
    """A predictor to measure, with the names of its labels."""

    predictor: Predictor
    predict: Predict
    class_names: Mapping[int, str]


def run(args: argparse.Namespace) -> int:
    """Measures, and says what came of it; 1 when there was nothing to measure."""
    keep_freed_memory()
    check_prompts(args)
    check_input_size(args.input_size)
    read = [args.data, *filter(None, [args.truth])]
    for option, path in (("--json", args.json), ("--worst", args.worst)):
        if path is not None:
            check_file(path, option, overwrite=args.overwrite, inputs=read)
    if args.worst is not None:
        import_module(_SHEET)  # or it would be missed after an hour's work
    try:
        return _run(args)
    except (ValueError, OSError) as error:
        raise UserError(explain(error)) from error


def _run(args: argparse.Namespace) -> int:
    with open_measured(args) as data:
        print(f"{args.data}: {data.about}")
        contender = _contender(args, data)
        with WorkProgress(args.data.name, len(data.dataset), "image") as progress:
            results = evaluate(
                contender.predict,
                data.dataset,
                contender.predictor.description,
                contender.class_names,
                holding=Holding(args.temporal, args.temporal_labels),
                progress=progress.update,
            )
    results = _scale_by_focal(results, args.focal)
    _report(args, results, contender.predictor)
    measured = (results.depth, results.depth_with_focal, results.normals, results.segmentation)
    return 0 if any(measured) else 1


def _contender(args: argparse.Namespace, data: Data) -> _Contender:
    """The model, asked for what the data can tell and no more."""
    how = {"device": args.device, "precision": args.precision, "input_size": args.input_size}
    predictor = load_predictor(args.model, **how)
    label_space = prompted_label_space(args, predictor) or predictor.model_label_space
    outputs = [o for o in predictor.outputs_with(label_space) if o in data.outputs]
    if not outputs:
        raise ValueError(
            f"model {args.model} has no head for {' or '.join(data.outputs)}, which is what "
            f"{args.data} has the truth about"
        )
    class_names = label_space.classes.by_id()
    if label_space.source == "prompts":
        _check_names(args.data, class_names.values(), data.dataset.class_names.values())
    predict = partial(predictor.predict, outputs=outputs, label_space=label_space)
    return _Contender(predictor, predict, class_names)


def _check_names(data: Path, given: Iterable[str], true: Iterable[str]) -> None:
    if not {name_key(name) for name in given} & {name_key(name) for name in true}:
        raise ValueError(
            f"--prompts: none of these names is a class of {data}, which has "
            f"{', '.join(true) or 'no classes'}"
        )


def _scale_by_focal(results: EvaluationResults, focal: str) -> EvaluationResults:
    """Only the depth that was asked for."""
    if focal == "off":
        return replace(results, depth_with_focal=None)
    if focal == "on":
        if results.depth is not None and results.depth_with_focal is None:
            print("no depth: --focal on needs the camera's intrinsics, which the data do not tell")
        return replace(results, depth=None)
    return results


def _report(args: argparse.Namespace, results: EvaluationResults, predictor: Predictor) -> None:
    description = predictor.description
    size = "x".join(str(side) for side in predictor.input_size)
    precision = precision_name(predictor.precision)
    about = [
        f"model {description.name} ({description.variant}), input {size}, {precision} "
        f"on {predictor.device}" + (", classes by prompts" if args.prompts else "")
    ]
    if description.caution:
        about.append(description.caution)
    if not description.trained:
        about.append(UNTRAINED)
    print(text_report(results, about), end="")
    if args.json is not None:
        facts: dict[str, str | bool] = {
            "model": description.name,
            "variant": description.variant,
            "trained": description.trained,
            "input_size": size,
            "precision": precision,
            "device": str(predictor.device),
            "prompts": args.prompts or "",
        }
        write_json(args.json, results, facts)
        print(f"numbers → {args.json}")
    if args.worst is not None:
        title = [results.dataset, *about]
        draw = import_module(_SHEET).worst_frames_sheet
        sheet = draw(results, title, trained=description.trained)
        if sheet is None:
            print("no worst frames: nothing was measured")
            return
        write_atomically(args.worst, encode_drawn(sheet))
        print(f"worst frames → {args.worst}")
