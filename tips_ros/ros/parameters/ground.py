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
        "Frame whose z points up, such as base_link: tf2 then says where up is, and the network's "
        "normals only refine it. Empty: cameras are taken to be roughly upright.",
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
        "Classes that one may drive on, by name. Empty is the usual ones: floor, rug, carpet, mat, "
        "ground, road, sidewalk, path, grass, …",
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
        "What stands out of the floor by less is no obstacle, however sure the depth is; of what "
        "is labelled floor, twice that.",
        low=0.001,
        high=10.0,
    ),
    ParameterSpec(
        "ground.obstacle_max_height_m",
        1.8,
        "at once",
        "m",
        "What is higher over the floor is no obstacle: the robot goes under it.",
        low=0.01,
        high=100.0,
    ),
    ParameterSpec(
        "ground.deviations",
        3.5,
        "at once",
        "",
        "How many standard deviations of the floor's own depth a thing has to stand out by.",
        low=1.0,
        high=20.0,
    ),
    ParameterSpec(
        "ground.floor_deviations",
        6.5,
        "at once",
        "",
        "The same for what is labelled floor.",
        low=1.0,
        high=50.0,
    ),
    ParameterSpec(
        "ground.max_slope_deg",
        7.0,
        "at once",
        "deg",
        "What is labelled floor and lies no steeper is a ramp and no obstacle; 0 is none.",
        low=0.0,
        high=30.0,
    ),
    ParameterSpec(
        "ground.drops",
        True,
        "at once",
        "",
        "What lies below the floor is an obstacle at the floor's edge: stairs that go down.",
    ),
    ParameterSpec(
        "ground.max_range_m",
        6.0,
        "at once",
        "m",
        "Along the camera's z; what is farther is neither floor nor obstacle.",
        low=0.1,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "ground.scan_min_height_m",
        0.015,
        "at once",
        "m",
        "Lower obstacles are not in ~/scan.",
        low=0.0,
        high=100.0,
    ),
    ParameterSpec(
        "ground.scan_max_height_m",
        1.8,
        "at once",
        "m",
        "Higher obstacles are not in ~/scan.",
        low=0.01,
        high=100.0,
    ),
    ParameterSpec(
        "ground.scan_max_stddev_m",
        0.3,
        "at once",
        "m",
        "~/scan ends where depth is less sure than this.",
        low=0.01,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "ground.max_held_s",
        3.0,
        "at once",
        "s",
        "How long a floor that is not seen any more still counts; then there is none.",
        low=0.0,
        high=600.0,
    ),
)
