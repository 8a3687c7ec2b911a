# SPDX-License-Identifier: Apache-2.0
"""The values of all parameters at one moment, which stay what they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tips_ros.messages.frame_result import OutputOptions
from tips_ros.perception.camera.mounting import MountingRotation, mounting_rotation
from tips_ros.perception.depth.depth_scale import ScaleSource
from tips_ros.perception.ground.settings import GroundSettings
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.temporal.stream import Holding
from tips_ros.ros.parameters.table import PARAMETERS, entry_of
from tips_ros.ros.topics.names import ONLY, parameter_name

_PER_CAMERA = {declared.name for declared in PARAMETERS if declared.per_camera}


class CameraSettings(NamedTuple):
    """All that a camera's frames are made by; one frame is made by one of these."""

    options: OutputOptions
    turn: MountingRotation  # how the camera is mounted
    max_age_s: float  # 0: however old
    scale_source: ScaleSource
    fixed_scale: float
    sensor_offset: bool
    sensor_max_dt_s: float
    holding: Holding  # whether depth and labels are held still
    holding_frame: str  # in which the camera moves smoothly; "" for none


class Snapshot:
    """Values that belong together: those of one set, never half of one and half of another."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """
        Args:
            values: by full name, as `front.rotation_deg`.
        """
        self._values: Mapping[str, Any] = MappingProxyType(
            {name: plain(name, value) for name, value in values.items()}
        )
        self._of_cameras: dict[str, CameraSettings] = {}

    def changed(self, values: Mapping[str, Any]) -> Snapshot:
        """Another one, with these values, by full name, instead."""
        return Snapshot({**self._values, **values})

    def as_dict(self) -> dict[str, Any]:
        """All values by full name; the dictionary is the caller's."""
        return dict(self._values)

    def value(self, name: str, camera: str = ONLY) -> Any:
        """The parameter's value, where it is one of a camera's for that camera."""
        own = parameter_name(camera, name) if name in _PER_CAMERA else name
        value = self._values[own]
        return list(value) if isinstance(value, tuple) else value

    def of_camera(self, camera: str = ONLY) -> CameraSettings:
        """A camera's settings, read once for all its frames."""
        if camera not in self._of_cameras:
            self._of_cameras[camera] = CameraSettings(
                options=self.output_options(camera),
                turn=mounting_rotation(self.value("rotation_deg", camera)),
                max_age_s=self.value("max_age_s"),
                scale_source=self.value("depth.scale_source", camera),
                fixed_scale=self.value("depth.fixed_scale", camera),
                sensor_offset=self.value("depth.sensor_offset", camera),
                sensor_max_dt_s=self.value("depth.sensor_max_dt_s", camera),
                holding=Holding(
                    self.value("temporal.mode", camera), self.value("temporal.labels", camera)
                ),
                holding_frame=self.value("temporal.frame", camera),
            )
        return self._of_cameras[camera]

    def _height(self, name: str, unlimited: float) -> float:
        value = float(self.value(name))
        return unlimited if abs(value) >= _UNLIMITED_M else value

    def output_options(self, camera: str = ONLY) -> OutputOptions:
        """Returns the options of a camera's outputs."""
        return OutputOptions(
            scale=self.value("output_scale"),
            rectified=self.value("rectified", camera),
            rectify=self.value("rectify", camera),
            overlay_alpha=self.value("semantic.overlay_alpha"),
            points_stride=self.value("points.stride"),
            points_min_range_m=self.value("points.min_range_m"),
            points_max_range_m=self.value("points.max_range_m") or float("inf"),
            points_edge_jump=self.value("points.edge_jump"),
            points_max_grazing_deg=self.value("points.max_grazing_deg"),
            points_include=self.value("points.include"),
            points_exclude=self.value("points.exclude"),
            points_roi=self.value("points.roi", camera),
            filtered_voxel_m=self.value("points_filtered.voxel_m"),
            filtered_outlier_neighbors=self.value("points_filtered.outlier_neighbors"),
            filtered_outlier_std=self.value("points_filtered.outlier_std"),
            filtered_target_frame=self.value("points_filtered.target_frame", camera),
            points_min_height_m=self._height("points.min_height_m", -math.inf),
            points_max_height_m=self._height("points.max_height_m", math.inf),
            ground=GroundSettings(
                obstacle_min_height_m=self.value("ground.obstacle_min_height_m"),
                obstacle_max_height_m=self.value("ground.obstacle_max_height_m"),
                deviations=self.value("ground.deviations"),
                floor_deviations=self.value("ground.floor_deviations"),
                max_slope_deg=self.value("ground.max_slope_deg"),
                drops=self.value("ground.drops"),
                max_range_m=self.value("ground.max_range_m"),
                scan_min_height_m=self.value("ground.scan_min_height_m"),
                scan_max_height_m=self.value("ground.scan_max_height_m"),
                scan_max_stddev_m=self.value("ground.scan_max_stddev_m"),
                max_held_s=self.value("ground.max_held_s"),
            ),
            ground_labels=self.value("ground.labels"),
            ground_ignore=self.value("ground.ignore"),
            objects=ObjectSettings(
                min_size=self.value("objects.min_size"),
                min_score=self.value("objects.min_score"),
                birth_hits=self.value("objects.birth_hits"),
                max_unseen_s=self.value("objects.max_unseen_s"),
            ),
            objects_stuff=self.value("objects.stuff"),
        )


_UNLIMITED_M = 100.0  # a height that nothing indoors or out has; the parameters' "no limit"


def plain(name: str, given: Any) -> Any:
    """A parameter's value as rclpy has it → the value it stands for; a list is a tuple."""
    declared = entry_of(name)
    if declared is None or declared.items is None:
        return given
    return tuple(declared.items(item) for item in given or ())
