# SPDX-License-Identifier: Apache-2.0
"""The values of all parameters at one moment, which stay what they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tips_ros.messages.frame_result import OutputOptions
from tips_ros.perception.camera.mounting import MountingRotation, mounting_rotation
from tips_ros.perception.depth.depth_scale import ScaleSource
from tips_ros.perception.ground.settings import GroundSettings
from tips_ros.perception.memory.settings import MemorySettings
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.temporal.stream import Holding
from tips_ros.ros.parameters.table import PARAMETERS, entry_of
from tips_ros.ros.topics.names import ONLY, parameter_name

_PER_CAMERA = {declared.name for declared in PARAMETERS if declared.per_camera}
_BY_FIELD = {declared.name.replace(".", "_"): declared.name for declared in PARAMETERS}


class CameraSettings(NamedTuple):
    """All that a camera's frames are made by; one frame is made by one of these."""

    options: OutputOptions
    mounting: MountingRotation  # how the camera is mounted
    max_age_s: float  # 0: however old
    scale_source: ScaleSource
    fixed_scale: float
    sensor_offset: bool
    sensor_max_dt_s: float
    holding: Holding  # whether depth and labels are held still
    holding_frame: str  # in which the camera moves smoothly; "" for none
    base_frame: str  # of the robot, whose z is up; "" for none
    camera_height_m: float  # over the floor; 0 where tf says it
    remembers: bool  # whether its things are remembered
    memory: MemorySettings
    memory_frame: str  # that places are remembered in; "" for holding_frame


class _ByCamera(dict[str, CameraSettings]):
    """A camera's settings by its name; read when they are first asked for."""

    def __init__(self, read: Callable[[str], CameraSettings]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, camera: str) -> CameraSettings:
        return self.setdefault(camera, self._read(camera))


class Snapshot:
    """Values that belong together: those of one set, never half of one and half of another.

    Attributes:
        of_camera: the settings by the name of a camera, read once for all its frames.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        """
        Args:
            values: by full name, as `front.rotation_deg`.
        """
        self._values: Mapping[str, Any] = MappingProxyType(
            {name: as_python(name, value) for name, value in values.items()}
        )
        self.of_camera: Mapping[str, CameraSettings] = _ByCamera(self._read)

    def with_values(self, values: Mapping[str, Any]) -> Snapshot:
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

    def _read(self, camera: str) -> CameraSettings:
        return CameraSettings(
            options=self.output_options(camera),
            mounting=mounting_rotation(self.value("rotation_deg", camera)),
            max_age_s=self.value("max_age_s"),
            scale_source=self.value("depth.scale_source", camera),
            fixed_scale=self.value("depth.fixed_scale", camera),
            sensor_offset=self.value("depth.sensor_offset", camera),
            sensor_max_dt_s=self.value("depth.sensor_max_dt_s", camera),
            holding=Holding(
                self.value("temporal.mode", camera), self.value("temporal.labels", camera)
            ),
            holding_frame=self.value("temporal.frame", camera),
            base_frame=self.value("ground.base_frame", camera),
            camera_height_m=self.value("ground.camera_height_m", camera),
            remembers=self.value("memory.enabled"),
            memory=MemorySettings(**self._named_alike(MemorySettings, ONLY, "memory_")),
            memory_frame=self.value("memory.frame"),
        )

    def _height(self, name: str, unlimited: float) -> float:
        value = float(self.value(name))
        return unlimited if abs(value) >= _UNLIMITED_M else value

    def output_options(self, camera: str = ONLY) -> OutputOptions:
        """Returns the options of a camera's outputs."""
        values = self._named_alike(OutputOptions, camera)
        values |= {
            "scale": self.value("output_scale"),
            "overlay_alpha": self.value("semantic.overlay_alpha"),
            "points_max_range_m": self.value("points.max_range_m") or float("inf"),
            "filtered_voxel_m": self.value("points_filtered.voxel_m"),
            "filtered_outlier_neighbors": self.value("points_filtered.outlier_neighbors"),
            "filtered_outlier_std": self.value("points_filtered.outlier_std"),
            "filtered_target_frame": self.value("points_filtered.target_frame", camera),
            "points_min_height_m": self._height("points.min_height_m", -math.inf),
            "points_max_height_m": self._height("points.max_height_m", math.inf),
            "ground": GroundSettings(**self._named_alike(GroundSettings, camera, "ground_")),
            "objects": ObjectSettings(**self._named_alike(ObjectSettings, camera, "objects_")),
        }
        return OutputOptions(**values)

    def _named_alike(self, kind: type, camera: str, prefix: str = "") -> dict[str, Any]:
        """Field of a class → value of the parameter named as `prefix` and field, with dots."""
        names = {field: _BY_FIELD.get(prefix + field) for field in kind.__annotations__}
        return {field: self.value(name, camera) for field, name in names.items() if name}


_UNLIMITED_M = 100.0  # a height that nothing indoors or out has; the parameters' "no limit"


def as_python(name: str, given: Any) -> Any:
    """A parameter's value as rclpy has it → the value it stands for; a list is a tuple."""
    declared = entry_of(name)
    if declared is None or declared.items is None:
        return given
    return tuple(declared.items(item) for item in given or ())
