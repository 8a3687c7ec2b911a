# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bench`: how long a frame takes on this machine, and what of it takes how long."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from tips_ros.bench.against import Opponents, compare
from tips_ros.bench.bench_pictures import draw_room
from tips_ros.bench.cases import AXIS, Case, Point, combinations, series
from tips_ros.bench.messages import ros_is_here
from tips_ros.bench.models import model_named, predictor_of
from tips_ros.bench.reporting.machine import Machine, this_machine
from tips_ros.bench.reporting.report import append_json, comparison_text, stage_text
from tips_ros.bench.stages import Rounds, StageResult, measure
from tips_ros.bench.transformers_model import import_transformers, transformers_module
from tips_ros.commands.options.bench import add_arguments
from tips_ros.commands.options.common import check_input_size
from tips_ros.commands.options.output_checks import check_file
from tips_ros.errors import UserError, explain
from tips_ros.offline.pictures.picture_files import read_picture
from tips_ros.perception.images.drawn_picture import encode_drawn
from tips_ros.perception.loading.load import choose_device
from tips_ros.perception.loading.precisions import FLOATS, precision_name
from tips_ros.perception.predictor import Predictor
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.whole_file import write_atomically

__all__ = ["EXAMPLES", "HELP", "add_arguments", "run"]

_PLOT = "tips_ros.bench.reporting.plot"  # takes matplotlib

HELP = "time a frame on this machine, stage by stage, and against transformers"


EXAMPLES = (
    ("bench", "a frame of 640x480 by the model that comes along"),
    (
        "bench --model tipsv2-b14 --precision fp32 bf16 --backend torch openvino --json log.jsonl",
        "each with each, a line of JSON for each",
    ),
    ("bench --series prompts --plot prompts.png", "what grows with the number of classes, drawn"),
)


def run(args: argparse.Namespace) -> int:
    """Measures and tells."""
    try:
        return _run(args)
    except (ValueError, OSError, RuntimeError) as error:
        raise UserError(explain(error)) from error


def _run(args: argparse.Namespace) -> int:
    if args.against is None and (args.compile or args.their_precision):
        raise ValueError("--compile and --their-precision are theirs: add --against transformers")
    if args.against and (args.series or args.plot):
        raise ValueError("--against takes turns on single cases; leave out --series and --plot")
    kept = args.keep_freed_memory and keep_freed_memory()
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    for option, path in (("--json", args.json), ("--plot", args.plot)):
        if path is not None:
            read = filter(None, [args.picture])
            check_file(path, option, overwrite=True, inputs=read)  # not after an hour's work
            path.parent.mkdir(parents=True, exist_ok=True)
    if args.plot is not None:
        import_module(_PLOT)
    for size in args.input_size:
        check_input_size(size)
    bench = _Bench(
        torch.device(choose_device(args.device)),
        draw_room() if args.picture is None else read_picture(args.picture).upright,
        Rounds(args.rounds, args.warm_up),
    )
    machine = this_machine(bench.device, keeps_freed_memory=kept)
    print(machine.title)
    if args.against:
        _compare_models(args, bench, machine)
    else:
        _stages(args, bench, machine)
    return 0


class _Bench(NamedTuple):
    device: torch.device
    picture: NDArray[np.uint8]
    rounds: Rounds


def _stages(args: argparse.Namespace, bench: _Bench, machine: Machine) -> None:
    points = _points(args)
    results: list[StageResult] = []
    last: tuple[object, Predictor] | None = None
    for _, case in points:
        if last is None or last[0] != case.loaded:
            last = None  # the old one goes before the new one comes
            model = model_named(case.model, case.head_outputs)
            last = case.loaded, predictor_of(model, case, bench.device)
            del model
        result = measure(_resolve_precision(case, last[1]), last[1], bench.picture, bench.rounds)
        print(f"\n{stage_text(result)}", flush=True)
        results.append(result)
        if args.json is not None:
            append_json(args.json, [result], machine)
    if args.plot is not None:
        _plot(args, points, results, machine)


def _points(args: argparse.Namespace) -> list[Point]:
    subscribers = args.subscribers
    if subscribers is None:
        subscribers = int(ros_is_here())
    cases = _cases(args, subscribers)
    if args.series is None:
        return [Point(i, case) for i, case in enumerate(cases)]
    if len(cases) > 1:
        raise ValueError("--series lets one thing grow: name one model, size, precision and so on")
    return series(args.series, cases[0])


def _cases(args: argparse.Namespace, subscribers: int = 0) -> list[Case]:
    return combinations(
        args.model,
        args.image,
        args.input_size,
        args.precision,
        args.heads,
        args.backend,
        args.cameras,
        subscribers,
    )


def _compare_models(args: argparse.Namespace, bench: _Bench, machine: Machine) -> None:
    import_transformers()  # or there is no need to begin
    for case in _cases(args):
        loaded = model_named(case.model)
        module = transformers_module(loaded.tips)
        predictor = predictor_of(loaded, case, bench.device)
        served = _resolve_precision(case, predictor)
        ours = served.precision if served.precision in FLOATS else "fp32"
        result = compare(
            served,
            predictor,
            module,
            bench.picture,
            bench.rounds,
            Opponents(args.their_precision or [ours], args.compile),
        )
        print(f"\n{comparison_text(result)}", flush=True)
        if args.json is not None:
            append_json(args.json, [result], machine)


def _resolve_precision(case: Case, predictor: Predictor) -> Case:
    """The case with the precision that `auto` came to."""
    return replace(case, precision=precision_name(predictor.precision))


def _plot(
    args: argparse.Namespace,
    points: Sequence[Point],
    results: Sequence[StageResult],
    machine: Machine,
) -> None:
    plot = import_module(_PLOT)
    if args.series is None:
        picture = plot.bars(results, machine.title)
    else:
        picture = plot.curves([p.at for p in points], results, AXIS[args.series], machine.title)
    write_atomically(args.plot, encode_drawn(picture))
    print(f"\nplot → {args.plot}")
