# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer PICTURE …`: depth, normals, classes and answers in words of picture files."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tips_ros.catalogue import real_world_advice
from tips_ros.commands.options.common import (
    add_depth_scale,
    add_input_size,
    add_prediction,
    add_rotation,
    check_input_size,
)
from tips_ros.commands.options.output_checks import check_folder, write_error
from tips_ros.commands.options.prompts import add_prompts, check_prompts, prompted_label_space
from tips_ros.commands.picture.given_picture import View, check_camera, view
from tips_ros.commands.picture.report import UNTRAINED, say_tags, summary, tell
from tips_ros.commands.picture.results import PictureModel, PictureResults
from tips_ros.errors import UserError, explain
from tips_ros.offline.pictures.language_questions import ImageQuestions
from tips_ros.offline.pictures.named_pictures import NamedPicture, find_pictures
from tips_ros.offline.pictures.result_files import NAMES, write_results
from tips_ros.perception.language.prompts import PromptError
from tips_ros.perception.language.text_embedder import TextEmbedder
from tips_ros.perception.loading.load import load_predictor, load_with_text
from tips_ros.perception.predictor import Predictor
from tips_ros.progress import WorkProgress, say

HELP = "write depth, normals and classes of pictures, and clouds where the camera is known"
EXAMPLES = (
    ("infer kitchen.jpg --hfov-deg 63", "everything of one picture, with a metric cloud"),
    (
        'infer photos/ --model tipsv2-b14 --prompts "door, cup" --output results',
        "a folder of pictures, and the classes that you name",
    ),
    (
        "infer raw.png --camera-info camera.yaml --scale 0.5 --overwrite",
        "by a calibration file, at half the size, over earlier results",
    ),
)

DEFAULT_OUTPUT = Path("out", "infer")  # a folder for each picture in it; the demo has another


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add(
        "pictures",
        metavar="PICTURE",
        type=Path,
        nargs="+",
        help="picture files (JPEG, PNG, TIFF, …), or folders of them",
    )
    add_prediction(parser)
    add(
        "--output",
        metavar="DIR",
        type=Path,
        help="folder of the results; with several pictures they have one each in it (default: "
        f"{DEFAULT_OUTPUT} with a folder for each picture)",
    )
    add("--overwrite", action="store_true", help="replace earlier results that are there")
    add_input_size(parser)
    camera = parser.add_mutually_exclusive_group().add_argument
    camera(
        "--camera-info",
        metavar="FILE",
        type=Path,
        help="calibration file, as tools write them; FILE#NAME for one camera of several (default: "
        "no camera is known, so there is no cloud)",
    )
    camera(
        "--hfov-deg",
        metavar="X",
        type=float,
        help="horizontal angle of view of a camera without distortion, degrees (default: unknown)",
    )
    add(
        "--rectified",
        action="store_true",
        help="the picture is rectified: use P of --camera-info (default: K and the distortion)",
    )
    add_depth_scale(parser)
    add_rotation(parser)
    add(
        "--voxel-m",
        metavar="X",
        type=float,
        default=0.0,
        help="thin the cloud to a grid of this many metres (default: 0, every pixel's point)",
    )
    add(
        "--outlier-neighbors",
        metavar="N",
        type=int,
        default=0,
        help="drop points unusually far from their N neighbours; needs Open3D (default: 0, none)",
    )
    add_prompts(parser)
    words = parser.add_argument_group("the whole picture in words").add_argument
    words(
        "--tags",
        metavar='"A, B"',
        help="say how well each text fits the whole picture (default: nothing is asked)",
    )
    words("--embed", action="store_true", help="write the picture's two embeddings")
    words(
        "--text",
        metavar="TEXT",
        help="with --embed: write the embedding of this text too (default: none)",
    )


def run(args: argparse.Namespace) -> int:
    """Looks at the pictures and says what was written; 1 when some of several failed."""
    pictures = find_pictures(args.pictures)
    alone = len(pictures) == 1 and not any(path.is_dir() for path in args.pictures)
    jobs = [_Job(picture, _folder(args.output, picture, alone)) for picture in pictures]
    questions = _questions(args)
    check_prompts(args)
    check_camera(args)
    check_input_size(args.input_size)
    for job in jobs:
        inputs = [picture.path for picture in pictures]
        check_folder(job.folder, NAMES, overwrite=args.overwrite, inputs=inputs)
    if not alone:
        return _run_all(args, jobs, questions)
    picture_view = view(
        jobs[0].picture.path, args
    )  # a mistake in it is told before a model is loaded
    outcome = _model(args, questions, picture_view).run(picture_view, jobs[0].picture.path.name)
    tell(outcome, jobs[0].folder, _write(outcome, jobs[0].folder))
    say_tags(outcome.results.tags, outcome.results.description.temperature)
    return 0


class _Job(NamedTuple):
    picture: NamedPicture
    folder: Path  # of its results


def _folder(output: Path | None, picture: NamedPicture, alone: bool) -> Path:
    if output is None:
        return DEFAULT_OUTPUT / picture.name
    return output if alone else output / picture.name


def _run_all(args: argparse.Namespace, jobs: Sequence[_Job], questions: ImageQuestions) -> int:
    """One after the other; one that can't be used is told and costs no other."""
    model: PictureModel | None = None
    failed: dict[Path, str] = {}
    began = time.monotonic()
    with WorkProgress("pictures", len(jobs), "picture") as progress:
        for picture, folder in jobs:
            try:
                picture_view = view(picture.path, args)
                if model is None:
                    model = _first_model(args, questions, picture_view)
                outcome = model.run(picture_view, picture.path.name)
                _write(outcome, folder)
                say(f"{picture.path} → {folder}: {summary(outcome)}")
                say_tags(outcome.results.tags, outcome.results.description.temperature)
            except _ModelError:
                raise
            except (UserError, ValueError, RuntimeError) as error:
                failed[picture.path] = " ".join(str(error).split())
                print(f"tips_ros: {failed[picture.path]}", file=sys.stderr)
            progress.update()
    done = len(jobs) - len(failed)
    where = args.output or DEFAULT_OUTPUT
    print(f"{done} of {len(jobs)} pictures → {where}, in {time.monotonic() - began:.1f} s")
    if failed:
        print(f"  failed: {', '.join(str(path) for path in failed)}")
    return 1 if failed else 0


class _ModelError(UserError):
    """Not one picture's fault."""


def _first_model(
    args: argparse.Namespace, questions: ImageQuestions, picture_view: View
) -> PictureModel:
    try:
        model = _model(args, questions, picture_view)
    except UserError as error:
        raise _ModelError(str(error)) from error
    description = model.predictor.description
    told = [description.caution, real_world_advice()] if description.caution else []
    for line in told if description.trained else [*told, UNTRAINED]:
        say(line)
    return model


def _model(args: argparse.Namespace, questions: ImageQuestions, picture_view: View) -> PictureModel:
    predictor, embedder = _load(args, questions)
    label_space = prompted_label_space(args, predictor)
    _check_heads(predictor, args, picture_view.lens is not None, questions)
    return PictureModel(predictor, embedder, label_space, questions, args)


def _questions(args: argparse.Namespace) -> ImageQuestions:
    if args.text is not None and not args.embed:
        raise UserError("--text is for the embedding that --embed writes; give --embed too")
    try:
        return ImageQuestions.parse(args.tags, args.embed, args.text)
    except PromptError as error:
        raise UserError(f"--tags: {error}") from error


def _load(
    args: argparse.Namespace, questions: ImageQuestions
) -> tuple[Predictor, TextEmbedder | None]:
    how = {"device": args.device, "precision": args.precision, "input_size": args.input_size}
    how["backend"] = args.backend
    try:
        if questions.need_text:
            return load_with_text(args.model, **how)
        return load_predictor(args.model, **how), None
    except (ValueError, OSError) as error:
        raise UserError(explain(error)) from error


def _check_heads(
    predictor: Predictor, args: argparse.Namespace, lens_known: bool, questions: ImageQuestions
) -> None:
    if not predictor.outputs:
        heads = "tips_*_{depth,normals,segmentation}_dpt.zip"
        if questions == ImageQuestions() and args.prompts is None:
            raise UserError(
                f"model {args.model} has no heads, so there is nothing to write: put its "
                f"{heads} files beside the image encoder, or ask with --prompts, --tags or --embed"
            )
        less = "no depth or normals" if args.prompts else "nothing dense"
        print(f"{less}: model {args.model} has no heads ({heads})")
    if lens_known and "depth" not in predictor.outputs:
        print(f"no points.ply: model {args.model} has no depth head")


def _write(outcome: PictureResults, folder: Path) -> list[tuple[Path, str]]:
    try:
        return list(write_results(outcome.results, folder))
    except OSError as error:
        raise write_error(error, folder) from error
