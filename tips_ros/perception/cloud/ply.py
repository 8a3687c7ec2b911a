# SPDX-License-Identifier: Apache-2.0
"""Clouds as binary PLY files, which Open3D, MeshLab, CloudCompare and Blender read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import Cloud, unpack_rgb
from tips_ros.perception.cloud.point_cloud_filters import valid_points

# Written here rather than by Open3D, which refuses empty clouds and unsigned labels, and which a
# robot need not have installed.
_VERTEX = (
    ("x", "<f4", "float"),
    ("y", "<f4", "float"),
    ("z", "<f4", "float"),
    ("nx", "<f4", "float"),
    ("ny", "<f4", "float"),
    ("nz", "<f4", "float"),
    ("red", "u1", "uchar"),
    ("green", "u1", "uchar"),
    ("blue", "u1", "uchar"),
    ("label", "<i4", "int"),
)


_COUNT_DIGITS = 20  # room for the largest count, which is known at the end only


def save_ply(path: str | Path, cloud: Cloud | Iterable[Cloud]) -> int:
    """Write the valid points; an empty cloud makes a valid file with no vertices.

    Args:
        path: file to write or overwrite.
        cloud: organised or flat, CLOUD_DTYPE; metres, in whatever frame it is in. Or such clouds
            one after the other, which become one file; only one of them is in memory.

    Returns:
        The number of points written.

    Raises:
        OSError: the file cannot be written.
    """
    count = 0
    with open(path, "wb") as file:
        file.write(_header(0))
        for part in [cloud] if isinstance(cloud, np.ndarray) else cloud:
            vertices = _vertices(valid_points(part))
            file.write(vertices.tobytes())
            count += vertices.size
        file.seek(0)
        file.write(_header(count))
    return count


def _header(count: int) -> bytes:
    """Writes the header, equally long for any count."""
    properties = "".join(f"property {kind} {name}\n" for name, _, kind in _VERTEX)
    room = " " * (_COUNT_DIGITS - len(str(count)))
    return (
        f"ply\nformat binary_little_endian 1.0\ncomment metres; written by tips_ros{room}\n"
        f"element vertex {count}\n{properties}end_header\n"
    ).encode("ascii")


def _vertices(points: Cloud) -> NDArray[np.void]:
    vertices = np.empty(points.size, [(name, kind) for name, kind, _ in _VERTEX])
    for name in ("x", "y", "z", "label"):
        vertices[name] = points[name]
    for axis in "xyz":
        vertices[f"n{axis}"] = points[f"normal_{axis}"]
    vertices["red"], vertices["green"], vertices["blue"] = unpack_rgb(points).T
    return vertices
