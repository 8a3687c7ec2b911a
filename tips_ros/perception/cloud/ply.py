# SPDX-License-Identifier: Apache-2.0
"""Clouds as binary PLY files, which Open3D, MeshLab, CloudCompare and Blender read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tips_ros.perception.cloud.point_cloud import Cloud, unpacked_rgb
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


def save_ply(path: str | Path, cloud: Cloud) -> int:
    """Write the valid points; an empty cloud makes a valid file with no vertices.

    Args:
        path: file to write or overwrite.
        cloud: organised or flat, CLOUD_DTYPE; metres, in whatever frame it is in.

    Returns:
        The number of points written.

    Raises:
        OSError: the file cannot be written.
    """
    points = valid_points(cloud)
    vertices = np.empty(points.size, [(name, kind) for name, kind, _ in _VERTEX])
    for name in ("x", "y", "z", "label"):
        vertices[name] = points[name]
    for axis in "xyz":
        vertices[f"n{axis}"] = points[f"normal_{axis}"]
    vertices["red"], vertices["green"], vertices["blue"] = unpacked_rgb(points).T
    properties = "".join(f"property {kind} {name}\n" for name, _, kind in _VERTEX)
    header = (
        f"ply\nformat binary_little_endian 1.0\ncomment metres; written by tips_ros\n"
        f"element vertex {points.size}\n{properties}end_header\n"
    )
    Path(path).write_bytes(header.encode("ascii") + vertices.tobytes())
    return int(points.size)
