# SPDX-License-Identifier: Apache-2.0
"""A memory of things as a scene: boxes with names, the camera's way, a page that lists them."""

from __future__ import annotations

import numpy as np
import rerun as rr
from transforms3d.quaternions import mat2quat

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.memory.memory import Memory
from tips_ros.view.scene import Kind, Scene
from tips_ros.view.space import draw_boxes

_THINGS, _WAY, _PAGE = "memory/objects", "memory/way", "memory/list"
_WAY_COLOUR = (76, 141, 255)
_MOST_CLASSES = 255


def draw_memory(scene: Scene, memory: Memory) -> None:
    """Draws all that is remembered, at the stamp of the newest key frame."""
    frame, at_ns = memory.frame_id or "map", memory.newest_ns
    names = sorted({one.name for one in memory.things})
    palette = ClassList(tuple(names[:_MOST_CLASSES]) or ("nothing",)).palette()
    colour = {name: palette[row % _MOST_CLASSES].tolist() for row, name in enumerate(names)}
    things = sorted(memory.things, key=lambda one: one.number)
    draw_boxes(
        scene,
        _THINGS,
        at_ns,
        frame,
        centres=[one.centre_m for one in things],
        sizes=[one.size_m for one in things],
        quaternions=[mat2quat(one.rotation)[[1, 2, 3, 0]] for one in things],
        labels=[f"{one.name} {one.number}" for one in things],
        colors=[colour[one.name] for one in things],
    )
    way = np.array(memory.way_m, np.float64).reshape(-1, 3)
    if len(way):
        line = rr.LineStrips3D([way], colors=_WAY_COLOUR)
        scene.put_in_frame(_WAY, Kind.FLOOR, at_ns, frame, line)
    rows = [
        f"| {one.name} {one.number} | {x:.2f} | {y:.2f} | {z:.2f} | {one.hits} |"
        for one in things
        for x, y, z in [one.centre_m.tolist()]
    ]
    head = f"**{len(things)} things, in {frame}, metres**"
    text = "\n".join([head, "", "| thing | x | y | z | seen |", "|---|---|---|---|---|", *rows])
    scene.put(_PAGE, Kind.TEXT, at_ns, rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN))
    scene.fixed_frame = frame
