# SPDX-License-Identifier: Apache-2.0
"""The parameters of the floor and of what stands on it."""

from __future__ import annotations

from tips_ros.ros.parameters.declaration import UNBOUNDED, ParameterSpec

GROUND_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "ground.base_frame",
        "",
        "at once",
        "",
        "Frame whose z points up, such as base_link: tf2 then gives the direction of up, and the "
        "network's normals only refine it. Empty: cameras are assumed to be roughly upright.",
        per_camera=True,
    ),
    ParameterSpec(
        "ground.camera_height_m",
        0.0,
        "at once",
        "m",
        "Height of the camera over the floor when depth.scale_source is ground; 0 is what tf2 "
        "says: over base_footprint, or else over ground.base_frame, which then has to lie on the "
        "floor.",
        low=0.0,
        high=20.0,
        per_camera=True,
    ),
    ParameterSpec(
        "ground.labels",
        [],
        "at once",
        "",
        "Classes that a robot may drive on, by name. Empty is the usual ones: floor, rug, "
        "carpet, mat, ground, road, sidewalk, path, grass, …",
        items=str,
    ),
    ParameterSpec(
        "ground.ignore",
        [],
        "at once",
        "",
        "Classes that are never obstacles, by name.",
        items=str,
    ),
    ParameterSpec(
        "ground.obstacle_min_height_m",
        0.015,
        "at once",
        "m",
        "Smallest height above the floor of an obstacle, however certain the depth; twice that "
        "for pixels labelled floor.",
        low=0.001,
        high=10.0,
    ),
    ParameterSpec(
        "ground.obstacle_max_height_m",
        1.8,
        "at once",
        "m",
        "Largest height above the floor of an obstacle: the robot passes under what is higher.",
        low=0.01,
        high=100.0,
    ),
    ParameterSpec(
        "ground.deviations",
        4.0,
        "at once",
        "",
        "Standard deviations of the floor's own depth by which an obstacle has to stand out.",
        low=1.0,
        high=20.0,
    ),
    ParameterSpec(
        "ground.floor_deviations",
        8.0,
        "at once",
        "",
        "Standard deviations by which an obstacle that is labelled floor has to stand out; twice "
        "as many in the depth of a network.",
        low=1.0,
        high=50.0,
    ),
    ParameterSpec(
        "ground.max_slope_deg",
        7.0,
        "at once",
        "deg",
        "Steepest slope of surfaces labelled floor that are ramps and no obstacles; 0 is no ramps.",
        low=0.0,
        high=30.0,
    ),
    ParameterSpec(
        "ground.drops",
        True,
        "at once",
        "",
        "Mark surfaces below the floor, such as stairs that go down, as obstacles at the floor's "
        "edge.",
    ),
    ParameterSpec(
        "ground.max_range_m",
        6.0,
        "at once",
        "m",
        "Largest distance along the camera's z; what is farther is neither floor nor obstacle.",
        low=0.1,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "ground.scan_min_height_m",
        0.015,
        "at once",
        "m",
        "Smallest height of obstacles in ~/scan.",
        low=0.0,
        high=100.0,
    ),
    ParameterSpec(
        "ground.scan_max_height_m",
        1.8,
        "at once",
        "m",
        "Largest height of obstacles in ~/scan.",
        low=0.01,
        high=100.0,
    ),
    ParameterSpec(
        "ground.scan_max_stddev_m",
        0.3,
        "at once",
        "m",
        "Standard deviation of depth above which ~/scan ends.",
        low=0.01,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "ground.max_held_s",
        3.0,
        "at once",
        "s",
        "Longest time that a floor counts after it was last seen; then there is none.",
        low=0.0,
        high=600.0,
    ),
)
