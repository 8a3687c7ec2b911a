# SPDX-License-Identifier: Apache-2.0
"""Messages of things in space → entities of rerun: transforms, clouds, scans, floors, boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import rerun as rr
from numpy.typing import NDArray
from transforms3d.quaternions import quat2mat

from tips_ros.messages.decoding import read_points, read_scan
from tips_ros.messages.ground import level_frame_id
from tips_ros.messages.transforms import FIXED_TOPIC
from tips_ros.perception.ground.plane import level_quaternion
from tips_ros.view.scene import Kind, Scene

MOST_POINTS = 20_000  # of a cloud
_ABSENT = 0  # status of a GroundPlane
_HALF_GRID_M, _STEP_M = 2.0, 0.5
_FLOOR_COLOUR, _SCAN_COLOUR = (90, 200, 120), (255, 80, 60)
_OBSTACLES_COLOUR = (255, 160, 60)
_NO_RGB = (200, 200, 200)
_WORD = 4  # bytes of a packed colour


def draw_transforms(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts each transform of a tf2_msgs/TFMessage into the scene; one that is none is left out."""
    for one in message.transforms:
        q, p = one.transform.rotation, one.transform.translation
        quaternion = np.array([q.x, q.y, q.z, q.w])
        position = np.array([p.x, p.y, p.z])
        if not np.isfinite([*quaternion, *position]).all() or not quaternion.any():
            continue
        parent, child = (name.lstrip("/") for name in (one.header.frame_id, one.child_frame_id))
        if child in scene.levels:
            continue  # a floor has told it first; to the viewer a frame is of one entity
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = quat2mat(quaternion[[3, 0, 1, 2]]), position
        scene.place(parent, child, matrix, fixed=entity == FIXED_TOPIC.strip("/"))
        placed = rr.Transform3D(
            translation=position, quaternion=quaternion, parent_frame=parent, child_frame=child
        )
        scene.put(f"{entity}/{rr.escape_entity_path_part(child)}", Kind.OTHER, at_ns, placed)


def draw_cloud(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts a sensor_msgs/PointCloud2 into the scene, thinned to `MOST_POINTS`.

    Raises:
        ValueError: it has no positions; says why.
    """
    points = read_points(message)
    known = _spread(np.asarray(np.isfinite(points).all(axis=1)), message.width)
    colours: Any = _NO_RGB
    if entity.endswith("points_obstacles"):
        colours = _OBSTACLES_COLOUR
    elif entity.endswith("points_ground"):
        colours = _FLOOR_COLOUR
    elif (rgb := _colours(message)) is not None:
        colours = rgb[known]
    shown = rr.Points3D(points[known], colors=colours, radii=rr.Radius.ui_points(1.5))
    scene.put_in_frame(entity, Kind.CLOUD, at_ns, message.header.frame_id, shown)


def _spread(known: NDArray[np.bool_], width: int) -> NDArray[np.intp]:
    """Numbers of at most `MOST_POINTS` points that are known, evenly over the cloud.

    Of a cloud with rows, every n-th point would be the same columns of each row: stripes in place
    of things.
    """
    if len(known) > width and (step := math.ceil(math.sqrt(len(known) / MOST_POINTS))) > 1:
        row, column = np.divmod(np.arange(len(known)), width)
        known = known & (row % step == 0) & (column % step == 0)
    numbers = np.flatnonzero(known)
    return numbers[:: math.ceil(len(numbers) / MOST_POINTS) or 1]


def draw_scan(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts the ends of a sensor_msgs/LaserScan's beams into the scene.

    Raises:
        ValueError: its numbers make no sense; says why.
    """
    ends = read_scan(message).points
    shown = rr.Points3D(ends, colors=_SCAN_COLOUR, radii=rr.Radius.ui_points(3.0))
    scene.put_in_frame(entity, Kind.CLOUD, at_ns, message.header.frame_id, shown)


def draw_floor(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts a tips_ros/GroundPlane into the scene: a grid of half metres ahead of the camera.

    The level frame, in which a scan is, hangs on it where /tf has not told of that.
    """
    *normal, offset = (float(value) for value in message.coefficients)
    frame_id = message.header.frame_id
    if message.status == _ABSENT or not math.isfinite(sum(normal) + offset):
        shown = rr.LineStrips3D([])
    else:
        shown = rr.LineStrips3D(_grid(np.array(normal), offset), colors=_FLOOR_COLOUR)
        level = level_frame_id(frame_id)
        if level in scene.levels or not scene.is_told(level):
            scene.levels.add(level)
            placed = rr.Transform3D(
                quaternion=level_quaternion(normal), parent_frame=frame_id, child_frame=level
            )
            scene.put(f"{entity}/level", Kind.OTHER, at_ns, placed)
    scene.put_in_frame(entity, Kind.FLOOR, at_ns, frame_id, shown)


def _grid(up: NDArray[np.float64], offset: float) -> NDArray[np.float64]:
    """(N, 2, 3) lines on the plane `up · x + offset = 0`, in the optical frame."""
    forward = np.array([0.0, 0.0, 1.0])
    forward -= (forward @ up) * up
    forward /= max(float(np.linalg.norm(forward)), 1e-6)
    right = np.cross(forward, up)
    middle = -offset * up + forward * (_HALF_GRID_M + _STEP_M)
    lines = []
    for at in np.arange(-_HALF_GRID_M, _HALF_GRID_M + _STEP_M, _STEP_M):
        for along, across in ((forward, right), (right, forward)):
            ends = [middle + at * across + side * _HALF_GRID_M * along for side in (-1, 1)]
            lines.append(ends)
    return np.array(lines)


def draw_objects(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts the boxes of a tips_ros/ObjectArray into the scene; things without a place are none."""
    placed = [one for one in message.objects if _is_placed(one.region)]
    boxes = [one.region.box for one in placed]
    sizes = [one.region.size for one in placed]
    draw_boxes(
        scene,
        entity,
        at_ns,
        message.header.frame_id,
        centres=[[b.position.x, b.position.y, b.position.z] for b in boxes],
        sizes=[[s.x, s.y, s.z] for s in sizes],
        quaternions=[
            [b.orientation.x, b.orientation.y, b.orientation.z, b.orientation.w] for b in boxes
        ],
        labels=[f"{one.class_name} {one.id}" for one in placed],
        class_ids=[int(one.class_id) for one in placed],
    )


def draw_boxes(
    scene: Scene,
    entity: str,
    at_ns: int,
    frame_id: str,
    *,
    centres: Any,
    sizes: Any,
    quaternions: Any,
    labels: list[str],
    **looks: Any,
) -> None:
    """Puts boxes with names into the scene: metres, quaternions as x y z w."""
    if not labels:
        # In its frame from the first on: an entity of no frame is an error to the viewer.
        scene.put_in_frame(entity, Kind.BOXES, at_ns, frame_id, rr.Boxes3D(half_sizes=[]))
        return
    half = np.maximum(np.asarray(sizes, np.float64) / 2, 0.005)
    shown = rr.Boxes3D(
        centers=centres,
        half_sizes=half,
        quaternions=quaternions,
        labels=labels,
        show_labels=True,
        **looks,
    )
    scene.put_in_frame(entity, Kind.BOXES, at_ns, frame_id, shown)


def _is_placed(region: Any) -> bool:
    at, size = region.box.position, region.size
    return all(map(math.isfinite, (at.x, at.y, at.z, size.x, size.y, size.z)))


def _colours(message: Any) -> NDArray[np.uint8] | None:
    """(N, 3) of the field rgb or rgba, as PCL packs it; None without one."""
    offset = next((f.offset for f in message.fields if f.name in ("rgb", "rgba")), None)
    if offset is None or offset + _WORD > message.point_step:
        return None
    data = np.frombuffer(message.data, np.uint8)
    step = message.row_step if message.height > 1 else message.point_step * message.width
    rows = data[: message.height * step].reshape(message.height, step)
    points = rows[:, : message.width * message.point_step].reshape(-1, message.point_step)
    order = slice(offset + 1, offset + _WORD) if message.is_bigendian else slice(offset, offset + 3)
    packed = points[:, order]
    return packed if message.is_bigendian else packed[:, ::-1]
