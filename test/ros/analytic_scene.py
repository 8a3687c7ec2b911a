# SPDX-License-Identifier: Apache-2.0
"""A plane and a sphere at 2 m whose every depth is known, seen through any lens, by OpenCV.

Nothing of the package's own geometry is used here, so that it can be judged by it.

Convention: the optical frame of the camera, x right, y down, z forward, metres.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import torch
from sensor_msgs.msg import CameraInfo
from torch import nn

from .example_messages import header_at

FISHEYE = ("equidistant", "fisheye")
_CONVERGED, _STEPS = 1e-11, 500


@dataclass(frozen=True)
class Scene:
    """A sphere before a tilted wall."""

    wall_point: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.0, 2.2]))
    wall_normal: np.ndarray = field(default_factory=lambda: np.array([0.10, -0.15, -1.0]))
    centre: np.ndarray = field(default_factory=lambda: np.array([0.15, -0.10, 2.4]))
    radius: float = 0.4

    def turned(self, matrix: np.ndarray) -> Scene:
        """As a camera sees it in whose frame a point is ``matrix @ p``."""
        return replace(
            self,
            wall_point=matrix @ self.wall_point,
            wall_normal=matrix @ self.wall_normal,
            centre=matrix @ self.centre,
        )

    def seen_along(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(H, W, 3) rays (x, y, 1) → depth along z (H, W), normals facing the camera, is sphere."""
        wall_normal = self.wall_normal / np.linalg.norm(self.wall_normal)
        depth_m = (self.wall_point @ wall_normal) / (rays @ wall_normal)
        # |z ray - centre| = radius, the nearer of the two.
        a = (rays**2).sum(-1)
        b = rays @ self.centre
        c = self.centre @ self.centre - self.radius**2
        inside = b**2 - a * c
        sphere = inside > 0
        depth_m = np.where(sphere, (b - np.sqrt(np.maximum(inside, 0))) / a, depth_m)
        around = (rays * depth_m[..., None] - self.centre) / self.radius
        normals = np.where(sphere[..., None], around, wall_normal)
        return depth_m, normals, sphere

    def distance_m(self, points: np.ndarray, sphere: np.ndarray) -> np.ndarray:
        """(H, W) from points to the surface that they should be on."""
        wall_normal = self.wall_normal / np.linalg.norm(self.wall_normal)
        to_wall = np.abs((points - self.wall_point) @ wall_normal)
        to_sphere = np.abs(np.linalg.norm(points - self.centre, axis=-1) - self.radius)
        return np.where(sphere, to_sphere, to_wall)


def about_z(degrees: int) -> np.ndarray:
    """(3, 3) that turns x towards y: clockwise in a picture."""
    return np.round(cv2.Rodrigues(np.array([0.0, 0.0, np.radians(degrees)]))[0])


def sensor_pixels(info: CameraInfo, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 2) places on the full, unbinned sensor of the centres of an output's pixels.

    An output pixel covers a rectangle of the sensor; its centre is that rectangle's.
    """
    width, height = info.roi.width or info.width, info.roi.height or info.height
    left, top = info.roi.x_offset - 0.5, info.roi.y_offset - 0.5  # outer edges
    v, u = np.mgrid[: size[0], : size[1]] + 0.5
    return np.stack([left + u * width / size[1], top + v * height / size[0]], axis=-1)


def rays_of(info: CameraInfo, size: tuple[int, int], rectified: bool = False) -> np.ndarray:
    """(H, W, 3) rays (x, y, 1) of an output's pixels: those that OpenCV projects onto them."""
    pixels = sensor_pixels(info, size)
    matrix, _ = _lens(info, rectified)
    focal, centre = matrix[[0, 1], [0, 1]], matrix[:2, 2]
    rays = np.dstack([(pixels - centre) / focal, np.ones(size)])
    for _ in range(_STEPS):
        missed = (projected(info, rays, rectified) - pixels) / focal
        if np.abs(missed).max() < _CONVERGED:
            return rays
        rays[..., :2] -= missed
    raise AssertionError(f"no rays for {info.distortion_model} {list(info.d)}")


def projected(info: CameraInfo, points: np.ndarray, rectified: bool = False) -> np.ndarray:
    """(H, W, 3) points → (H, W, 2) where the full sensor sees them, by OpenCV."""
    matrix, d = _lens(info, rectified)
    flat = points.astype(np.float64).reshape(-1, 1, 3)
    project = cv2.projectPoints
    if info.distortion_model in FISHEYE and not rectified:
        project = cv2.fisheye.projectPoints
    return project(flat, np.zeros(3), np.zeros(3), matrix, d)[0].reshape(*points.shape[:2], 2)


def _lens(info: CameraInfo, rectified: bool) -> tuple[np.ndarray, np.ndarray]:
    if rectified:
        return np.array(info.p).reshape(3, 4)[:, :3], np.zeros(4)
    return np.array(info.k).reshape(3, 3), np.array(info.d)


class Shown(nn.Module):
    """A head that says what it was told to, whatever it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.map: torch.Tensor | None = None

    def forward(self, layers: Any, evidence: bool = False) -> torch.Tensor:
        assert self.map is not None, "nothing is shown yet"
        if not evidence:
            return self.map
        one = torch.ones_like(self.map)
        return torch.cat([self.map, 2e5 * one, 0.1 * one, 0.05 * one], dim=1)  # as of a real head


class Stage:
    """Puts scenes before a node's network: its heads answer with the truth."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        model = graph.node.predictor.model
        self._depth, self._normals = Shown(), Shown()
        model.depth, model.normals = self._depth, self._normals
        self._segmentation = Shown()
        self.looked_at: list[torch.Tensor] = []  # (1, 3, h, w), what the network saw
        model.backbone.register_forward_pre_hook(lambda _, given: self.looked_at.append(given[0]))

    def show(self, depth_m: np.ndarray, normals: np.ndarray) -> None:
        """Sets what the heads say from now on, of an upright picture at the size of its outputs.

        At that size nothing is resized on the way out. TIPS' normals point away from the camera.
        """
        self._depth.map = torch.from_numpy(depth_m.astype(np.float32).copy())[None, None]
        away = -normals.astype(np.float32).transpose(2, 0, 1)
        self._normals.map = torch.from_numpy(away.copy())[None]

    def show_labels(self, labels: np.ndarray) -> None:
        """(H, W) ids of the model's own classes that its segmentation head says from now on."""
        predictor = self._graph.node.predictor
        ids = np.array(predictor.model_label_space.classes.ids)
        logits = np.where(labels == ids[:, None, None], 10.0, 0.0).astype(np.float32)
        self._segmentation.map = torch.from_numpy(logits)[None]
        predictor.model.segmentation = self._segmentation


def calibration(
    width: int = 160,
    height: int = 120,
    model: str = "plumb_bob",
    d: tuple[float, ...] = (0.0,) * 5,
    focal: tuple[float, float] = (150.0, 148.0),
    centre: tuple[float, float] = (77.3, 61.8),
) -> CameraInfo:
    """Of a camera whose centre is not in the middle and whose pixels are not quite square."""
    (fx, fy), (cx, cy) = focal, centre
    return CameraInfo(
        header=header_at(1),
        width=width,
        height=height,
        distortion_model=model,
        d=list(d),
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
