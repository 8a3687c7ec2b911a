# SPDX-License-Identifier: Apache-2.0
"""Every parameter of the node, declared once, by subject; in the order of the page and the YAML."""

from __future__ import annotations

from tips_ros.ros.parameters.declaration import ParameterSpec
from tips_ros.ros.parameters.subjects.classes import CLASS_PARAMETERS
from tips_ros.ros.parameters.subjects.depth import DEPTH_PARAMETERS, TEMPORAL_PARAMETERS
from tips_ros.ros.parameters.subjects.ground import GROUND_PARAMETERS
from tips_ros.ros.parameters.subjects.images import IMAGE_PARAMETERS
from tips_ros.ros.parameters.subjects.model import MODEL_PARAMETERS
from tips_ros.ros.parameters.subjects.node import LISTENING_PARAMETERS, START_PARAMETERS
from tips_ros.ros.parameters.subjects.objects import MEMORY_PARAMETERS, OBJECT_PARAMETERS
from tips_ros.ros.parameters.subjects.points import FILTERED_PARAMETERS, POINT_PARAMETERS

PARAMETERS: tuple[ParameterSpec, ...] = (
    *MODEL_PARAMETERS,
    *START_PARAMETERS,
    *IMAGE_PARAMETERS,
    *DEPTH_PARAMETERS,
    *TEMPORAL_PARAMETERS,
    *CLASS_PARAMETERS,
    *POINT_PARAMETERS,
    *GROUND_PARAMETERS,
    *OBJECT_PARAMETERS,
    *MEMORY_PARAMETERS,
    *FILTERED_PARAMETERS,
    *LISTENING_PARAMETERS,
)

_BY_NAME = {declared.name: declared for declared in PARAMETERS}


def entry_of(name: str) -> ParameterSpec | None:
    """The entry of a parameter's own name, or of a camera's, as `front.rotation_deg`."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    entry = _BY_NAME.get(name.partition(".")[2])
    return entry if entry is not None and entry.per_camera else None
