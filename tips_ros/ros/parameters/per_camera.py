# SPDX-License-Identifier: Apache-2.0
"""Parameters that each of several cameras has: one name for all of them, and one for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rclpy.parameter import Parameter

from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.topics.names import ONLY, parameter_name

_NAMES = {declared.name for declared in PARAMETERS if declared.per_camera}


class PerCamera:
    """A camera keeps what was set under its name; the plain name is for all others."""

    def __init__(self, cameras: Collection[str], own: Collection[str] = ()) -> None:
        """
        Args:
            cameras: the names; "" for the only one, which has the plain parameters alone.
            own: the parameters that were given to a camera, as `front.rotation_deg`.
        """
        self._cameras = [camera for camera in cameras if camera != ONLY]
        self._own = set(own)

    def spread(self, changes: Mapping[str, Parameter]) -> list[Parameter]:
        """The changes, by name, and those of cameras that follow from a plain name."""
        following = {
            own: Parameter(own, parameter.type_, parameter.value)
            for name, parameter in changes.items()
            for camera in self._followers(name)
            if (own := parameter_name(camera, name)) not in changes
        }
        return [*changes.values(), *following.values()]

    def note(self, changes: Collection[str]) -> str:
        """Says which cameras a plain name among the changes does not reach, for whoever sets it."""
        said = []
        for name in changes:
            if name in _NAMES and self._cameras:
                followers = {parameter_name(camera, name) for camera in self._followers(name)}
                names = [parameter_name(camera, name) for camera in self._cameras]
                kept = ", ".join(own for own in names if own not in {*followers, *changes})
                if kept and followers:
                    said.append(f"{kept} stays as it was set")
                elif kept:
                    said.append(f"no camera follows {name}: set {kept}")
        return "; ".join(said)

    def remember(self, changes: Collection[str]) -> None:
        """Takes note of what somebody set under a camera's name."""
        self._own |= {
            own
            for camera in self._cameras
            for name in _NAMES
            if (own := parameter_name(camera, name)) in changes
        }

    def _followers(self, name: str) -> list[str]:
        if name not in _NAMES:
            return []
        return [c for c in self._cameras if parameter_name(c, name) not in self._own]
