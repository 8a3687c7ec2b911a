# SPDX-License-Identifier: Apache-2.0
"""Cameras that are mounted on their side or upside down.

Convention: ``rotation_deg`` is how far the camera is turned clockwise about its optical axis, as
seen from behind it, in the direction it looks. Its pictures then lie that far counter-clockwise,
and turned clockwise by ``rotation_deg`` they are upright. An example: 90, the camera lies on its
right side; its top points to the right, the ceiling is at the left of its picture, and the first
column of its picture becomes the top row of the upright one.

The network sees the upright picture. What comes back is turned counter-clockwise again, so that
images, points and normals are in the camera's own optical frame and belong to its CameraInfo; the
frame is not changed, and tf says how the camera sits.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics

MountingRotation: TypeAlias = Literal[0, 90, 180, 270]
ROTATIONS_DEG: tuple[MountingRotation, ...] = get_args(MountingRotation)

_Scalar = TypeVar("_Scalar", bound=np.generic)

_CLOCKWISE = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def mounting_rotation(rotation_deg: float) -> MountingRotation:
    """The turn of a parameter's value; full turns and negative ones are understood.

    Raises:
        ValueError: not a multiple of 90 degrees.
    """
    for mounting in ROTATIONS_DEG:
        if rotation_deg % 360 == mounting:
            return mounting
    raise ValueError(f"a camera's rotation must be 0, 90, 180 or 270 degrees, got {rotation_deg}")


def rotate_upright(image: NDArray[_Scalar], mounting: MountingRotation) -> NDArray[_Scalar]:
    """The camera's picture as the network is to see it.

    Args:
        image: (H, W) or (H, W, C), as the camera delivers it.
        mounting: how the camera is mounted.

    Returns:
        (H, W, ...) or, at 90 and 270, (W, H, ...), C-contiguous; the image itself at 0.
    """
    return _rotate_clockwise(image, mounting)


def rotated_size(size: tuple[int, int], mounting: MountingRotation) -> tuple[int, int]:
    """(H, W) → that of the same picture turned, in either direction."""
    return size[::-1] if mounting in (90, 270) else size


def upright_intrinsics(intrinsics: Intrinsics, mounting: MountingRotation) -> Intrinsics:
    """Rotates the intrinsics with the picture; at 90 and 270 its fx is the camera's fy."""
    k = intrinsics
    from_right, from_bottom = k.width - 1 - k.cx, k.height - 1 - k.cy
    if mounting == 90:
        return Intrinsics(k.fy, k.fx, from_bottom, k.cx, k.height, k.width)
    if mounting == 180:
        return Intrinsics(k.fx, k.fy, from_right, from_bottom, k.width, k.height)
    if mounting == 270:
        return Intrinsics(k.fy, k.fx, k.cy, from_right, k.height, k.width)
    return k


def rotate_back(upright_map: NDArray[_Scalar], mounting: MountingRotation) -> NDArray[_Scalar]:
    """Depth, labels, confidence or colours of the upright picture, as the camera sees them.

    The inverse of `upright`, to the camera's own size. Depth is along z and doesn't change.
    """
    return _rotate_clockwise(upright_map, ROTATIONS_DEG[-ROTATIONS_DEG.index(mounting) % 4])


def rotate_normals_back(
    upright_normals: NDArray[np.float32], mounting: MountingRotation
) -> NDArray[np.float32]:
    """(h, w, 3) normals of the upright picture → (H, W, 3) in the camera's own optical frame."""
    turned = rotate_back(upright_normals, mounting)
    if mounting == 0:
        return turned
    # The camera's x and y axis in the upright frame: at 90 its x points down there, its y left.
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[mounting]
    into_camera = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
    return np.asarray(cv2.transform(turned, into_camera), np.float32)


def _rotate_clockwise(image: NDArray[_Scalar], mounting: MountingRotation) -> NDArray[_Scalar]:
    if mounting == 0:
        return image
    contiguous = np.ascontiguousarray(image)
    if contiguous.dtype == np.bool_:  # OpenCV has no such type
        return cv2.rotate(contiguous.view(np.uint8), _CLOCKWISE[mounting]).view(np.bool_)  # type: ignore
    return np.asarray(cv2.rotate(contiguous, _CLOCKWISE[mounting]), image.dtype)
