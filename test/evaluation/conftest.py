# SPDX-License-Identifier: Apache-2.0
"""A world whose truth is known in closed form, and a dataset made of samples in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Sample
from tips_ros.model.variants import VitConfig
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.description import ModelDescription


@dataclass(frozen=True)
class SamplesInMemory:
    """A `Dataset`."""

    samples: list[Sample]
    class_names: Mapping[int, str] = field(default_factory=dict)
    depth_protocol: DepthProtocol = DepthProtocol(0.001, 10.0)
    name: str = "in memory"

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)


@pytest.fixture
def dataset() -> type[SamplesInMemory]:
    return SamplesInMemory


@pytest.fixture
def description() -> ModelDescription:
    """Of a model that was trained with a camera of fx / width = 1."""
    vit = VitConfig(64, 4, 4, "mlp", 256, pos_grid=4)
    classes = ClassList(("wall", "floor"))
    return ModelDescription("tiny", "tiny", (56, 56), classes, vit, focal_ratio=1.0)


CAMERA = Intrinsics(60.0, 62.0, 31.0, 24.0, 64, 48)


@pytest.fixture
def photograph() -> Callable[..., Sample]:
    """photograph(pose, stamp_s): the slanted plane y + 0.3 z = 2, in stripes of 0.4 m along x."""

    def take(world_from_camera: np.ndarray, stamp_s: float = 0.0, sequence: str = "walk") -> Sample:
        v, u = np.mgrid[: CAMERA.height, : CAMERA.width].astype(np.float64)
        rays = np.stack(
            [(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, np.ones_like(u)], axis=-1
        )
        rotation, origin = world_from_camera[:3, :3], world_from_camera[:3, 3]
        plane = np.array([0.0, 1.0, 0.3])
        slope = rays @ rotation.T @ plane
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (2.0 - origin @ plane) / slope
        depth[~((depth > 0) & (depth < 30))] = np.nan
        points = depth[..., None] * (rays @ rotation.T) + origin
        stripes = np.floor(np.nan_to_num(points[..., 0]) / 0.4).astype(np.int64) % 3
        labels = np.where(np.isfinite(depth), stripes, 255).astype(np.uint8)
        normal = -plane @ rotation / np.linalg.norm(plane)  # in the optical frame, to the camera
        return Sample(
            f"{sequence} at {stamp_s:g} s",
            np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8),
            depth.astype(np.float32),
            np.broadcast_to(normal, (*depth.shape, 3)).astype(np.float32),
            labels,
            CAMERA,
            sequence,
            stamp_s,
            world_from_camera,
        )

    return take


@pytest.fixture
def walk(photograph: Callable[..., Sample]) -> list[Sample]:
    """Five frames of a camera that moves right and forward and turns, 0.1 s apart."""
    frames = []
    for step in range(5):
        angle = 0.02 * step
        pose = np.eye(4)
        pose[:3, :3] = [
            [np.cos(angle), 0, np.sin(angle)],
            [0, 1, 0],
            [-np.sin(angle), 0, np.cos(angle)],
        ]
        pose[:3, 3] = [0.05 * step, 0.01 * step, 0.08 * step]
        frames.append(photograph(pose, 0.1 * step))
    return frames
