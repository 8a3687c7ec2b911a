# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag IN OUT`: a whole bag through the model, without a ROS graph."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tips_ros.bags import BagReader, BagWriter, check_place, find_camera
from tips_ros.commands.interruption import terminable
from tips_ros.commands.options.common import (
    add_camera_topics,
    add_depth_scale,
    add_prediction,
    add_rotation,
    count,
    seconds,
)
from tips_ros.commands.options.output_checks import check_file, check_writable
from tips_ros.commands.options.prompts import add_prompts, check_prompts, prompted_label_space
from tips_ros.errors import UserError, explain
from tips_ros.messages.frame_result import OutputOptions
from tips_ros.messages.outputs import DEFAULT_TOPICS, TOPICS, OutputTopic
from tips_ros.offline.bag_annotation import Annotation, BagAnnotator
from tips_ros.offline.bag_level import BagLevel, check_imu_topic
from tips_ros.offline.bag_memory import BagMemory
from tips_ros.offline.bag_sensor import BagSensor, check_sensor_topic
from tips_ros.offline.scale_line import scale_line
from tips_ros.perception.image_request import Output
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.memory.identity import ModelIdentity, identity_of
from tips_ros.perception.memory.memory_file import save
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.temporal.steady_depth import MODES
from tips_ros.perception.temporal.stream import Holding
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.progress import WorkProgress

HELP = "write a bag with depth, normals, mask and cloud beside the original topics"
EXAMPLES = (
    ("bag drive seen", "a whole bag by the model that comes along"),
    (
        "bag drive.mcap seen.mcap --model tipsv2-b14 --batch 4 --topics depth/image,points",
        "one file into another, depth and cloud alone",
    ),
    (
        "bag drive seen --memory room.npz",
        "what the bag shows, remembered with its place, for `find`",
    ),
    (
        'bag drive seen --prompts "door, person" --image-topic /front/image_raw --overwrite',
        "one camera of several, its pixels by words, over an earlier result",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    usual, every = (", ".join(t.name for t in of) for of in (DEFAULT_TOPICS, TOPICS))
    add = parser.add_argument
    add("input", metavar="IN", type=Path, help="bag to read: a folder, or an .mcap or .db3 file")
    add("output", metavar="OUT", type=Path, help="bag to write: a folder, or a file OUT.mcap")
    add_prediction(parser)
    add_depth_scale(parser)
    add(
        "--sensor-topic",
        metavar="TOPIC",
        help="measure the scale by a sensor, as the node's depth.scale_source sensor: registered "
        "depth images, points or a 2-D LiDAR's scans; --depth-scale until some can be used "
        "(default: none)",
    )
    add(
        "--sensor-max-dt",
        type=seconds,
        default=0.05,
        metavar="S",
        help="the most that the stamps of an image and of the sensor may differ, seconds "
        "(default: %(default)s)",
    )
    add_rotation(parser)
    add(
        "--imu-topic",
        default="",
        metavar="TOPIC",
        help="sensor_msgs/Imu that tells the floor where up is, as the node's imu (default: none)",
    )
    add(
        "--base-frame",
        default="",
        metavar="FRAME",
        help="frame of tf whose z is up, as the node's ground.base_frame (default: none)",
    )
    add_prompts(parser)
    add_camera_topics(add)
    add("--topics", metavar="A,B", help=f"outputs to write, of {every} (default: {usual})")
    add(
        "--namespace",
        default="/tips",
        metavar="/NAME",
        type=namespace,
        help="before the outputs' names (default: %(default)s)",
    )
    add(
        "--rectified",
        action="store_true",
        help="images are rectified: use P of CameraInfo (default: K and the distortion)",
    )
    add(
        "--batch",
        type=count,
        default=1,
        metavar="N",
        help="images in one pass of the network (default: %(default)s)",
    )
    add(
        "--temporal",
        default="off",
        choices=MODES,
        help="hold depth still from frame to frame, as the node's temporal.mode (default: "
        "%(default)s)",
    )
    add("--temporal-labels", action="store_true", help="hold class labels still, too")
    add(
        "--temporal-frame",
        default="odom",
        metavar="FRAME",
        help="of tf, in which the camera moves smoothly (default: %(default)s)",
    )
    add("--pack", action="store_true", help="compress OUT with zstd, which ROS and Foxglove read")
    add(
        "--memory",
        metavar="FILE",
        type=Path,
        help="write a memory of the things that the bag shows, which `find` asks; the bag must "
        "tell on /tf where the camera was (default: none)",
    )
    add(
        "--memory-frame",
        default="map",
        metavar="FRAME",
        help="of tf, that places are told in, where the bag knows it; else that of "
        "--temporal-frame (default: %(default)s)",
    )
    add("--overwrite", action="store_true", help="replace OUT, and FILE, if they are there")


def run(args: argparse.Namespace) -> int:
    """Annotates the bag and says what was written."""
    keep_freed_memory()
    wanted = _parse_outputs(args.topics)
    check_prompts(args)
    try:
        _check_output(args)
        with BagReader(args.input) as reader:
            camera = find_camera(reader, args.image_topic, camera_info_topic=args.camera_info_topic)
            images = reader.topics[camera.image].count
            _check_names(args, reader, wanted or DEFAULT_TOPICS)
            if args.sensor_topic is not None:
                check_sensor_topic(reader, args.sensor_topic)
            if args.imu_topic:
                check_imu_topic(reader, args.imu_topic)
            predictor = load_predictor(
                args.model, device=args.device, precision=args.precision, backend=args.backend
            )
            label_space = prompted_label_space(args, predictor) or predictor.model_label_space
            sensor = None
            if args.sensor_topic is not None:
                max_m = predictor.description.max_depth_m
                sensor = BagSensor(reader, args.sensor_topic, max_m, args.sensor_max_dt)
            level = None
            if args.imu_topic or args.base_frame:
                level = BagLevel(reader, args.imu_topic, args.base_frame)
            annotator = BagAnnotator(
                predictor,
                _select_outputs(wanted, predictor.outputs_with(label_space)),
                label_space,
                namespace=args.namespace,
                options=OutputOptions(scale=args.scale, rectified=args.rectified),
                scale=args.depth_scale,
                sensor=sensor,
                mounting=args.rotation_deg,
                holding=Holding(args.temporal, args.temporal_labels),
                holding_frame=args.temporal_frame,
                batch=args.batch,
                level=level,
                memory=None if args.memory is None else BagMemory(args.memory_frame),
            )
            with (
                terminable(),  # whatever ends us, nothing half-written stays
                BagWriter(
                    args.output,
                    overwrite=args.overwrite,
                    typestore=reader.copy_typestore,
                    pack=args.pack,
                    results_of="bag",
                ) as writer,
                WorkProgress(args.input.name, images, "image") as progress,
            ):
                result = annotator.annotate(reader, camera, writer, progress=progress.update)
            if annotator.memory is not None:
                save(args.memory, annotator.memory.memory, _identity(predictor))
    except (ValueError, OSError) as error:  # a BagError, too
        raise UserError(explain(error)) from error
    _report(result, predictor, camera.image, args.output)
    if annotator.memory is not None:
        _report_memory(annotator.memory, args)
    if sensor is not None:
        counted = ", ".join(f"{count} {outcome}" for outcome, count in sensor.counts.items())
        print(f"  {args.sensor_topic}: {counted}")
    return 0 if result.annotated else 1


def namespace(text: str) -> str:
    """Argument type: a namespace of ROS, as `/tips` or `/robot1/tips`; `/` alone is none."""
    if text != "/" and not re.fullmatch(r"(/[A-Za-z_][A-Za-z0-9_]*)+/?", text):
        raise argparse.ArgumentTypeError(
            f"{text!r}: ROS takes / and then letters, digits and _, no part beginning with a "
            "digit, as in /tips or /robot1/tips"
        )
    return text.rstrip("/")


def _check_output(args: argparse.Namespace) -> None:
    source, target = args.input.resolve(), args.output.resolve()
    if target == source or target in source.parents:
        raise UserError(f"{args.output} is, or holds, the bag that is read; choose another OUT")
    if source.is_dir() and source in target.parents:
        raise UserError(f"{args.output} lies in the bag that is read; choose another OUT")
    if args.memory is not None:
        check_file(args.memory, "--memory", overwrite=args.overwrite, inputs=[args.input])
    check_place(args.output, overwrite=args.overwrite)
    check_writable(args.output.parent)


def _check_names(
    args: argparse.Namespace, reader: BagReader, topics: Iterable[OutputTopic]
) -> None:
    names = [f"{args.namespace}/{topic.name}" for topic in topics]
    names.append(f"{args.namespace}/semantic/classes")
    if there := [name for name in names if name in reader.topics]:
        raise UserError(
            f"{args.input} has {there[0]} already; give another --namespace, such as "
            f"{args.namespace}_again"
        )


def _parse_outputs(names: str | None) -> list[OutputTopic] | None:
    """The outputs that were named, each once; None where none was."""
    if names is None:
        return None
    by_name = {topic.name: topic for topic in TOPICS}
    typed = [name.strip().removeprefix("~/") for name in names.split(",") if name.strip()]
    if not typed or (unknown := [name for name in typed if name not in by_name]):
        raise UserError(
            f"--topics {names}: no such output: {', '.join(unknown) if typed else '(empty)'}; "
            f"there are {', '.join(by_name)}"
        )
    return [by_name[name] for name in dict.fromkeys(typed)]


def _select_outputs(
    wanted: list[OutputTopic] | None, outputs: Collection[Output]
) -> list[OutputTopic]:
    possible = [topic for topic in TOPICS if topic.needs <= set(outputs)]
    if wanted is None:
        return [topic for topic in possible if topic.by_default]
    if beyond := [topic.name for topic in wanted if topic not in possible]:
        raise UserError(
            f"--topics: no such output: {', '.join(beyond)}; this model has "
            f"{', '.join(topic.name for topic in possible)}"
        )
    return wanted


def _identity(predictor: Predictor) -> ModelIdentity:
    return identity_of(predictor.model, predictor.description.name)


def _report_memory(built: BagMemory, args: argparse.Namespace) -> None:
    things = built.memory.things
    if built.memory.frame_id:
        where = f" in {built.memory.frame_id}, of {built.key_frames} key frames"
    else:
        where = (
            f": the bag's /tf does not tell where the camera was in {args.memory_frame} or "
            f"{args.temporal_frame}; name its frame with --memory-frame"
        )
    print(f"  {args.memory}: {len(things)} things{where}")
    if built.memory.frame_id and built.without_pose:
        print(f"  {built.without_pose} × no pose of the camera")


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
