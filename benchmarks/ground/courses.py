# SPDX-License-Identifier: Apache-2.0
"""The truth of rendered courses: heights, clean floor, things, and the scan that is right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.datasets.rendered import Rendered
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.ground.cells import Cells, divide
from tips_ros.perception.ground.level_scan import LevelScan, level_scan
from tips_ros.perception.ground.obstacles import Split
from tips_ros.perception.ground.plane import Plane
from tips_ros.perception.ground.settings import GroundSettings
from tips_ros.perception.posed_frame import PosedFrame

FLOOR_LABELS = (3, 28)  # floor, rug
_STRUCTURE = (0, 3, 5, 8, 14, 28)  # walls, floor, ceiling, windows, doors, rugs are no things
_NEAR_M = 3.0
_FLAT_M = 0.01
_LEAST_PIXELS = 30  # of a thing's upper part, or it isn't seen

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thing:
    """One thing that was laid on the floor and is seen."""

    kind: str
    height_m: float
    range_m: float  # along the floor, to the nearest of it
    pixels: NDArray[np.int64]  # into the flat image


@dataclass(frozen=True)
class Course:
    """A frame and its truth; images are (H, W).

    Attributes:
        sample: picture, depth, normals, labels.
        plane: the true one.
        height_m: of each pixel above the floor.
        clean: floor within 3 m on which nothing is.
        area_m2: of the floor that a pixel covers.
        low: pixels of things 5 to 40 cm above the floor within 2 m.
        things: laid on the floor.
        ramps: pixels of them; not clean floor, and nothing that stands on it.
        has_ramp: whether one was laid, seen or not.
    """

    sample: Sample
    plane: Plane
    height_m: NDArray[np.float32]
    clean: Mask
    area_m2: NDArray[np.float32]
    low: Mask
    things: list[Thing]
    ramps: list[NDArray[np.int64]]
    has_ramp: bool

    @property
    def labels(self) -> NDArray[np.uint8]:
        """The labels of the sample, which has them."""
        assert self.sample.labels is not None
        return self.sample.labels

    def standing(self, least_m: float = _FLAT_M) -> Mask:
        """(H, W) what is higher than that and no floor."""
        return (self.height_m > least_m) & ~np.isin(self.labels, FLOOR_LABELS)

    def scan(self, settings: GroundSettings) -> tuple[LevelScan, Cells]:
        """The right answer: the scan of the true depth and heights."""
        sample = self.sample
        assert sample.depth_m is not None and sample.intrinsics is not None
        cells = divide(PosedFrame(0, depth_m=sample.depth_m, lens=Lens(sample.intrinsics)))
        middle = slice(cells.side // 2, None, cells.side)
        rows, columns = cells.shape
        high = self.height_m[middle, middle][:rows, :columns].astype(np.float32)
        standing = self.standing(settings.scan_min_height_m)[middle, middle][:rows, :columns]
        obstacle = standing & (high < settings.scan_max_height_m)
        parts = Split(obstacle, np.zeros_like(obstacle), ~obstacle & (np.abs(high) < 0.02),
                      high, np.zeros_like(high), 0.0)  # fmt: skip
        return level_scan(cells, parts, self.plane, settings), cells


def courses(folder: Path, most: int | None = None) -> Iterator[Course]:
    """The courses of a folder that `training.render_courses` wrote."""
    laid = json.loads((folder / "courses.json").read_text())
    for number, sample in enumerate(Rendered(folder)):
        if most is not None and number >= most:
            return
        yield _course(sample, laid[sample.name])


def _course(sample: Sample, told: dict[str, Any]) -> Course:
    depth, labels, k = sample.depth_m, sample.labels, sample.intrinsics
    pose = sample.world_from_camera
    assert depth is not None and labels is not None and k is not None and pose is not None
    v, u = np.mgrid[: k.height, : k.width]
    rays = np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(u.shape)], axis=-1)
    world = (rays * depth[..., None]) @ pose[:3, :3].T + pose[:3, 3]
    high = world[..., 2].astype(np.float32)
    plane = Plane.of(pose[2, :3], pose[2, 3])
    is_floor = np.isin(labels, FLOOR_LABELS)
    with np.errstate(invalid="ignore"):
        clean = is_floor & (np.abs(high) < _FLAT_M) & (depth < _NEAR_M)
        low = (high > 0.05) & (high < 0.4) & (depth < 2.0) & ~np.isin(labels, _STRUCTURE)
    area = np.where(clean, depth**3 / (plane.height_m * k.fx * k.fy), 0).astype(np.float32)
    things, ramps = [], []
    for one in told["laid"]:
        inside = _inside(world[..., :2], np.asarray(one["outline"]))
        if one["kind"] == "ramp":
            ramp = inside & (labels == FLOOR_LABELS[0]) & (high > 0.005)
            if np.count_nonzero(ramp) > 100:
                ramps.append(np.flatnonzero(ramp))
            continue
        # A rug that it lies on is no part of it.
        inside &= (high > 0.003) & (high < one["height_m"] + 0.01) & ~is_floor
        if np.count_nonzero(inside & (high > 0.6 * one["height_m"])) < _LEAST_PIXELS:
            continue
        away = world[inside][:, :2] - pose[:2, 3]
        things.append(Thing(one["kind"], one["height_m"], float(np.hypot(*away.T).min()),
                            np.flatnonzero(inside)))  # fmt: skip
    has_ramp = any(one["kind"] == "ramp" for one in told["laid"])
    return Course(sample, plane, high, clean, area, low, things, ramps, has_ramp)


def _inside(places: NDArray[Any], outline: NDArray[Any], margin_m: float = 0.01) -> Mask:
    """(H, W) which of the places (H, W, 2) are in the rectangle (4, 2)."""
    middle, found = outline.mean(axis=0), np.ones(places.shape[:2], np.bool_)
    for edge in (outline[1] - outline[0], outline[3] - outline[0]):
        length = float(np.linalg.norm(edge))
        found &= np.abs((places - middle) @ (edge / length)) < length / 2 + margin_m
    return found


def regions(mask: Mask) -> list[Mask]:
    """The connected pieces of a mask."""
    count, numbers = cv2.connectedComponents(mask.astype(np.uint8))
    return [numbers == number for number in range(1, count)]
