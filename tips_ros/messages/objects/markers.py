# SPDX-License-Identifier: Apache-2.0
"""Things as RViz draws them: a box in the class's colour, and its name above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.messages.conversions import region_message
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.types import MARKER_ARRAY, MessageFactory
from tips_ros.perception.classes.class_list import UNLABELLED_RGB, ClassList, name_key
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.regions.oriented_box import OrientedBox
from tips_ros.perception.regions.regions import PixelBox, Region

Float64Array = NDArray[np.float64]

_CUBE, _TEXT, _ADD, _DELETE_ALL = 1, 9, 0, 3  # of visualization_msgs/Marker
_SHOWN_S = 2  # a picture that nobody renews goes by itself
_LETTERS_M = 0.08
_THIN_M = 0.01  # RViz complains of boxes without thickness
_SOLID, _FAINT = 0.35, 0.08  # how much of a box is seen
_FADING = 1.0  # presence below which a thing was missed already
_NOWHERE = PixelBox(0, 0, 0, 0)
_WHITE, _UNKNOWN = (1.0, 1.0, 1.0), tuple(c / 255 for c in UNLABELLED_RGB)


class _Box(NamedTuple):
    """A box with a name.

    Attributes:
        number: of its thing.
        text: its name.
        box: where it is.
        above_m: (3,) where the name is.
        rgb: 0 to 1.
        shown: how much of it is seen, 0 to 1.
    """

    number: int
    text: str
    box: OrientedBox
    above_m: Float64Array
    rgb: Sequence[float]
    shown: float = _SOLID


def object_markers_message(types: MessageFactory, frame: FrameResult) -> Any:
    """→ visualization_msgs/MarkerArray: those of earlier frames go with it."""
    if frame.objects is None:
        return None
    palette = frame.label_space.classes.palette() / 255.0
    boxes = []
    for one in frame.objects.objects:
        box = one.shown.region.box
        if box is not None:
            low = np.abs(box.rotation[1]) @ box.size_m / 2 + _LETTERS_M  # y points down
            above = box.centre_m - (0.0, low, 0.0)
            rgb = palette[one.class_id].tolist()
            boxes.append(_Box(one.id, f"{one.class_name} {one.id}", box, above, rgb))
    return _array(types, frame.header, boxes, _SHOWN_S)


def memory_markers_message(
    types: MessageFactory,
    header: Any,
    things: Iterable[Remembered],
    classes: ClassList,
    newest_ns: int,
) -> Any:
    """→ visualization_msgs/MarkerArray in the memory's frame, until the next one.

    A name says for how long its thing was not seen; the box of one that is nearly gone is faint.

    Args:
        types: of the messages.
        header: of all of them.
        things: that are remembered.
        classes: now in force, whose colours they have.
        newest_ns: stamp of the newest key frame.
    """
    palette = classes.palette() / 255.0
    id_of = classes.id_by_key
    boxes = []
    for one in things:
        box = one.box
        above = box.centre_m + (0.0, 0.0, np.abs(box.rotation[2]) @ box.size_m / 2 + _LETTERS_M)
        class_id = id_of.get(name_key(one.name))
        rgb = _UNKNOWN if class_id is None else palette[class_id].tolist()
        text = f"{one.name} {one.number}, {_age(newest_ns - one.last_seen_ns)}"
        shown = _SOLID if one.presence >= _FADING else _FAINT
        text += "" if one.presence >= _FADING else ", missed"
        boxes.append(_Box(one.number, text, box, above, rgb, shown))
    return _array(types, header, boxes, 0)


def _age(ago_ns: int) -> str:
    seconds = ago_ns // 10**9
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago" if seconds > 0 else "now"


def _array(types: MessageFactory, header: Any, boxes: Iterable[_Box], shown_s: int) -> Any:
    vector, point, pose = (
        types.message(f"geometry_msgs/msg/{name}") for name in ("Vector3", "Point", "Pose")
    )
    markers = [_marker(types, header, "", 0, shown_s, action=_DELETE_ALL)]
    for one in boxes:
        size = vector(**dict(zip("xyz", np.maximum(one.box.size_m, _THIN_M).tolist(), strict=True)))
        x, y, z = one.above_m.tolist()
        above = pose(position=point(x=x, y=y, z=z), orientation=_upright(types))
        letters = vector(x=_LETTERS_M, y=_LETTERS_M, z=_LETTERS_M)
        where = region_message(types, Region(_NOWHERE, 0, 0.0, None, one.box.centre_m, one.box)).box
        of = types, header
        markers += [
            _marker(*of, "boxes", one.number, shown_s, _CUBE, where, size, [*one.rgb, one.shown]),
            _marker(*of, "names", one.number, shown_s, _TEXT, above, letters, [*_WHITE, 1.0],
                    one.text),
        ]  # fmt: skip
    return types.message(MARKER_ARRAY)(markers=markers)


def _marker(
    types: MessageFactory,
    header: Any,
    namespace: str,
    number: int,
    shown_s: int,
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
        header=header,
        ns=namespace,
        id=number % 2**31,
        type=kind,
        action=action,
        pose=pose or make("geometry_msgs/msg/Pose")(position=origin, orientation=_upright(types)),
        scale=scale or vector(x=1.0, y=1.0, z=1.0),
        color=colour(r=r, g=g, b=b, a=a),
        lifetime=duration(sec=shown_s, nanosec=0),
        frame_locked=False,
        points=[],
        colors=[],
        texture_resource="",
        texture=make("sensor_msgs/msg/CompressedImage")(
            header=type(header)(stamp=empty, frame_id=""),
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
