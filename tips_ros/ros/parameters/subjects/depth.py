# SPDX-License-Identifier: Apache-2.0
"""The parameters of depth: its metres, and how it and the labels are held still."""

from __future__ import annotations

from tips_ros.perception.depth.depth_scale import SCALE_SOURCES
from tips_ros.perception.temporal.steady_depth import MODES
from tips_ros.ros.parameters.declaration import ParameterSpec

DEPTH_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "depth.scale_source",
        "focal",
        "at once",
        "",
        "Source of the scale that brings predicted depth to metres: `focal`, the focal length in "
        "CameraInfo; `sensor`, depth on sensor/depth, points on sensor/points or a scan on "
        "sensor/scan, and focal until some came; `ground`, the camera's height over the floor, "
        "where it lies level and is seen well, and focal until then; `fixed`, depth.fixed_scale; "
        "`model` leaves depth as predicted. ~/depth/info has the source in use.",
        choices=SCALE_SOURCES,
        per_camera=True,
    ),
    ParameterSpec(
        "depth.fixed_scale",
        1.0,
        "at once",
        "",
        "Factor for predicted depth when depth.scale_source is fixed.",
        low=0.001,
        high=1000.0,
        per_camera=True,
    ),
    ParameterSpec(
        "depth.sensor_offset",
        False,
        "at once",
        "",
        "Fit a shift in metres besides the scale when depth.scale_source is sensor: for a sensor "
        "with a zero error of its own.",
        per_camera=True,
    ),
    ParameterSpec(
        "depth.sensor_max_dt_s",
        0.05,
        "at once",
        "s",
        "Largest difference between the stamps of an image and of the sensor's measurement; 0 "
        "takes equal stamps alone.",
        low=0.0,
        high=10.0,
        per_camera=True,
    ),
)

TEMPORAL_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "temporal.mode",
        "off",
        "at once",
        "",
        "Temporal filter of depth: `scale` keeps the scale of a frame near to that of the one "
        "before, `full` also averages unchanged pixels over time; `off` costs nothing. No frame "
        "waits for another.",
        choices=MODES,
        per_camera=True,
    ),
    ParameterSpec(
        "temporal.labels",
        False,
        "at once",
        "",
        "Temporal filter of class labels: a pixel's class changes once the new one has gathered "
        "more margin. The depth head then runs for masks, too.",
        per_camera=True,
    ),
    ParameterSpec(
        "temporal.frame",
        "odom",
        "at once",
        "",
        "Frame of tf2 in which the camera moves smoothly, for aligning frames. Optical flow is "
        "used where it is empty or tf2 has no transform to the camera.",
        per_camera=True,
    ),
)
