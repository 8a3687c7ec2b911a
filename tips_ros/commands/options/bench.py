# SPDX-License-Identifier: Apache-2.0
"""The arguments of `tips_ros bench`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from tips_ros.bench.cases import SERIES
from tips_ros.commands.options.common import add_device, count, input_size
from tips_ros.model.fast import HEADS
from tips_ros.perception.loading.backends import BACKENDS
from tips_ros.perception.loading.load import DEMO
from tips_ros.perception.loading.precisions import AUTO, FLOATS, PRECISION_NAMES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    what = parser.add_argument_group("what; several values are measured each with each")
    add = what.add_argument
    add(
        "--model",
        nargs="+",
        default=[DEMO],
        metavar="NAME|DIR",
        help="names or directories; random-b14, random-l14 and so on are released sizes with "
        f"random weights (default: {DEMO})",
    )
    add(
        "--image",
        nargs="+",
        type=image_size,
        default=[(640, 480)],
        metavar="WxH",
        help="size of the camera's image, pixels (default: 640x480)",
    )
    add(
        "--input-size",
        nargs="+",
        type=input_size,
        default=[None],
        metavar="HxW",
        help="what the network sees, pixels, multiples of 14 (default: the model's own)",
    )
    add(
        "--precision",
        nargs="+",
        choices=PRECISION_NAMES,
        default=[AUTO],
        help="number format of the network (default: auto, what the hardware is fastest in)",
    )
    add(
        "--backend",
        nargs="+",
        choices=BACKENDS,
        default=["torch"],
        help="who computes (default: torch)",
    )
    add(
        "--heads",
        nargs="+",
        choices=HEADS,
        default=["rewritten"],
        help="for less work, or plain as they were loaded (default: rewritten)",
    )
    add(
        "--cameras",
        nargs="+",
        type=count,
        default=[1],
        metavar="N",
        help="images in one pass (default: 1)",
    )
    add(
        "--subscribers",
        type=whole_number,
        metavar="N",
        help="processes that take every output; 0 publishes nothing (default: 1 with ROS, else 0)",
    )
    add(
        "--series",
        choices=SERIES,
        help="let this grow and everything else stay (default: nothing grows)",
    )
    add = parser.add_argument_group("where and how").add_argument
    add_device(add)
    add("--threads", type=count, metavar="N", help="threads of torch (default: its own choice)")
    add(
        "--picture",
        type=Path,
        metavar="FILE",
        help="what the cameras see (default: a drawn room)",
    )
    add(
        "--rounds",
        type=count,
        default=20,
        metavar="N",
        help="that are measured (default: %(default)s)",
    )
    add(
        "--warm-up",
        type=whole_number,
        default=3,
        metavar="N",
        help="rounds before them (default: %(default)s)",
    )
    add("--keep-freed-memory", action="store_true", help="don't give freed memory to the system")
    add = parser.add_argument_group("against others").add_argument
    add(
        "--against",
        choices=("transformers",),
        help="take turns with the same weights there (default: with nobody)",
    )
    add(
        "--their-precision",
        nargs="+",
        choices=FLOATS,
        help="number format of theirs (default: as ours)",
    )
    add(
        "--compile",
        nargs="?",
        const="default",
        metavar="MODE",
        help="also theirs with torch.compile in this mode (default: not compiled)",
    )
    add = parser.add_argument_group("results").add_argument
    add(
        "--json",
        type=Path,
        metavar="FILE",
        help="append a line for each result (default: nowhere)",
    )
    add(
        "--plot",
        type=Path,
        metavar="PNG",
        help="draw the stages, over an earlier plot (default: nowhere)",
    )


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
