# SPDX-License-Identifier: Apache-2.0
"""A picture that `tips_ros infer` is given: which way up it is, and the camera it is from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.errors import UserError, explain
from tips_ros.libraries import OPEN3D, is_here
from tips_ros.offline.pictures.picture_files import read_picture
from tips_ros.perception.calibration.calibration_file import lens_at, load_calibration
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.camera.mounting import MountingRotation
from tips_ros.perception.images.orientation import AS_STORED, TURNS, upright_size
from tips_ros.progress import say

# Of those that are turned and not mirrored: the turn of a camera that is mounted like that.
_TURN_OF: dict[int, MountingRotation] = {3: 180, 6: 90, 8: 270}


class View(NamedTuple):
    """A picture as the outputs are to be."""

    rgb: NDArray[np.uint8]  # (H, W, 3)
    mounting: MountingRotation  # by which the network is to see it turned
    lens: Lens | None  # at its own size; None when the user said nothing of the camera


def check_camera(args: argparse.Namespace) -> None:
    """Looks at what is said of the camera before any picture is read; UserError if it can't be."""
    if args.rectified and args.camera_info is None:
        raise UserError("--rectified says which matrix of --camera-info to use; give that too")
    if args.hfov_deg is not None:
        try:
            Intrinsics.from_hfov(args.hfov_deg, 640, 480)
        except ValueError as error:
            raise UserError(f"the camera: {error}") from error
    if args.voxel_m < 0 or args.outlier_neighbors < 0:
        raise UserError("--voxel-m and --outlier-neighbors must not be negative")
    if args.outlier_neighbors and not is_here(OPEN3D.module):
        raise UserError(f"--outlier-neighbors needs Open3D; {OPEN3D.fix}, or leave it out")
    if (
        args.hfov_deg is None
        and args.camera_info is None
        and (args.voxel_m or args.outlier_neighbors)
    ):
        raise UserError(
            "--voxel-m and --outlier-neighbors act on the cloud, which needs --camera-info "
            "or --hfov-deg"
        )


def view(path: Path, args: argparse.Namespace) -> View:
    """Reads a picture and turns it upright, unless the user says otherwise; prints which.

    A calibration that fits the picture only as it is stored is the sensor's own: then the outputs
    stay as stored, and the network alone sees it turned.

    Args:
        path: of the file.
        args: rotation_deg, camera_info, hfov_deg, rectified.

    Raises:
        UserError: a picture or a calibration that can't be used.
    """
    name, file = path.name, read_picture(path)
    stored, tag = file.stored, file.orientation
    if tag == AS_STORED:
        return View(stored, args.rotation_deg, _lens(args, stored.shape[:2]))
    if args.rotation_deg:
        say(f"{name}: as it is stored, for --rotation-deg; its Exif orientation {tag} is ignored")
        return View(stored, args.rotation_deg, _lens(args, stored.shape[:2]))
    try:
        lens = _lens(args, upright_size(stored.shape[:2], tag))
    except UserError:
        mounting = _TURN_OF.get(tag)
        if args.camera_info is None or mounting is None:
            raise
        lens = _lens(args, stored.shape[:2])
        say(
            f"{name}: seen {TURNS[tag]}, as its Exif orientation {tag} says; the calibration is "
            "of the picture as stored, so the outputs are, too"
        )
        return View(stored, mounting, lens)
    say(
        f"{name}: {TURNS[tag]}, as its Exif orientation {tag} says; "
        "the outputs are of the upright picture"
    )
    return View(file.upright, 0, lens)


def _lens(args: argparse.Namespace, size: tuple[int, ...]) -> Lens | None:
    """Lens of the picture at its own size (H, W); None where the user gave no camera."""
    height, width = size
    try:
        if args.camera_info is not None:
            calibration = load_calibration(args.camera_info, (width, height))
            return lens_at(calibration, width, height, args.rectified)
        if args.hfov_deg is not None:
            return Lens(Intrinsics.from_hfov(args.hfov_deg, width, height))
    except (ValueError, OSError) as error:
        raise UserError(f"the camera: {explain(error)}") from error
    return None
