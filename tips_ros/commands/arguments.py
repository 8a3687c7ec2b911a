# SPDX-License-Identifier: Apache-2.0
"""Arguments that several subcommands have: the model, where it runs, the size of its outputs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from tips_ros.perception.camera.mounting import TURNS
from tips_ros.perception.depth.scale_choice import ScaleChoice
from tips_ros.perception.loading.backends import BACKENDS
from tips_ros.perception.loading.models import DEMO
from tips_ros.perception.loading.precisions import AUTO, PRECISION_NAMES


def add_model(parser: argparse.ArgumentParser) -> None:
    """--model and --device."""
    add = parser.add_argument
    add("--model", default=DEMO, help="name or directory of the model (default: %(default)s)")
    add("--device", default="auto", help="as torch names it (default: %(default)s)")


def add_camera_topics(add: Callable[..., object]) -> None:
    """--image-topic and --camera-info-topic, by the parser's or a group's `add_argument`."""
    add("--image-topic", help="the camera's images, where the bag has several")
    add("--camera-info-topic", help="its CameraInfo, where that is not beside or below the images")


def add_prediction(parser: argparse.ArgumentParser) -> None:
    """What `add_model` adds, --precision, --backend and --scale."""
    add_model(parser)
    add = parser.add_argument
    add_precision(parser)
    add("--backend", default="auto", choices=BACKENDS, help="who computes (default: %(default)s)")
    add("--scale", type=fraction, default=1.0, help="size of the outputs, fraction of the image's")


def add_precision(parser: argparse.ArgumentParser) -> None:
    """--precision."""
    parser.add_argument(
        "--precision",
        default=AUTO,
        choices=PRECISION_NAMES,
        help="(default: %(default)s, what the hardware is fastest in, if the model bears it)",
    )


def add_depth_scale(parser: argparse.ArgumentParser) -> None:
    """--depth-scale."""
    parser.add_argument(
        "--depth-scale",
        metavar="model|focal|X",
        type=depth_scale,
        default=ScaleChoice(),
        help="what brings depth to metres: focal, by the camera's focal length where it is known "
        "(default); model, as the model says it; or a factor",
    )


def add_rotation(parser: argparse.ArgumentParser) -> None:
    """--rotation-deg."""
    parser.add_argument(
        "--rotation-deg",
        type=int,
        choices=TURNS,
        default=0,
        help="the clockwise turn that brings the picture upright; what is written stays as the "
        "camera sees",
    )


def depth_scale(text: str) -> ScaleChoice:
    """Argument type: model, focal, or a factor."""
    try:
        return ScaleChoice.typed(text)
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


def count(text: str) -> int:
    """Argument type: a whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number
