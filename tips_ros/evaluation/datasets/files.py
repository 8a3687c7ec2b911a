# SPDX-License-Identifier: Apache-2.0
"""Reads the picture files of a dataset; every complaint names the file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.sample import Sample
from tips_ros.evaluation.truth_size import same_proportions
from tips_ros.perception.images.compressed import decode_picture_file
from tips_ros.perception.images.drawn_picture import is_drawn
from tips_ros.perception.images.orientation import (
    orientation_of,
    rotate_upright_by_tag,
    upright_size,
)

logger = logging.getLogger(__name__)

Value = TypeVar("Value")
PICTURES = (".jpg", ".jpeg", ".png")


def read(path: Path, decode: Callable[[bytes], Value]) -> Value:
    """Reads a file and decodes its bytes by `decode`.

    Raises:
        DatasetError: the file is not there, cannot be read, or `decode` raised a ValueError.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing; complete the data") from None
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error


def read_rgb(path: Path, truth: NDArray[Any] | None = None) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a JPEG or PNG, which way up the truth about it is.

    Annotators of the known datasets saw the pixels as they are stored, Exif orientation ignored;
    many newer tools show them upright. Where only the upright picture has the truth's size it is
    the upright one.

    Args:
        path: the file.
        truth: (H, W, …) what is known of its pixels; None for the picture as it is stored.
    """

    def decode(data: bytes) -> NDArray[np.uint8]:
        stored = decode_picture_file(data)
        if truth is None or truth.shape[:2] == stored.shape[:2]:
            return stored
        orientation = orientation_of(data)
        if upright_size(stored.shape[:2], orientation) != truth.shape[:2]:
            return stored
        _say_turned(path.parent)
        return rotate_upright_by_tag(stored, orientation)

    return read(path, decode)


@lru_cache(maxsize=16)
def _say_turned(folder: Path) -> None:
    """Logs it, once a folder."""
    logger.info("%s: pictures are turned as their Exif tag says, because the truth is", folder)


def pictures_in(folder: Path) -> list[Path]:
    """The JPEG and PNG files of a folder, by name, but our own sheets; empty without the folder."""
    if not folder.is_dir():
        return []
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES and p.is_file())
    return [path for path in found if not is_drawn(path)]


def validate(sample: Sample, where: object, *, any_size: bool = False) -> Sample:
    """The sample itself, once its parts are seen to fit together.

    Args:
        sample: as read.
        where: names the data in the message.
        any_size: the truth may be smaller or larger than the image, with its proportions.

    Raises:
        DatasetError: the truth has another size than the image, or the normals face away.
    """
    size = sample.rgb.shape[:2]
    parts = (("depth", sample.depth_m), ("normals", sample.normals), ("labels", sample.labels))
    for name, truth in parts:
        if truth is None or truth.shape[:2] == size:
            continue
        if not (any_size and same_proportions(truth.shape, size)):
            wanted = "with its proportions" if any_size else "at its size"
            raise DatasetError(
                f"{where}: the {name} are {_size(truth.shape)} but the image is {_size(size)}; "
                f"truth must be registered to the image, {wanted}"
            )
    if sample.normals is not None and _faces_away(sample):
        raise DatasetError(
            f"{where}: the normals face away from the camera; they must be in the optical frame "
            "(x right, y down, z forward), so that a wall ahead has z = -1"
        )
    return sample


def _faces_away(sample: Sample) -> bool:
    """Whether most normals point along the ray that sees them; z alone does not tell.

    A camera that looks down sees a ceiling whose normals have z > 0. Without intrinsics, rays are
    those of a camera as wide as most.
    """
    assert sample.normals is not None
    height, width = sample.normals.shape[:2]
    camera = sample.intrinsics
    slope = camera.width / camera.fx if camera else 1.15  # of the picture's width, in focal lengths
    x = slope * ((np.arange(0, width, 4, dtype=np.float32) + 0.5) / width - 0.5)
    y = slope * (np.arange(0, height, 4, dtype=np.float32) + 0.5 - height / 2) / width
    nx, ny, nz = np.moveaxis(sample.normals[::4, ::4], -1, 0)
    along = nx * x[None, :] + ny * y[:, None] + nz
    along = along[np.isfinite(along)]
    return bool(along.size) and float(np.median(along)) > 0


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
