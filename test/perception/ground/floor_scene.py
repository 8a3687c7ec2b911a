# SPDX-License-Identifier: Apache-2.0
"""A floor, boxes on it, holes in it and a wall, seen by a camera that is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.ground.ground import FloorClasses
from tips_ros.perception.ground.plane import Plane
from tips_ros.perception.posed_frame import PosedFrame

FLOOR, WALL, BOX, LAMP = 3, 0, 41, 36
CLASSES = FloorClasses(np.arange(256) == FLOOR, np.arange(256) == LAMP)


@dataclass(frozen=True)
class Box:
    """From `low` to `high` (x ahead, y left, z up, metres from the foot of the camera)."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    label: int = BOX


@dataclass(frozen=True)
class FloorScene:
    """What a camera over z = 0 sees; `edge_m`: the floor ends there and goes on below.

    From `ramp_m` on it goes up by `ramp_deg`, or down, over its whole width or `ramp_wide_m` of it.
    """

    height_m: float = 0.5
    pitch_deg: float = -15.0
    roll_deg: float = 0.0
    hfov_deg: float = 63.0
    size: tuple[int, int] = (480, 640)
    wall_m: float = 5.0
    boxes: Sequence[Box] = ()
    edge_m: float | None = None
    below_m: float = 1.0
    below_label: int = WALL
    ramp_m: float | None = None
    ramp_deg: float = 0.0
    ramp_wide_m: float = np.inf

    @property
    def lens(self) -> Lens:
        """A pinhole."""
        height, width = self.size
        f = width / 2 / np.tan(np.radians(self.hfov_deg / 2))
        return Lens(Intrinsics(f, f, (width - 1) / 2, (height - 1) / 2, width, height))

    @property
    def level_from_optical(self) -> NDArray[np.float64]:
        """(3, 3) into x ahead, y left, z up."""
        pitch, roll = np.radians(self.pitch_deg), np.radians(self.roll_deg)
        ahead = np.array([np.cos(pitch), 0, np.sin(pitch)])
        right, down = np.array([0.0, -1, 0]), np.array([np.sin(pitch), 0, -np.cos(pitch)])
        x = np.cos(roll) * right + np.sin(roll) * down
        y = np.cos(roll) * down - np.sin(roll) * right
        return np.stack([x, y, ahead], axis=1)

    @property
    def plane(self) -> Plane:
        """The floor in the optical frame."""
        return Plane.of(self.level_from_optical[2], self.height_m)

    def frame(
        self,
        noise: float = 0.0,
        labels: bool = True,
        normals: bool = True,
        bend: float = 0.0,
        stamp_s: float = 0.0,
        seed: int = 0,
    ) -> PosedFrame:
        """What is seen; `bend` makes the depth greater by that part towards the lower corners."""
        k = self.lens.intrinsics
        v, u = np.mgrid[: k.height, : k.width]
        rays = np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(u.shape)], axis=-1)
        ways = rays @ self.level_from_optical.T
        depth = np.full(u.shape, np.inf)
        label = np.full(u.shape, WALL, np.uint8)
        facing = np.zeros((*u.shape, 3))

        def hit(at: NDArray[np.float64], where: NDArray[np.bool_], name: int, out: object) -> None:
            nearer = where & (at > 0) & (at < depth)
            depth[nearer], label[nearer], facing[nearer] = at[nearer], name, out

        eye = np.array([0.0, 0.0, self.height_m])
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.inf if self.edge_m is None else self.edge_m
            ends = ends if self.ramp_m is None else self.ramp_m
            for level, name in ((0.0, FLOOR), (-self.below_m, self.below_label)):
                at = (level - self.height_m) / ways[..., 2]
                ahead, aside = ways[..., 0] * at, np.abs(ways[..., 1] * at)
                goes_on = (level < 0) | (ahead < ends) | (aside > self.ramp_wide_m / 2)
                hit(at, goes_on, name, (0, 0, 1))
            if self.ramp_m is not None:
                rise = np.tan(np.radians(self.ramp_deg))
                at = (self.height_m + rise * self.ramp_m) / (rise * ways[..., 0] - ways[..., 2])
                out = np.array([-rise, 0, 1]) / np.hypot(rise, 1)
                inside = np.abs(ways[..., 1] * at) <= self.ramp_wide_m / 2
                hit(at, inside & (ways[..., 0] * at >= self.ramp_m), FLOOR, out)
            hit(self.wall_m / ways[..., 0], np.full(u.shape, True), WALL, (-1, 0, 0))
            for box in self.boxes:
                for axis in range(3):
                    for bound, sign in ((box.low[axis], -1), (box.high[axis], 1)):
                        at = (bound - eye[axis]) / ways[..., axis]
                        point = ways * at[..., None] + eye
                        rest = [one for one in range(3) if one != axis]
                        inside = np.ones(u.shape, np.bool_)
                        for one in rest:
                            inside &= (point[..., one] >= box.low[one] - 1e-9)
                            inside &= (point[..., one] <= box.high[one] + 1e-9)
                        out = np.zeros(3)
                        out[axis] = sign
                        hit(at, inside, box.label, out)
        rng = np.random.default_rng(seed)
        if bend:
            depth = depth * (1 + bend * ((u / k.width - 0.5) ** 2 * 4) * (v / k.height))
        depth = (depth * (1 + noise * rng.standard_normal(depth.shape))).astype(np.float32)
        seen = (facing @ self.level_from_optical).astype(np.float32)
        return PosedFrame(
            round(stamp_s * 1e9),
            depth_m=depth,
            stddev_m=noise * depth if noise else None,
            labels=label if labels else None,
            normals=seen if normals else None,
            lens=self.lens,
        )
