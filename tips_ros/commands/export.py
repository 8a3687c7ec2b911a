# SPDX-License-Identifier: Apache-2.0
"""`tips_ros export FOLDER`: a model as files for programs without Python, such as C++ ones."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tips_ros.commands.interruption import terminable
from tips_ros.commands.options.common import add_input_size, check_input_size
from tips_ros.errors import UserError, explain
from tips_ros.libraries import is_here, pip_install
from tips_ros.perception.bundle import write_bundle
from tips_ros.perception.loading.load import DEMO, load_model
from tips_ros.perception.loading.precisions import FLOATS, PRECISIONS
from tips_ros.progress import WorkProgress, say
from tips_ros.whole_file import explain_unwritten

HELP = "write a model as an ONNX graph with all that a program needs around it, for C++ say"

EXAMPLES = (
    ("export build/bundle", "the demo model in fp32, for its own input size"),
    ("export bundle --model tipsv2-b14 --precision fp16 --input-size 336x448", "for TensorRT"),
    ("export my_bundle --model my_model", "a model of your own"),
)

_DELAY_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", type=Path, help="where it goes; not there yet")
    add(
        "--model",
        default=DEMO,
        metavar="NAME|DIR",
        help="a released model by name, or a directory (default: %(default)s)",
    )
    add_input_size(parser)
    add(
        "--precision",
        default="fp32",
        choices=FLOATS,
        help="of the products in the graph; what goes in and comes out is fp32 (default: "
        "%(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Writes the folder whole or not at all, and says what it holds."""
    check_input_size(args.input_size)
    folder: Path = args.folder
    if not is_here("onnxscript"):
        raise UserError(f"a graph is written with onnxscript: {pip_install('onnxscript')}")
    if folder.exists():
        raise UserError(f"{folder} is there already: name a folder that is not")
    try:
        loaded = load_model(args.model)
    except (ValueError, OSError) as error:
        raise UserError(explain(error)) from error
    size = args.input_size or loaded.description.input_size
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half_made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            progress = WorkProgress(f"exporting {args.model} in {args.precision}", delay_s=_DELAY_S)
            with terminable(), progress:
                tried = write_bundle(loaded, size, PRECISIONS[args.precision], half_made)
            half_made.chmod(0o755)
            half_made.rename(folder)
        except BaseException:
            shutil.rmtree(half_made, ignore_errors=True)
            raise
    except OSError as error:
        raise UserError(explain_unwritten(error, folder)) from error
    except ValueError as error:
        raise UserError(explain(error)) from error
    size_mb = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 1e6
    with_what = f"tried with {tried}" if tried else "not tried here: nothing here reads it"
    say(f"{folder}: {size_mb:.0f} MB, {args.model} for {size[0]}x{size[1]}, {with_what}")
    return 0
