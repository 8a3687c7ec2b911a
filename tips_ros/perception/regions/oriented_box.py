# SPDX-License-Identifier: Apache-2.0
"""The smallest box around a handful of points, whatever shape they have.

Convention:
    * ``p_target = rotation @ p_box + centre``: the columns of a rotation are the box's own axes,
      as seen in the frame that the points are in; metres.
    * Of the 24 ways to name the axes of one and the same box, the one nearest to the axes of the
      frame. In an optical frame size_m is thus about (width, height, depth), and in a frame with
      z up its last number is about the height.
    * Quaternions are (x, y, z, w), as in geometry_msgs.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tips_ros.libraries import OPEN3D

logger = logging.getLogger(__name__)

Float64Array: TypeAlias = NDArray[np.float64]

_FLAT = 1e-3  # of the longest side; thinner than this there is no hull to speak of
_CORNERS = 100  # of the hull that are tried; Open3D's time grows with their square


@dataclass(frozen=True, eq=False)
class OrientedBox:
    """A box in space.

    Attributes:
        centre_m: (3,).
        rotation: (3, 3), its columns the box's axes; right-handed.
        size_m: (3,) along these axes, 0 where the points are flat.
    """

    centre_m: Float64Array
    rotation: Float64Array
    size_m: Float64Array

    @property
    def quaternion_xyzw(self) -> Float64Array:
        """The rotation as a unit quaternion (4,), w not negative."""
        from transforms3d.quaternions import mat2quat

        w, x, y, z = mat2quat(self.rotation)
        return np.array([x, y, z, w])

    def in_frame(self, transform: Float64Array) -> OrientedBox:
        """The same box, its axes named by another frame.

        Args:
            transform: (4, 4) rigid, ``p_target = transform @ (p, 1)``.
        """
        rotation, centre = transform[:3, :3], transform[:3, :3] @ self.centre_m + transform[:3, 3]
        return _align_axes(centre, rotation @ self.rotation, self.size_m)


def oriented_box(points_m: NDArray[Any]) -> OrientedBox:
    """The box of least volume around points, by Open3D; around flat ones, that of least area.

    Some milliseconds for an edgy thing, some 10 for a round one, with a thousand points or two.

    Args:
        points_m: (N, 3), at least one, all finite.

    Raises:
        ValueError: no points, or not of that shape.
    """
    points = _check(points_m)
    axes = _principal_axes(points)
    size = np.ptp(points @ axes, axis=0)
    if size[2] > _FLAT * size[0]:
        box = _smallest_box(points)
        if box is not None:
            return box
    return _smallest_rectangle(points, axes)


def quick_box(points_m: NDArray[Any]) -> OrientedBox:
    """The box of least area as seen along the thinnest of the principal axes; a fifth of a
    millisecond for two thousand points, and seldom a tenth larger than `oriented_box`.

    Args, raises: as of `oriented_box`.
    """
    points = _check(points_m)
    return _smallest_rectangle(points, _principal_axes(points))


def transform_matrix(translation_m: ArrayLike, quaternion_xyzw: ArrayLike) -> Float64Array:
    """A transform as tf tells it, as (4, 4): ``p_target = matrix @ (p, 1)``.

    Raises:
        ValueError: the quaternion is zero or not finite.
    """
    from transforms3d.affines import compose
    from transforms3d.quaternions import quat2mat

    x, y, z, w = quaternion = np.asarray(quaternion_xyzw, np.float64)
    length = float(np.linalg.norm(quaternion))
    if not np.isfinite(length) or length == 0.0:
        raise ValueError(f"{quaternion.tolist()} is no rotation; a quaternion has the length 1")
    return compose(translation_m, quat2mat([w, x, y, z]), np.ones(3))


def _check(points_m: NDArray[Any]) -> Float64Array:
    points = np.asarray(points_m, np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise ValueError(f"a box needs at least one point of three numbers, got {points.shape}")
    return points


def _principal_axes(points: Float64Array) -> Float64Array:
    """(3, 3), columns from the longest direction to the shortest, right-handed."""
    centred = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # rising
    return _right_handed(axes[:, ::-1])


def _smallest_box(points: Float64Array) -> OrientedBox | None:
    """Open3D's; None where it has none to give."""
    o3d = _open3d()
    if o3d is None:
        return None
    cloud = o3d.geometry.PointCloud
    vectors = o3d.utility.Vector3dVector
    try:
        _, corners = cloud(vectors(points)).compute_convex_hull()
        chosen = np.linspace(0, len(corners) - 1, min(len(corners), _CORNERS)).round().astype(int)
        outermost = points[np.asarray(corners)[chosen]]
        box = cloud(vectors(outermost)).get_minimal_oriented_bounding_box()
    except RuntimeError as error:  # of qhull: too few points, or all in one plane
        logger.debug("no hull around %d points: %s", len(points), error)
        return None
    return _box_around(points, _right_handed(np.array(box.R)))


def _smallest_rectangle(points: Float64Array, axes: Float64Array) -> OrientedBox:
    """The smallest rectangle in the plane of the two longest principal axes, and its thickness."""
    in_plane = (points - points.mean(axis=0)) @ axes[:, :2]
    _, _, angle_deg = cv2.minAreaRect(in_plane.astype(np.float32))
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turned = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return _box_around(points, axes @ turned)


def _box_around(points: Float64Array, rotation: Float64Array) -> OrientedBox:
    """The box with these axes that just holds the points."""
    along = points @ rotation
    low, high = along.min(axis=0), along.max(axis=0)
    return _align_axes(rotation @ ((low + high) / 2), rotation, high - low)


def _align_axes(centre: Float64Array, rotation: Float64Array, size: Float64Array) -> OrientedBox:
    renamings = _box_rotations()
    # The traces of rotation @ renaming.
    best = renamings[int(np.argmax(np.einsum("ij,nji->n", rotation, renamings)))]
    return OrientedBox(centre, rotation @ best, np.abs(best.T) @ size)


@lru_cache(maxsize=1)
def _box_rotations() -> Float64Array:
    """The 24 rotations (24, 3, 3) that turn a box onto itself."""
    orders, signs = itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)
    every = (np.eye(3)[:, list(o)] * s for o, s in itertools.product(orders, signs))
    return np.stack([matrix for matrix in every if np.linalg.det(matrix) > 0])


def _right_handed(axes: Float64Array) -> Float64Array:
    return axes * [1.0, 1.0, np.sign(np.linalg.det(axes))]


@lru_cache(maxsize=1)
def _open3d() -> Any:
    try:
        import open3d
    except (ImportError, OSError) as error:
        logger.warning("boxes are not the smallest ones without Open3D (%s): %s", error, OPEN3D.fix)
        return None
    return open3d
