# SPDX-License-Identifier: Apache-2.0
"""The things of a frame as RViz draws them: a box in the class's colour, and its name above it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tips_ros.messages.conversions import region_message
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.types import MARKER_ARRAY, MessageFactory
from tips_ros.perception.objects.objects import SeenObject

_CUBE, _TEXT, _ADD, _DELETE_ALL = 1, 9, 0, 3  # of visualization_msgs/Marker
_SHOWN_S = 2  # a picture that nobody renews goes by itself
_LETTERS_M = 0.08
_THIN_M = 0.01  # RViz complains of boxes without thickness


def object_markers_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ visualization_msgs/MarkerArray: those of earlier frames go with it."""
    if frame.objects is None:
        return None
    palette = frame.label_space.classes.palette() / 255.0
    markers = [_marker(types, frame, "", 0, action=_DELETE_ALL)]
    for one in frame.objects.objects:
        if one.shown.region.box is not None:
            markers += _markers(types, frame, one, palette[one.class_id].tolist())
    return types.message(MARKER_ARRAY)(markers=markers)


def _markers(
    types: MessageFactory, frame: FrameResult, one: SeenObject, colour: list[float]
) -> list[Any]:
    box = one.shown.region.box
    assert box is not None
    region = region_message(types, one.shown.region)
    vector, point, pose = (
        types.message(f"geometry_msgs/msg/{name}") for name in ("Vector3", "Point", "Pose")
    )
    size = vector(**dict(zip("xyz", np.maximum(box.size_m, _THIN_M).tolist(), strict=True)))
    low = np.abs(box.rotation[1]) @ box.size_m / 2 + _LETTERS_M  # y points down
    x, y, z = (box.centre_m - (0.0, low, 0.0)).tolist()
    above = pose(position=point(x=x, y=y, z=z), orientation=_upright(types))
    letters = vector(x=_LETTERS_M, y=_LETTERS_M, z=_LETTERS_M)
    text = f"{one.class_name} {one.id}"
    return [
        _marker(types, frame, "boxes", one.id, _CUBE, region.box, size, [*colour, 0.35]),
        _marker(types, frame, "names", one.id, _TEXT, above, letters, [1.0, 1.0, 1.0, 1.0], text),
    ]


def _marker(
    types: MessageFactory,
    frame: FrameResult,
    namespace: str,
    number: int,
    kind: int = _CUBE,
    pose: Any = None,
    scale: Any = None,
    rgba: list[float] | None = None,
    text: str = "",
    action: int = _ADD,
) -> Any:
    """Every field is given: the classes of a bag's library have no defaults."""
    make = types.message
    vector, colour = make("geometry_msgs/msg/Vector3"), make("std_msgs/msg/ColorRGBA")
    origin = make("geometry_msgs/msg/Point")(x=0.0, y=0.0, z=0.0)
    duration, time = make("builtin_interfaces/msg/Duration"), make("builtin_interfaces/msg/Time")
    empty = time(sec=0, nanosec=0)
    r, g, b, a = rgba or [0.0] * 4
    return make("visualization_msgs/msg/Marker")(
        header=frame.header,
        ns=namespace,
        id=number % 2**31,
        type=kind,
        action=action,
        pose=pose or make("geometry_msgs/msg/Pose")(position=origin, orientation=_upright(types)),
        scale=scale or vector(x=1.0, y=1.0, z=1.0),
        color=colour(r=r, g=g, b=b, a=a),
        lifetime=duration(sec=_SHOWN_S, nanosec=0),
        frame_locked=False,
        points=[],
        colors=[],
        texture_resource="",
        texture=make("sensor_msgs/msg/CompressedImage")(
            header=type(frame.header)(stamp=empty, frame_id=""),
            format="",
            data=types.octets(b""),
        ),
        uv_coordinates=[],
        text=text,
        mesh_resource="",
        mesh_file=make("visualization_msgs/msg/MeshFile")(filename="", data=types.octets(b"")),
        mesh_use_embedded_materials=False,
    )


def _upright(types: MessageFactory) -> Any:
    return types.message("geometry_msgs/msg/Quaternion")(x=0.0, y=0.0, z=0.0, w=1.0)
