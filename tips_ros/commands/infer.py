# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer IMAGE`: depth, normals, classes and answers in words of one picture file."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tips_ros.commands.arguments import add_depth_scale, add_prediction, add_rotation, input_size
from tips_ros.commands.pictures import view
from tips_ros.commands.prompt_arguments import add_prompts, prompted_labelling
from tips_ros.errors import UserError
from tips_ros.offline.language_questions import Answers, Questions, answer
from tips_ros.offline.result_files import Results, write_results
from tips_ros.offline.scale_line import scale_line
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.camera.mounting import Turn, upright_intrinsics
from tips_ros.perception.cloud.cloud_strips import CloudStrips
from tips_ros.perception.cloud.point_cloud import Cloud
from tips_ros.perception.cloud.point_cloud_filters import filtered
from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.metric_depth import in_metres
from tips_ros.perception.language.answers import Tag
from tips_ros.perception.language.prompts import PromptError
from tips_ros.perception.language.text_embedding import TextEmbedder
from tips_ros.perception.loading.models import load_predictor, load_with_text
from tips_ros.perception.predictor import Prediction, Predictor
from tips_ros.perception.preprocess import image_at
from tips_ros.perception.semantic.labelling import Labelling

HELP = "write depth, normals and classes of one picture, and a cloud where the camera is known"

_MANY_POINTS = 8_000_000
_FILTER_BYTES = 140  # a point, measured
UNTRAINED = "UNTRAINED model: random weights, the outputs mean nothing."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="picture file: JPEG, PNG, TIFF, …")
    add_prediction(parser)
    add("--output", metavar="DIR", type=Path, default=Path("out"), help="(default: %(default)s)")
    add("--input-size", metavar="HxW", type=input_size, help="what the network sees, pixels")
    camera = parser.add_mutually_exclusive_group().add_argument
    camera(
        "--camera-info",
        metavar="FILE",
        type=Path,
        help="calibration file, as tools write them; FILE#NAME for one camera of several",
    )
    camera("--hfov-deg", metavar="X", type=float, help="horizontal angle of view, degrees")
    add("--rectified", action="store_true", help="the picture is rectified: use the file's P")
    add_depth_scale(parser)
    add_rotation(parser)
    add("--voxel-m", metavar="X", type=float, default=0.0, help="thin the cloud to this grid")
    add(
        "--outlier-neighbors",
        metavar="N",
        type=int,
        default=0,
        help="drop points unusually far from their N neighbours (needs Open3D)",
    )
    add_prompts(parser)
    words = parser.add_argument_group("the whole picture in words").add_argument
    words("--tags", metavar='"A, B"', help="say how well each text fits the whole picture")
    words("--embed", action="store_true", help="write the picture's two embeddings")
    words("--text", metavar="TEXT", help="with --embed: write the embedding of this text too")


def run(args: argparse.Namespace) -> int:
    """Looks at the picture and says what was written."""
    rgb, turn, lens = view(args)
    questions = _questions(args)
    predictor, embedder = _load(args, questions)
    labelling = prompted_labelling(args, predictor)
    _check_heads(predictor, args, lens, questions)
    prediction, answers = _look(predictor, embedder, rgb, args.scale, labelling, questions, turn)
    upright = lens and upright_intrinsics(lens.intrinsics, turn)
    scale = args.depth_scale.scale(upright, predictor.description.focal_ratio)
    if prediction.depth_m is not None:
        depth_m = in_metres(prediction.depth_m, scale, predictor.description.max_depth_m)
        prediction = prediction._replace(depth_m=depth_m)
    cloud: Cloud | CloudStrips | None = None
    if lens is not None:
        cloud = _cloud(prediction, lens, rgb, args)
    results = Results(
        args.image.name,
        rgb,
        prediction,
        predictor.description,
        cloud,
        prompted=labelling,
        tags=answers.tags,
        embeddings=answers.embeddings,
    )
    _write(results, scale, args.output)
    _say_tags(answers.tags, predictor.description.temperature)
    return 0


def _questions(args: argparse.Namespace) -> Questions:
    if args.text is not None and not args.embed:
        raise UserError("--text is for the embedding that --embed writes; give --embed too")
    try:
        return Questions.typed(args.tags, args.embed, args.text)
    except PromptError as error:
        raise UserError(str(error)) from error


def _load(args: argparse.Namespace, questions: Questions) -> tuple[Predictor, TextEmbedder | None]:
    how = {"device": args.device, "precision": args.precision, "input_size": args.input_size}
    how["backend"] = args.backend
    try:
        if questions.need_text:
            return load_with_text(args.model, **how)
        return load_predictor(args.model, **how), None
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error


def _look(
    predictor: Predictor,
    embedder: TextEmbedder | None,
    rgb: NDArray[np.uint8],
    scale: float,
    prompted: Labelling | None,
    questions: Questions,
    turn: Turn,
) -> tuple[Prediction, Answers]:
    """One backbone pass for the heads, the prompts and the questions."""
    labelling = prompted or predictor.own_labelling
    outputs = predictor.outputs_with(labelling)
    labellings = [labelling] if "semantic" in outputs else []
    seen = predictor.see(rgb, outputs, scale, labellings, turn)
    prediction = predictor.prediction(seen, *labellings)
    if prediction.labels is not None and prediction.confidence is None:
        print("no confidence.npy: the model tells no temperature; model.yaml can")
    try:
        return prediction, answer(
            questions, seen.features, embedder, predictor.description.temperature
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def _check_heads(
    predictor: Predictor,
    args: argparse.Namespace,
    lens: Lens | None,
    questions: Questions,
) -> None:
    if not predictor.outputs:
        heads = "tips_*_{depth,normals,segmentation}_dpt.zip"
        if questions == Questions() and args.prompts is None:
            raise UserError(
                f"model {args.model} has no heads, so there is nothing to write: put its "
                f"{heads} files beside the image encoder, or ask with --prompts, --tags or --embed"
            )
        less = "no depth or normals" if args.prompts else "nothing dense"
        print(f"{less}: model {args.model} has no heads ({heads})")
    if lens is not None and "depth" not in predictor.outputs:
        print(f"no points.ply: model {args.model} has no depth head")


def _cloud(
    prediction: Prediction, lens: Lens, rgb: NDArray[np.uint8], args: argparse.Namespace
) -> Cloud | CloudStrips | None:
    if prediction.depth_m is None:
        return None
    height, width = prediction.depth_m.shape
    strips = CloudStrips(
        prediction.depth_m,
        lens.scaled_to(width, height),
        image_at(rgb, (height, width)),
        prediction.labels,
        prediction.normals,
    )
    if not (args.voxel_m or args.outlier_neighbors):
        return strips
    if width * height > _MANY_POINTS:
        print(
            f"filtering a cloud of {width * height:,} points takes "
            f"{width * height * _FILTER_BYTES / 1e9:.0f} GB or more and minutes; "
            "--scale 0.5 makes it a quarter"
        )
    try:
        return filtered(strips.whole(), args.voxel_m, args.outlier_neighbors)
    except (ValueError, RuntimeError) as error:
        raise UserError(str(error)) from error


def _write(results: Results, scale: DepthScale, folder: Path) -> None:
    trained = results.description.trained
    size = f"{results.rgb.shape[1]}x{results.rgb.shape[0]}"
    print(f"{results.title} ({size}), model {results.description.name}")
    if not trained:
        print(UNTRAINED)
    if results.prediction.depth_m is not None:
        missing = scale.note and "; give --hfov-deg or --camera-info to make it metric"
        print(f"  {scale_line(scale)}{missing}")
    try:
        for path, about in write_results(results, folder):
            print(f"  {path}: {about}{'' if trained else ' (untrained)'}")
    except OSError as error:
        raise UserError(
            f"{error.filename or folder}: cannot be written ({error.strerror or error})"
        ) from error


def _say_tags(tags: tuple[Tag, ...], temperature: float | None) -> None:
    if not tags:
        return
    if temperature is None:
        print("tags by cosine; no probabilities: the model tells no temperature; model.yaml can")
    else:
        print(f"tags by probability among these (temperature {temperature:.4g}):")
    width = max(len(tag.text) for tag in tags)
    for tag in tags:
        share = "" if tag.probability is None else f"{tag.probability:8.2%}"
        print(f"  {tag.text:<{width}}{share}  cosine {tag.cosine:+.4f}")
