# SPDX-License-Identifier: Apache-2.0
"""The floor under one camera, frame by frame, and what stands on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud
from tips_ros.perception.ground.bend import fit_bend, plane_inverse_depth
from tips_ros.perception.ground.candidates import Candidates, Up, floor_candidates
from tips_ros.perception.ground.cell_cloud import cell_points, pick
from tips_ros.perception.ground.cells import BoolArray, Cells, Float32Array, divide, spread_squares
from tips_ros.perception.ground.fit.floor_fit import fit_floor
from tips_ros.perception.ground.follower import Floor, FloorFollower
from tips_ros.perception.ground.level_scan import LevelScan, level_scan, unseen_scan
from tips_ros.perception.ground.obstacles import LIKE_FLOOR, Split, split
from tips_ros.perception.ground.plane import Plane
from tips_ros.perception.ground.settings import GroundSettings
from tips_ros.perception.posed_frame import PosedFrame


@dataclass(frozen=True)
class FloorClasses:
    """Class ids by what they mean; each (256,) bool.

    Attributes:
        floor: where one may drive: floor, rug, pavement, ….
        ignored: never an obstacle.
    """

    floor: NDArray[np.bool_]
    ignored: NDArray[np.bool_]


class Ground:
    """One camera's floor over time; from one thread."""

    def __init__(self, settings: GroundSettings | None = None) -> None:
        self.settings = settings or GroundSettings()
        self._follower = FloorFollower(self.settings.max_held_s, self.settings.max_held_m)

    def use(self, settings: GroundSettings) -> None:
        """Uses other settings from the next frame on; the floor stays what it is."""
        if settings != self.settings:
            self.settings = settings
            self._follower.limit(settings.max_held_s, settings.max_held_m)

    def look(self, frame: PosedFrame, classes: FloorClasses, up: Up | None = None) -> GroundView:
        """One more frame.

        Args:
            frame: with depth and a lens; labels, normals, deviation and pose where there are any.
            classes: what its labels mean.
            up: as far as known beside the frame.

        Raises:
            ValueError: a frame without depth, or without a calibrated camera.
        """
        known, lens = up or Up(), frame.lens
        cells = divide(frame)
        assert lens is not None  # or it could not be divided
        found = floor_candidates(cells, classes.floor, known, self.settings.max_range_m)
        fit = fit_floor(found, known, cells)
        floor = self._follower.follow(frame.stamp_ns / 1e9, fit, frame.world_from_camera)
        return GroundView(cells, found, floor, classes, self.settings, known, lens)

    def reset(self) -> None:
        """Forgets the floor, as when time jumps back."""
        self._follower.reset()


@dataclass(frozen=True)
class GroundView:
    """One frame's floor, and what stands on it as far as somebody asks."""

    cells: Cells
    found: Candidates
    floor: Floor
    classes: FloorClasses
    settings: GroundSettings
    up: Up
    lens: Lens
    # The floor as somebody knows it who did not look, for heights where none is seen.
    told: Plane | None = None
    # Of the picture that a cloud was last asked for with: its clouds share the points.
    _points: list[tuple[NDArray[np.uint8] | None, Cloud]] = field(
        default_factory=list, init=False, repr=False
    )

    @cached_property
    def surface(self) -> Float32Array:
        """(h, w) 1 / metres of the floor in each cell, its bend included where it is seen.

        Raises:
            ValueError: no floor.
        """
        plane = self.floor.plane
        if plane is None:
            raise ValueError("there is no floor")
        surface = plane_inverse_depth(plane, self.cells.rays)
        if self.floor.status != "seen":
            return surface
        found, fit = self.found, self.floor.fit
        level = None if fit is None else fit.level
        if fit is not None and fit.rise is not None:  # the bend is that of all levels
            found = replace(found, inverse_depth=found.inverse_depth / fit.rise)
        return surface * (1 + fit_bend(found, plane, self.cells.shape, level))

    @cached_property
    def parts(self) -> Split | None:
        """The kinds of the cells; None without a floor."""
        plane = self.floor.plane
        if plane is None:
            return None
        noise: Float32Array | float = 0.0
        if self.floor.status != "seen":
            with np.errstate(divide="ignore", invalid="ignore"):
                ranges = 1 / np.maximum(self.cells.inverse_depth, 1e-3)
            noise = self.floor.deviation_m(np.nan_to_num(ranges))
        return split(
            self.cells,
            self.surface,
            plane,
            self.classes.floor,
            self.classes.ignored,
            self.settings,
            noise,
            self._reach,
            self._rug_m,
        )

    @property
    def _reach(self) -> float:
        """The distance from the surface up to which floor tells noise: short of another level."""
        fit = self.floor.fit
        if fit is None or fit.level is None:
            return LIKE_FLOOR
        return min(LIKE_FLOOR, max(4 * fit.residual, 0.03))

    @property
    def _rug_m(self) -> Float32Array | float:
        """(h, w) height of the floor's levels that are too low for an obstacle."""
        fit, plane = self.floor.fit, self.floor.plane
        if fit is None or fit.rise is None or plane is None or self.found.labelled.any():
            return 0.0  # a label tells what is a rug, and floor has to stand out farther
        heights = plane.height_m * (1 - 1 / fit.rise)
        is_low = (heights > 0) & (heights < self.settings.obstacle_min_height_m)
        return spread_squares(self.found.at[is_low], heights[is_low], self.cells.shape)

    @cached_property
    def scan(self) -> LevelScan:
        """The nearest obstacle by bearing; nothing is seen of a frame without a floor."""
        if self.parts is None or self.floor.plane is None:
            return unseen_scan(self.cells)
        return level_scan(self.cells, self.parts, self.floor.plane, self.settings)

    def ground_cloud(self, rgb: NDArray[np.uint8] | None = None) -> Cloud:
        """The floor, a point for a cell: (N,) CLOUD_DTYPE in the optical frame."""
        return self._cloud(None if self.parts is None else self.parts.ground, rgb)

    def obstacle_cloud(self, rgb: NDArray[np.uint8] | None = None) -> Cloud:
        """Points that stand on the floor: (N,) CLOUD_DTYPE in the optical frame.

        Of a drop the points are where the floor would be, as an obstacle there.
        """
        if self.parts is None:
            return self._cloud(None, rgb)
        cloud = self._cloud(self.parts.obstacle, rgb)
        if not self.parts.drop.any():
            return cloud
        ends = self._cloud(self.parts.drop, rgb, self.surface)
        # As bytes: numpy joins points field by field.
        return np.concatenate([cloud.view(np.uint8), ends.view(np.uint8)]).view(CLOUD_DTYPE)

    def between_heights(
        self, depth_m: NDArray[np.float32] | None, low_m: float, high_m: float
    ) -> BoolArray | None:
        """(H, W) whether a pixel is between two heights above the floor; None without a floor.

        Where none is seen or held, above the one that was told.

        Args:
            depth_m: (H, W) of the frame.
            low_m, high_m: ends included; infinite where there is none.
        """
        plane = self.floor.plane or self.told
        if plane is None or depth_m is None:
            return None
        rises = _rises(self.lens, plane.up)
        with np.errstate(invalid="ignore"):
            heights = rises * depth_m
            heights += np.float32(plane.height_m)
            return (heights >= np.float32(low_m)) & (heights <= np.float32(high_m))

    def _cloud(
        self,
        which: BoolArray | None,
        rgb: NDArray[np.uint8] | None,
        inverse: Float32Array | None = None,
    ) -> Cloud:
        if which is None:
            return np.empty(0, CLOUD_DTYPE)
        if not self._points or self._points[0][0] is not rgb:
            self._points[:] = [(rgb, cell_points(self.cells, rgb))]
        return pick(
            self._points[0][1], which, self.cells.inverse_depth if inverse is None else inverse
        )


def _rises(lens: Lens, up: tuple[float, float, float]) -> Float32Array:
    """(H, W) how much each pixel's ray rises for a metre of depth."""
    x, y, z = (np.float32(part) for part in up)
    if lens.is_pinhole:
        k = lens.intrinsics
        across = (np.arange(k.width, dtype=np.float32) - np.float32(k.cx)) / np.float32(k.fx)
        down = (np.arange(k.height, dtype=np.float32) - np.float32(k.cy)) / np.float32(k.fy)
        return np.asarray((x * across)[None, :] + (y * down + z)[:, None], np.float32)
    rays = lens.rays()
    return np.asarray(rays[..., 0] * x + rays[..., 1] * y + z, np.float32)
