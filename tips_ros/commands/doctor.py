# SPDX-License-Identifier: Apache-2.0
"""`tips_ros doctor`: what this machine has, what is missing and what that costs."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tips_ros.doctor.findings import Finding, Section, Status, as_data, as_text, is_broken
from tips_ros.doctor.libraries import libraries
from tips_ros.doctor.machine import machine
from tips_ros.doctor.ros import ros
from tips_ros.errors import UserError
from tips_ros.libraries import NEEDED, is_here

_NOT_TRIED = "not tried"  # how a finding begins that says so

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HELP = "tell what this machine has, what is missing and what that costs; 1 if something is broken"
EXAMPLES = (
    ("doctor", "this machine, and the models that are here"),
    ("doctor --model tipsv2-b14 --hash", "whether a model is whole and can be loaded"),
    ("doctor --json", "the same for a program"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add(
        "--model",
        metavar="NAME|DIR",
        help="load this model, too, as `infer` would (default: the one that comes along)",
    )
    add(
        "--hash",
        action="store_true",
        help="read every file of every model, compare its SHA-256, and load the model (default: "
        "names and shapes alone)",
    )
    add(
        "--oracle-image",
        metavar="FILE",
        type=Path,
        help="COCO val2017 image 39769: compare TIPSv2 B/14 with its published numbers (default: "
        "they are not compared)",
    )
    add("--json", action="store_true", help="for programs (default: text for people)")


def run(args: argparse.Namespace) -> int:
    """Prints everything; 1 when something needs to be mended."""
    package = logging.getLogger("tips_ros")
    level = package.level
    package.setLevel(logging.ERROR)  # the report says it all
    try:
        sections = _examine(args)
    finally:
        package.setLevel(level)
    print(json.dumps(as_data(sections), indent=1) if args.json else _report(sections))
    return int(is_broken(sections))


def _examine(args: argparse.Namespace) -> list[Section]:
    sections = [machine(), libraries()]
    # A machine without them is a patient too: nothing that needs them is imported before.
    able = all(is_here(library.module) for library in NEEDED)
    if able:
        sections += _guard("PyTorch", _compute)
    sections += _guard("ROS", lambda: [ros()])
    if able:
        image = _image(args.oracle_image)
        sections += _guard("Models", lambda: _weights(args, image))
    return sections


def _report(sections: list[Section]) -> str:
    if is_broken(sections):
        end = "Something is broken: see the lines that begin with `!`."
    else:
        untried = [s.title for s in sections for f in s.findings if f.value.startswith(_NOT_TRIED)]
        end = "Nothing is broken; `-` marks what is absent."
        if untried:
            names = ", ".join(title.removeprefix("Model ") for title in untried)
            end = f"Nothing that was looked at is broken. Not loaded, so not looked at: {names}"
    return f"{as_text(sections)}\n\n{end}"


def _compute() -> list[Section]:
    from tips_ros.doctor.compute import compute

    return [compute()]


def _weights(args: argparse.Namespace, image: NDArray[np.uint8] | None) -> list[Section]:
    from tips_ros.doctor.weights import demo, weights

    sections = weights(args.model, image, with_hashes=args.hash)
    return [*sections, demo()] if args.model in (None, "demo") else sections


def _image(path: Path | None) -> NDArray[np.uint8] | None:
    if path is None:
        return None
    from tips_ros.offline.pictures.picture_files import read_picture

    return read_picture(path).upright


def _guard(title: str, look: Callable[[], list[Section]]) -> list[Section]:
    """A library that fails when it is imported must not end the report."""
    try:
        return look()
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        finding = Finding("check", f"failed ({reason})", Status.BROKEN, "install it again")
        return [Section(title, (finding,))]
