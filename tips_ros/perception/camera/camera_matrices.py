# SPDX-License-Identifier: Apache-2.0
"""K, P and R of a CameraInfo: the needed ones are checked, the others filled in where unusable.

A raw image needs K, a rectified one P. Without distortion and rotation the two agree, so that one
stands in for the other where that is all zeros.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import (
    CameraInfoLike,
    UncalibratedCamera,
    has_distortion,
)
from tips_ros.perception.camera.delivered_image import DeliveredImage, resize_map
from tips_ros.perception.camera.plausible_pinhole import check_pinhole, is_binned_already

Float64Array = NDArray[np.float64]
_MOST_PIXELS = 1e9  # of a focal length, a centre or a baseline; what is made of them stays finite
_MOST_OF_A_ROTATION = 1.1  # the largest entry, with what rounding adds


class CameraMatrices(NamedTuple):
    """All three, of the full, unbinned sensor, and usable."""

    k: Float64Array  # (3, 3)
    p: Float64Array  # (3, 4)
    r: Float64Array  # (3, 3)
    has_p: bool  # whether P and R are the CameraInfo's own


def camera_matrices(info: CameraInfoLike, image: DeliveredImage, rectified: bool) -> CameraMatrices:
    """
    Args:
        info: a CameraInfo message of rclpy or rosbags, or a calibration file.
        image: which part of the sensor the driver delivers.
        rectified: P is needed, and K is not; else the other way round.

    Raises:
        UncalibratedCamera: the needed matrix is absent, or can't be this camera's.
    """
    r = _rotation(info.r)
    needed, other = (_rectified_matrix, _raw) if rectified else (_raw, _rectified_matrix)
    try:
        spare = other(info, image, r)
    except UncalibratedCamera:
        spare = None
    try:
        matrix = needed(info, image, r)
    except UncalibratedCamera as error:
        if error.fault == "absent" and _bends_or_turns(info, r):
            raise _without_stand_in(error, rectified) from None
        if spare is None:
            raise
        if error.fault != "absent":
            raise _suggest_other(error, rectified) from None
        matrix = spare
    if spare is None and not rectified:
        r = np.eye(3)  # it leads to P: without the one the other means nothing
    rest = matrix if spare is None else spare
    k, p = (rest, matrix) if rectified else (matrix, rest)
    return CameraMatrices(k[:, :3], p, r, rectified or spare is not None)


def _raw(info: CameraInfoLike, image: DeliveredImage, r: Float64Array) -> Float64Array:
    """(3, 4): K, and zeros."""
    del r
    k = np.hstack([_numbers(info.k, (3, 3), "k"), np.zeros((3, 1))])
    return _check(k, image, np.array([0.0, 0.0, 1.0]), "k")


def _rectified_matrix(info: CameraInfoLike, image: DeliveredImage, r: Float64Array) -> Float64Array:
    """(3, 4): P. Of a stereo pair it may look far aside; the lens still looks into its picture."""
    return _check(_numbers(info.p, (3, 4), "p"), image, r[:, 2], "p")


def _check(
    matrix: Float64Array, image: DeliveredImage, axis: Float64Array, name: str
) -> Float64Array:
    if is_binned_already(matrix, image.sensor, image.binning):
        matrix = resize_map(*image.binning) @ matrix
    check_pinhole(matrix, image.sensor, axis, f"CameraInfo.{name}")
    return matrix


def _numbers(values: Any, shape: tuple[int, int], name: str) -> Float64Array:
    """A matrix of homogeneous scale 1, its unused entries cleared.

    Raises:
        UncalibratedCamera: absent, of another length, or not finite where it counts.
    """
    numbers = np.asarray(values, np.float64).ravel()
    if not numbers.any():
        raise UncalibratedCamera(
            f"CameraInfo.{name} is all zeros: the camera is not calibrated; "
            "give the driver a calibration file or set the field of view by hand",
            "absent",
        )
    if numbers.size != shape[0] * shape[1]:
        raise UncalibratedCamera(
            f"CameraInfo.{name} must hold {shape[0] * shape[1]} numbers, got {numbers.size}; "
            "recalibrate the camera",
            "numbers",
        )
    matrix = numbers.reshape(shape)
    if not np.isfinite([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]]).all():
        raise UncalibratedCamera(
            f"CameraInfo.{name} must hold {numbers.size} finite numbers, got {numbers.tolist()}; "
            "recalibrate the camera",
            "numbers",
        )
    matrix = np.where(np.isfinite(matrix), matrix, 0.0)
    matrix[1, 0], matrix[2, :2] = 0.0, 0.0
    scale = matrix[2, 2] or 1.0
    matrix[2, 2:] = [scale, 0.0][: shape[1] - 2]
    with np.errstate(over="ignore", invalid="ignore"):  # told below
        result: Float64Array = matrix / scale
    if not (np.abs(result) < _MOST_PIXELS).all():
        raise UncalibratedCamera(
            f"CameraInfo.{name} has numbers that no camera has: {numbers.tolist()}; "
            "recalibrate the camera",
            "numbers",
        )
    return result


def _rotation(values: Any) -> Float64Array:
    """R, or none where it is no rotation."""
    numbers = np.asarray(values, np.float64).ravel()
    if numbers.size != 9 or not np.isfinite(numbers).all():
        return np.eye(3)
    r = numbers.reshape(3, 3)
    if np.abs(r).max() > _MOST_OF_A_ROTATION:  # and its square may be no number
        return np.eye(3)
    return r if np.allclose(r @ r.T, np.eye(3), atol=1e-2) else np.eye(3)


def _without_stand_in(error: UncalibratedCamera, rectified: bool) -> UncalibratedCamera:
    if not rectified:
        return error
    return UncalibratedCamera(
        "CameraInfo.p is absent though the lens is distorted or turned by R; recalibrate, or use "
        "the raw image instead of the rectified one",
        error.fault,
    )


def _suggest_other(error: UncalibratedCamera, rectified: bool) -> UncalibratedCamera:
    """The same, with a hint that the matrix of the other kind of image is fine."""
    other, kind = ("k", "raw") if rectified else ("p", "rectified")
    hint = f"CameraInfo.{other} is plausible: if the images are {kind}, say so"
    return UncalibratedCamera(f"{error} ({hint})", error.fault)


def _bends_or_turns(info: CameraInfoLike, r: Float64Array) -> bool:
    return has_distortion(info) or not np.allclose(r, np.eye(3), atol=1e-4)
