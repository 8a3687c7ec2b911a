# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer IMAGE`: depth, normals and classes of one picture file."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.commands.bag import fraction
from tips_ros.errors import UserError
from tips_ros.perception.calibration_file import intrinsics_at, load_calibration
from tips_ros.perception.camera import Intrinsics, has_distortion
from tips_ros.perception.image_encodings import MalformedImage, decode_compressed
from tips_ros.perception.models import DEMO, PRECISIONS, load_predictor
from tips_ros.perception.point_cloud import Cloud, organised_cloud
from tips_ros.perception.point_cloud_filters import filtered
from tips_ros.perception.predictor import Prediction, Predictor
from tips_ros.result_files import Results, write_results

HELP = "write depth, normals and classes of one picture, and a cloud where the camera is known"

UNTRAINED = "UNTRAINED model: random weights, the outputs mean nothing."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="picture file: JPEG, PNG, TIFF, …")
    add("--model", default=DEMO, help="name or directory of the model (default: %(default)s)")
    add("--output", metavar="DIR", type=Path, default=Path("out"), help="(default: %(default)s)")
    add("--device", default="auto", help="as torch names it (default: %(default)s)")
    add("--precision", default="fp32", choices=PRECISIONS, help="(default: %(default)s)")
    add("--input-size", metavar="HxW", type=input_size, help="what the network sees, pixels")
    add("--scale", type=fraction, default=1.0, help="size of the outputs, fraction of the image's")
    camera = parser.add_mutually_exclusive_group().add_argument
    camera("--camera-info", metavar="YAML", type=Path, help="file of camera_calibration")
    camera("--hfov-deg", metavar="X", type=float, help="horizontal angle of view, degrees")
    add("--rectified", action="store_true", help="the picture is rectified: use the file's P")
    add("--voxel-m", metavar="X", type=float, default=0.0, help="thin the cloud to this grid")
    add(
        "--outlier-neighbors",
        metavar="N",
        type=int,
        default=0,
        help="drop points unusually far from their N neighbours (needs Open3D)",
    )


def run(args: argparse.Namespace) -> int:
    """Looks at the picture and says what was written."""
    rgb = read_picture(args.image)
    intrinsics = _intrinsics(args, rgb)
    try:
        predictor = load_predictor(
            args.model,
            device=args.device,
            precision=args.precision,
            input_size=args.input_size,
        )
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error
    _check_heads(predictor, args, intrinsics)
    prediction = predictor.predict(rgb, scale=args.scale)
    cloud = None
    if intrinsics is not None:
        cloud = _cloud(prediction, intrinsics, rgb, args.voxel_m, args.outlier_neighbors)
    results = Results(args.image.name, rgb, prediction, predictor.description, cloud)
    _write(results, args.output)
    return 0


def input_size(text: str) -> tuple[int, int]:
    """Argument type: HxW in pixels."""
    match = re.fullmatch(r"(\d+)[xX×](\d+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not HxW, as in 448x448")
    return int(match[1]), int(match[2])


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of any picture file that OpenCV reads; UserError otherwise."""
    try:
        return decode_compressed(path.read_bytes(), "")
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; name a picture") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except MalformedImage as error:
        raise UserError(
            f"{path}: not a whole picture that OpenCV reads; convert it to PNG or JPEG"
        ) from error


def _intrinsics(args: argparse.Namespace, rgb: NDArray[np.uint8]) -> Intrinsics | None:
    """Of the picture at its own size; None when the user said nothing of the camera."""
    height, width = rgb.shape[:2]
    if args.rectified and args.camera_info is None:
        raise UserError("--rectified says which matrix of --camera-info to use; give that too")
    try:
        if args.camera_info is not None:
            calibration = load_calibration(args.camera_info)
            if has_distortion(calibration) and not args.rectified:
                print(f"{args.camera_info}: the lens distortion is not undone in the cloud")
            return intrinsics_at(calibration, width, height, args.rectified)
        if args.hfov_deg is not None:
            return Intrinsics.from_hfov(args.hfov_deg, width, height)
    except FileNotFoundError:
        raise UserError(f"{args.camera_info}: there is no such file") from None
    except (ValueError, OSError) as error:
        raise UserError(f"the camera: {error}") from error
    if args.voxel_m or args.outlier_neighbors:
        raise UserError(
            "--voxel-m and --outlier-neighbors act on the cloud, which needs --camera-info "
            "or --hfov-deg"
        )
    return None


def _check_heads(
    predictor: Predictor, args: argparse.Namespace, intrinsics: Intrinsics | None
) -> None:
    if not predictor.outputs:
        raise UserError(
            f"model {args.model} has no heads, so there is nothing to write: put its "
            "tips_*_{depth,normals,segmentation}_dpt.zip files beside the image encoder"
        )
    if intrinsics is not None and "depth" not in predictor.outputs:
        print(f"no points.ply: model {args.model} has no depth head")


def _cloud(
    prediction: Prediction,
    intrinsics: Intrinsics,
    rgb: NDArray[np.uint8],
    voxel_m: float,
    outlier_neighbors: int,
) -> Cloud | None:
    if prediction.depth_m is None:
        return None
    height, width = prediction.depth_m.shape
    if rgb.shape[:2] != (height, width):
        resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        rgb = np.asarray(resized, np.uint8)
    cloud = organised_cloud(
        prediction.depth_m,
        intrinsics.scaled_to(width, height),
        rgb,
        prediction.labels,
        prediction.normals,
    )
    try:
        return filtered(cloud, voxel_m, outlier_neighbors)
    except (ValueError, RuntimeError) as error:
        raise UserError(str(error)) from error


def _write(results: Results, folder: Path) -> None:
    trained = results.description.trained
    size = f"{results.rgb.shape[1]}x{results.rgb.shape[0]}"
    print(f"{results.title} ({size}), model {results.description.name}")
    if not trained:
        print(UNTRAINED)
    try:
        for path, about in write_results(results, folder):
            print(f"  {path}: {about}{'' if trained else ' (untrained)'}")
    except OSError as error:
        raise UserError(
            f"{error.filename or folder}: cannot be written ({error.strerror or error})"
        ) from error
