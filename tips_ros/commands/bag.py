# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag IN OUT`: a whole bag through the model, without a ROS graph."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from tips_ros.bags import BagError, BagReader, BagWriter, find_camera
from tips_ros.commands.arguments import (
    add_camera_topics,
    add_depth_scale,
    add_prediction,
    add_rotation,
    count,
)
from tips_ros.commands.prompt_arguments import add_prompts, prompted_labelling
from tips_ros.errors import UserError
from tips_ros.freed_memory import keep_freed_memory
from tips_ros.offline.bag_annotation import Annotation, BagAnnotator
from tips_ros.offline.scale_line import scale_line
from tips_ros.perception.loading.models import load_predictor
from tips_ros.perception.predictor import Output, Predictor
from tips_ros.ros.frame import OutputOptions
from tips_ros.ros.outputs import DEFAULT_TOPICS, TOPICS, OutputTopic

HELP = "write a bag with depth, normals, mask and cloud beside the original topics"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    usual, every = (", ".join(t.name for t in of) for of in (DEFAULT_TOPICS, TOPICS))
    add = parser.add_argument
    add("input", metavar="IN", type=Path, help="bag to read: a folder, or an .mcap or .db3 file")
    add("output", metavar="OUT", type=Path, help="bag to write: a folder that is not there yet")
    add_prediction(parser)
    add_depth_scale(parser)
    add_rotation(parser)
    add_prompts(parser)
    add_camera_topics(add)
    add("--topics", metavar="A,B", help=f"outputs to write, of {every} (default: {usual})")
    add("--namespace", default="/tips", help="before the outputs' names (default: %(default)s)")
    add("--rectified", action="store_true", help="images are rectified: use P of CameraInfo")
    add("--batch", type=count, default=1, help="images in one pass (default: %(default)s)")
    add("--overwrite", action="store_true", help="replace OUT if it is a bag")


def run(args: argparse.Namespace) -> int:
    """Annotates the bag and says what was written."""
    keep_freed_memory()
    try:
        predictor = load_predictor(
            args.model, device=args.device, precision=args.precision, backend=args.backend
        )
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error
    labelling = prompted_labelling(args, predictor) or predictor.own_labelling
    topics = _chosen(args.topics, predictor.outputs_with(labelling))
    try:
        with BagReader(args.input) as reader:
            camera = find_camera(
                reader, args.image_topic, camera_info_topic=args.camera_info_topic
            )
            annotator = BagAnnotator(
                predictor,
                topics,
                labelling,
                namespace=args.namespace.rstrip("/"),
                options=OutputOptions(scale=args.scale, rectified=args.rectified),
                scale=args.depth_scale,
                turn=args.rotation_deg,
                batch=args.batch,
            )
            with (
                BagWriter(
                    args.output, overwrite=args.overwrite, typestore=reader.copy_typestore
                ) as writer,
                logging_redirect_tqdm(),
                tqdm(total=reader.message_count, unit="msg", desc=args.input.name) as bar,
            ):
                result = annotator.annotate(reader, camera, writer, progress=bar.update)
    except (BagError, OSError) as error:
        raise UserError(str(error)) from error
    _report(result, predictor, camera.image, args.output)
    return 0 if result.annotated else 1


def _chosen(names: str | None, outputs: Collection[Output]) -> list[OutputTopic]:
    possible = [topic for topic in TOPICS if topic.needs <= set(outputs)]
    if names is None:
        return [topic for topic in possible if topic.by_default]
    by_name = {topic.name: topic for topic in possible}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted or (unknown := [name for name in wanted if name not in by_name]):
        raise UserError(
            f"--topics {names}: no such output: {', '.join(unknown) if wanted else '(empty)'}; "
            f"this model has {', '.join(by_name)}"
        )
    return [by_name[name] for name in dict.fromkeys(wanted)]


def _report(result: Annotation, predictor: Predictor, image_topic: str, output: Path) -> None:
    print(f"{result.annotated} of {result.images} images on {image_topic} → {output}")
    for name, written in result.written.items():
        print(f"  {name:<20} {written:>6}")
    if result.scale is not None:
        print(f"  {scale_line(result.scale.scale)}")
    for problem, times in result.problems.items():
        print(f"  {times} × {problem}")
    if not predictor.description.trained:
        print("  The model is UNTRAINED: random weights, the outputs mean nothing.")
