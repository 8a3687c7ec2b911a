# SPDX-License-Identifier: Apache-2.0
"""The place of a camera as a person measured it: three metres and three angles.

Convention, that of URDF and of tf's static transforms:
    * ``xyz`` is the origin of the camera's optical frame in the target frame, metres.
    * ``rpy`` turns about the *fixed* axes of the target frame, first by roll about x, then by pitch
      about y, then by yaw about z: ``R = Rz(yaw) @ Ry(pitch) @ Rx(roll)``, radians.
    * The optical frame (REP 103) looks along its z, with x to the right and y down. So a camera
      that looks along the x of a frame whose z is up has the rpy (-pi/2, 0, -pi/2), not zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.libraries import pip_install

Float64Array: TypeAlias = NDArray[np.float64]


def check_triple(numbers: Sequence[float]) -> None:
    """ValueError unless these are three finite numbers, or none."""
    if len(numbers) not in (0, 3) or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"three finite numbers, as in [0.1, 0.0, 0.3], or none; got {[*numbers]}")


def extrinsic_matrix(xyz_m: Sequence[float], rpy_rad: Sequence[float]) -> Float64Array:
    """(4, 4) rigid: ``p_target = matrix @ (p_optical, 1)``.

    Raises:
        ValueError: not three finite numbers each, or transforms3d is not installed.
    """
    for numbers in (xyz_m, rpy_rad):
        check_triple(numbers)
        if not len(numbers):
            raise ValueError("a place takes xyz and rpy, three numbers each")
    matrix = np.eye(4)
    matrix[:3, :3] = _euler().euler2mat(*rpy_rad, axes="sxyz")
    matrix[:3, 3] = xyz_m
    return matrix


def _euler() -> Any:
    try:
        from transforms3d import euler
    except ImportError as error:
        raise ValueError(
            f"roll, pitch and yaw take transforms3d ({error}); run: {pip_install('transforms3d')}"
        ) from error
    return euler
