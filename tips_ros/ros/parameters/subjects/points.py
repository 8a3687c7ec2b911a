# SPDX-License-Identifier: Apache-2.0
"""The parameters of clouds: the points that stay, and the cloud that is filtered and moved."""

from __future__ import annotations

from tips_ros.perception.camera.extrinsics import check_triple
from tips_ros.perception.cloud.roi import check_roi
from tips_ros.ros.parameters.declaration import UNBOUNDED, ParameterSpec

POINT_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "points.stride", 1, "at once", "px", "Keep every n-th row and column.", low=1, high=64
    ),
    ParameterSpec(
        "points.min_range_m",
        0.0,
        "at once",
        "m",
        "Points nearer than this along z become NaN.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "points.max_range_m",
        0.0,
        "at once",
        "m",
        "Points farther than this along z become NaN; 0 is no limit.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "points.edge_jump",
        0.0,
        "at once",
        "",
        "Points between a nearer and a farther neighbour, both off by more than this part of "
        "their depth, become NaN; 0 is off, 0.05 a good value.",
        low=0.0,
        high=0.99,
    ),
    ParameterSpec(
        "points.max_grazing_deg",
        0.0,
        "at once",
        "deg",
        "Points of surfaces seen at a larger angle than this from their normal become NaN; 0 is "
        "off, 80 a good value.",
        low=0.0,
        high=90.0,
    ),
    ParameterSpec(
        "points.include",
        [],
        "at once",
        "",
        "Keep the points of these classes only, by name; `unlabelled` is a name too. Empty keeps "
        "all.",
        items=str,
    ),
    ParameterSpec(
        "points.exclude",
        [],
        "at once",
        "",
        "Points of these classes, by name, become NaN.",
        items=str,
    ),
    ParameterSpec(
        "points.roi",
        [],
        "at once",
        "",
        "The part of the picture that points are made of: [x, y, width, height] of its upper left "
        "corner and its size, as fractions of the camera's own picture. Points outside become NaN. "
        "Empty is all of it.",
        items=float,
        check=check_roi,
        per_camera=True,
    ),
    ParameterSpec(
        "points.min_height_m",
        -100.0,
        "at once",
        "m",
        "Points of ~/points and ~/points_filtered lower above the floor than this become NaN; "
        "-100 is no limit. Where no floor is seen it is the one that tf or ground.camera_height_m "
        "tells; without any none is left out.",
        low=-100.0,
        high=100.0,
    ),
    ParameterSpec(
        "points.max_height_m",
        100.0,
        "at once",
        "m",
        "Points higher above the floor than this become NaN, so that what a robot passes under "
        "does not mark a costmap; 100 is no limit. Where no floor is seen it is the one that tf or "
        "ground.camera_height_m tells; without any none is left out.",
        low=-100.0,
        high=100.0,
    ),
)

FILTERED_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "points_filtered.voxel_m",
        0.05,
        "at once",
        "m",
        "Side of the cubes whose points become one in ~/points_filtered; 0 is off.",
        low=0.0,
        high=1000.0,
    ),
    ParameterSpec(
        "points_filtered.outlier_neighbors",
        0,
        "at once",
        "",
        "Number of neighbours whose mean distance decides whether a point of ~/points_filtered "
        "is an outlier and left out, which takes Open3D; 0 is off, 16 a good value.",
        low=0,
        high=1000,
    ),
    ParameterSpec(
        "points_filtered.outlier_std",
        2.0,
        "at once",
        "",
        "Standard deviations above the mean from which on that distance makes a point an outlier.",
        low=0.01,
        high=100.0,
    ),
    ParameterSpec(
        "points_filtered.target_frame",
        "",
        "at once",
        "",
        "Frame that ~/points_filtered is in, such as base_link: through extrinsics.xyz and "
        "extrinsics.rpy, or where they are empty through tf2. Empty is the camera's own.",
        per_camera=True,
    ),
    ParameterSpec(
        "points_filtered.transform_timeout_s",
        1.0,
        "at once",
        "s",
        "Longest delay of ~/points_filtered behind a frame's other outputs while tf2 does not "
        "have the camera's transform yet; 0 is no delay.",
        low=0.0,
        high=30.0,
    ),
    ParameterSpec(
        "extrinsics.xyz",
        [],
        "at once",
        "m",
        "Position of the camera's optical frame in points_filtered.target_frame: x, y, z. Empty "
        "is tf2's.",
        items=float,
        check=check_triple,
        per_camera=True,
    ),
    ParameterSpec(
        "extrinsics.rpy",
        [],
        "at once",
        "rad",
        "Orientation of the camera's optical frame there: roll, pitch and yaw about the fixed "
        "axes x, y and z of the target frame, as in URDF. A camera that looks along x where z is "
        "up has -pi/2, 0, -pi/2. Empty is tf2's.",
        items=float,
        check=check_triple,
        per_camera=True,
    ),
)
