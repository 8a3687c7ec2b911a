# SPDX-License-Identifier: Apache-2.0
"""Arguments that several subcommands have: the model, where it runs, the size of its outputs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from tips_ros.advice import as_typed
from tips_ros.errors import UserError
from tips_ros.perception.camera.mounting import ROTATIONS_DEG
from tips_ros.perception.depth.scale_choice import ScaleChoice
from tips_ros.perception.loading.backends import BACKENDS
from tips_ros.perception.loading.load import DEMO
from tips_ros.perception.loading.precisions import AUTO, PRECISION_NAMES

_PATCH_PX, _LARGEST_PX = 14, 8400  # as the node's parameters have it


def add_model(parser: argparse.ArgumentParser) -> None:
    """--model and --device."""
    add = parser.add_argument
    listing = as_typed("tips_ros download --list").replace("%", "%%")  # argparse fills its help in
    add(
        "--model",
        default=DEMO,
        metavar="NAME|DIR",
        help=f"a released model by name, as tipsv2-b14 (`{listing}` has them all), "
        "or a directory (default: %(default)s, a small one that knows rendered rooms only)",
    )
    add_device(add)


def add_device(add: Callable[..., object]) -> None:
    """--device, by the parser's or a group's `add_argument`."""
    add(
        "--device",
        default="auto",
        metavar="NAME",
        help="as torch names it: cpu, cuda, cuda:1 (default: %(default)s, the GPU where there is "
        "one)",
    )


def add_camera_topics(add: Callable[..., object]) -> None:
    """--image-topic and --camera-info-topic, by the parser's or a group's `add_argument`."""
    add(
        "--image-topic",
        metavar="TOPIC",
        help="the camera's images, where the bag has several (default: the only ones)",
    )
    add(
        "--camera-info-topic",
        metavar="TOPIC",
        help="its CameraInfo (default: the one beside or below the images)",
    )


def add_prediction(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `add_model`, --precision, --backend and --scale."""
    add_model(parser)
    add = parser.add_argument
    add_precision(parser)
    add(
        "--backend",
        default="auto",
        choices=BACKENDS,
        help="who computes; what says something else than torch is refused (default: %(default)s: "
        "graphs on a GPU, else torch)",
    )
    add(
        "--scale",
        type=fraction,
        default=1.0,
        metavar="X",
        help="size of the outputs as a fraction of the image's, above 0 to 1 (default: "
        "%(default)s)",
    )


def add_precision(parser: argparse.ArgumentParser) -> None:
    """--precision."""
    parser.add_argument(
        "--precision",
        default=AUTO,
        choices=PRECISION_NAMES,
        help="number format of the network; int8 on a CPU alone (default: %(default)s, what the "
        "hardware is fastest in, if the model bears it)",
    )


def add_input_size(parser: argparse.ArgumentParser) -> None:
    """--input-size."""
    parser.add_argument(
        "--input-size",
        metavar="HxW",
        type=input_size,
        help=f"what the network sees, pixels, multiples of {_PATCH_PX} (default: the model's own)",
    )


def check_input_size(size: tuple[int, int] | None) -> None:
    """UserError for a size that no model can see, before one is loaded for it."""
    if size is None or all(
        _PATCH_PX <= side <= _LARGEST_PX and side % _PATCH_PX == 0 for side in size
    ):
        return
    near = "x".join(
        str(min(max(round(side / _PATCH_PX), 1), _LARGEST_PX // _PATCH_PX) * _PATCH_PX)
        for side in size
    )
    raise UserError(
        f"input size {size[0]}x{size[1]}: both must be multiples of {_PATCH_PX}, up to "
        f"{_LARGEST_PX}, such as {near}"
    )


def add_depth_scale(parser: argparse.ArgumentParser) -> None:
    """--depth-scale."""
    parser.add_argument(
        "--depth-scale",
        metavar="model|focal|X",
        type=depth_scale,
        default=ScaleChoice(),
        help="what brings depth to metres: focal, by the camera's focal length where it is known; "
        "model, as the model says it; or a factor (default: focal)",
    )


def add_rotation(parser: argparse.ArgumentParser) -> None:
    """--rotation-deg."""
    parser.add_argument(
        "--rotation-deg",
        type=int,
        choices=ROTATIONS_DEG,
        default=0,
        help="the clockwise turn, degrees, that brings the picture upright; what is written stays "
        "as the camera sees (default: %(default)s)",
    )


def depth_scale(text: str) -> ScaleChoice:
    """Argument type: model, focal, or a factor."""
    try:
        return ScaleChoice.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def fraction(text: str) -> float:
    """Argument type: a number above 0 and at most 1."""
    number = float(text)
    if not 0.0 < number <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and at most 1")
    return number


def input_size(text: str) -> tuple[int, int]:
    """Argument type: HxW in pixels."""
    match = re.fullmatch(r"(\d+)[xX×](\d+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not HxW, as in 448x448")
    return int(match[1]), int(match[2])


def seconds(text: str) -> float:
    """Argument type: seconds, 0 to 10."""
    number = float(text)
    if not 0.0 <= number <= 10.0:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 10 seconds")
    return number


def count(text: str) -> int:
    """Argument type: a whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number
