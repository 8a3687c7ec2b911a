# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bench`: how long a frame takes on this machine, and what of it takes how long."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tips_ros.bench.against import Opponents, compare
from tips_ros.bench.cases import AXIS, SERIES, Case, Point, combinations, series
from tips_ros.bench.machine import Machine, this_machine
from tips_ros.bench.messages import ros_is_here
from tips_ros.bench.models import model_named, predictor_of
from tips_ros.bench.pictures import drawn_room
from tips_ros.bench.plot import bars, curves
from tips_ros.bench.report import append_json, comparison_text, stage_text
from tips_ros.bench.stages import Rounds, StageResult, measure
from tips_ros.bench.transformers_model import imported, transformers_module
from tips_ros.commands.arguments import count, input_size
from tips_ros.errors import UserError
from tips_ros.freed_memory import keep_freed_memory
from tips_ros.model.fast import HEADS
from tips_ros.perception.loading.backends import BACKENDS
from tips_ros.perception.loading.models import DEMO, choose_device
from tips_ros.perception.loading.precisions import AUTO, FLOATS, PRECISION_NAMES, precision_name
from tips_ros.perception.predictor import Predictor

HELP = "time a frame on this machine, stage by stage, and against transformers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    what = parser.add_argument_group("what; several values are measured each with each")
    add = what.add_argument
    add(
        "--model",
        nargs="+",
        default=[DEMO],
        help="names or directories; random-b14, random-l14 and so on are released sizes with "
        "random weights (default: %(default)s)",
    )
    add("--image", nargs="+", type=image_size, default=[(640, 480)], metavar="WxH")
    add("--input-size", nargs="+", type=input_size, default=[None], metavar="HxW")
    add(
        "--precision",
        nargs="+",
        choices=PRECISION_NAMES,
        default=[AUTO],
        help="(default: auto, what the hardware is fastest in)",
    )
    add("--backend", nargs="+", choices=BACKENDS, default=["torch"], help="(default: torch)")
    add(
        "--heads",
        nargs="+",
        choices=HEADS,
        default=["rewritten"],
        help="for less work, or plain as they were loaded (default: rewritten)",
    )
    add("--cameras", nargs="+", type=count, default=[1], metavar="N", help="in one pass")
    add(
        "--subscribers",
        type=whole_number,
        metavar="N",
        help="processes that take every output; 0 publishes nothing (default: 1 with ROS, else 0)",
    )
    add("--series", choices=SERIES, help="let this grow and everything else stay")
    add = parser.add_argument_group("where and how").add_argument
    add("--device", default="auto", help="as torch names it (default: %(default)s)")
    add("--threads", type=count, metavar="N", help="of torch (default: its own choice)")
    add("--picture", type=Path, help="what the cameras see (default: a drawn room)")
    add("--rounds", type=count, default=20, metavar="N", help="(default: %(default)s)")
    add("--warm-up", type=whole_number, default=3, metavar="N", help="rounds before them")
    add("--keep-freed-memory", action="store_true", help="don't give freed memory to the system")
    add = parser.add_argument_group("against others").add_argument
    add("--against", choices=("transformers",), help="take turns with the same weights there")
    add("--their-precision", nargs="+", choices=FLOATS, help="(default: as ours)")
    add(
        "--compile",
        nargs="?",
        const="default",
        metavar="MODE",
        help="also theirs with torch.compile in this mode",
    )
    add = parser.add_argument_group("results").add_argument
    add("--json", type=Path, metavar="FILE", help="append a line for each result")
    add("--plot", type=Path, metavar="PNG", help="draw the stages")


def run(args: argparse.Namespace) -> int:
    """Measures and tells."""
    try:
        return _run(args)
    except (ValueError, OSError, RuntimeError) as error:
        raise UserError(str(error)) from error


def _run(args: argparse.Namespace) -> int:
    if args.against is None and (args.compile or args.their_precision):
        raise ValueError("--compile and --their-precision are theirs: add --against transformers")
    if args.against and (args.series or args.plot):
        raise ValueError("--against takes turns on single cases; leave out --series and --plot")
    kept = args.keep_freed_memory and keep_freed_memory()
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    for path in filter(None, (args.json, args.plot)):
        path.parent.mkdir(parents=True, exist_ok=True)  # not after an hour's work
    bench = _Bench(
        torch.device(choose_device(args.device)),
        drawn_room() if args.picture is None else _picture(args.picture),
        Rounds(args.rounds, args.warm_up),
    )
    machine = this_machine(bench.device, keeps_freed_memory=kept)
    print(machine.title)
    if args.against:
        _against(args, bench, machine)
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
        result = measure(_as_served(case, last[1]), last[1], bench.picture, bench.rounds)
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


def _against(args: argparse.Namespace, bench: _Bench, machine: Machine) -> None:
    imported()  # or there is no need to begin
    for case in _cases(args):
        loaded = model_named(case.model)
        module = transformers_module(loaded.tips)
        predictor = predictor_of(loaded, case, bench.device)
        served = _as_served(case, predictor)
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


def _as_served(case: Case, predictor: Predictor) -> Case:
    """The case with the precision that `auto` came to."""
    return replace(case, precision=precision_name(predictor.precision))


def _plot(
    args: argparse.Namespace,
    points: Sequence[Point],
    results: Sequence[StageResult],
    machine: Machine,
) -> None:
    if args.series is None:
        picture = bars(results, machine.title)
    else:
        picture = curves([p.at for p in points], results, AXIS[args.series], machine.title)
    written, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert written
    args.plot.write_bytes(png.tobytes())
    print(f"\nplot → {args.plot}")


def _picture(path: Path) -> NDArray[np.uint8]:
    bgr = cv2.imread(str(path))
    if bgr is None:
        raise ValueError(f"{path}: not a picture that can be read")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def image_size(text: str) -> tuple[int, int]:
    """Argument type: WxH in pixels, as cameras are named."""
    match = re.fullmatch(r"(\d+)[xX×](\d+)", text)
    if match is None or not (int(match[1]) and int(match[2])):
        raise argparse.ArgumentTypeError(f"{text!r} is not WxH, as in 640x480")
    return int(match[1]), int(match[2])


def whole_number(text: str) -> int:
    """Argument type: 0 or more."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} must be at least 0")
    return number
