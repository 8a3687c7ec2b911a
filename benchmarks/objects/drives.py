# SPDX-License-Identifier: Apache-2.0
"""Drives through rendered rooms in which each pixel's thing is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from training.scenes.camera.drive import drive
from training.scenes.camera.pose import pinhole
from training.scenes.camera.render import Renderer
from training.scenes.camera.sensor import Sensor
from training.scenes.light.mesh import mesh
from training.scenes.light.quality import DRAFT
from training.scenes.light.rays import Rays
from training.scenes.scene import Scene, random_scene
from training.scenes.seeds import held_out_seed
from training.scenes.things import Thing

FIRST = 1_720_000  # rooms that no other measure is made on
_HEIGHT_M, _HFOV_DEG = 0.8, 63.3
_TOUCH_M = 0.01
_COARSE_M = 100.0  # rays need no fine triangles
_SENSOR = Sensor(read_noise=0.004, shot_noise=0.012)


@dataclass(frozen=True)
class Shown:
    """A frame of a drive; images are (H, W).

    Attributes:
        stamp_s: when.
        depth_m, labels: the truth; labels are ADE20K's ids.
        thing: number of what each pixel shows, from 1 on; 0 is nothing.
        camera, world_from_camera: where it is seen from.
        rgb: (H, W, 3), where it was asked for.
    """

    stamp_s: float
    depth_m: NDArray[np.float32]
    labels: NDArray[np.uint8]
    thing: NDArray[np.int64]
    camera: Intrinsics
    world_from_camera: NDArray[np.float64]
    rgb: NDArray[np.uint8] | None = None


def frames(
    number: int, count: int, rate_hz: float, size: tuple[int, int], pictures: bool
) -> Iterator[Shown]:
    """A drive through the room of that number.

    Raises:
        ValueError: there is no floor free for a robot.
    """
    room = furnished(number, count, rate_hz)
    yield from shown(room.scene, room.scene.things, connected(room.scene.things), room.way,
                     size, pictures)  # fmt: skip


class Room(NamedTuple):
    """A room, and a way through it: times and poses (4, 4) of the optical frame."""

    scene: Scene
    way: list[tuple[float, NDArray[np.float64]]]


def furnished(number: int, count: int, rate_hz: float) -> Room:
    """The room of that number with a way of so many poses; errors as of `frames`."""
    seed = held_out_seed(FIRST + number)
    scene = random_scene(seed)
    rng = np.random.default_rng([seed, 7])
    way = drive(rng, scene.plan, count / rate_hz + 1, rate_hz, _HEIGHT_M)[:count]
    return Room(scene, way)


def shown(
    scene: Scene,
    things: list[Thing],
    number_of: NDArray[np.int64],
    way: Sequence[tuple[float, NDArray[np.float64]]],
    size: tuple[int, int],
    pictures: bool,
) -> Iterator[Shown]:
    """Frames along a way.

    Args:
        scene: whose light it is.
        things: that stand there, as they are now.
        number_of: (N,) of each of them, as of `connected`.
        way: times and poses.
        size: (h, w).
        pictures: whether they are rendered, too.
    """
    triangles = mesh(things, _COARSE_M)
    rays = Rays(triangles.points, triangles.corners)
    labels = np.array([thing.label for thing in things] + [255], np.uint8)
    numbers = np.append(number_of, 0)
    renderer = Renderer(things, scene.lights, DRAFT, scene.sun) if pictures else None
    camera = pinhole(size[1], size[0], _HFOV_DEG)
    v, u = np.mgrid[: size[0], : size[1]]
    ways = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(size)], -1)
    for index, (stamp_s, pose) in enumerate(way):
        turned = (ways.reshape(-1, 3) @ pose[:3, :3].T).astype(np.float32)
        hits = rays.first(pose[:3, 3].astype(np.float32), turned)
        owner = np.where(hits.triangle < 0, -1, triangles.owner[hits.triangle]).reshape(size)
        depth = np.where(hits.triangle < 0, np.nan, hits.distance).astype(np.float32)
        rgb = None if renderer is None else renderer.render(camera, pose, index, _SENSOR).rgb
        yield Shown(stamp_s, depth.reshape(size), labels[owner], numbers[owner], camera, pose, rgb)


def connected(things: list[Thing]) -> NDArray[np.int64]:
    """(N,) a number for each part, the same for parts of one class that touch, from 1 on.

    A chair is made of legs, a seat and a back: parts that touch. So are books side by side, which
    count as one.
    """
    low, high = [], []
    for thing in things:
        points = np.concatenate([patch.points.reshape(-1, 3) for patch in thing.shape])
        low.append(points.min(axis=0) - _TOUCH_M / 2)
        high.append(points.max(axis=0) + _TOUCH_M / 2)
    number = np.arange(1, len(things) + 1)
    for i, thing in enumerate(things):
        for j in range(i):
            touch = (low[i] <= high[j]).all() and (low[j] <= high[i]).all()
            if touch and thing.label == things[j].label:
                number[number == number[i]] = number[j]
    return number
