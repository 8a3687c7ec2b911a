# SPDX-License-Identifier: Apache-2.0
"""Turns the sample room into pictures with everything about each pixel known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.demo.scene.lighting import AreaLight, direct_light, reflected_light
from tips_ros.demo.scene.things import Thing
from tips_ros.errors import UserError
from tips_ros.perception.camera import Intrinsics

Array = NDArray[Any]


_AT_ONCE = 40_000  # rays whose numbers fit into a processor's cache


@dataclass(frozen=True)
class RenderedFrame:
    """A picture and the truth about it; optical frame: x right, y down, z forward.

    Attributes:
        rgb: (H, W, 3) uint8.
        depth_m: (H, W) float32, metres along z; NaN where no surface is.
        normals: (H, W, 3) float32, unit vectors in the optical frame, facing the camera.
        labels: (H, W) uint8, ADE20K ids from 0; 255 is unlabelled.
        intrinsics: of the camera.
        world_from_camera: (4, 4) pose of the optical frame.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    normals: NDArray[np.float32]
    labels: NDArray[np.uint8]
    intrinsics: Intrinsics
    world_from_camera: NDArray[np.float64]


class _Hits(NamedTuple):
    """What N rays meet: depth along z, triangle (-1 for none), its two weights, its normal."""

    depth: Array
    triangle: Array
    weights: Array
    normals: Array


class Renderer:
    """A scene that does not move, ready to be looked at; the first look computes its light."""

    def __init__(self, things: list[Thing], lights: list[AreaLight]) -> None:
        """Put the things into one mesh.

        Raises:
            UserError: Open3D is not installed.
        """
        try:
            import open3d
        except (ImportError, OSError) as error:
            raise UserError(
                f"the sample room needs Open3D ({error}); install it with `pip install open3d`"
            ) from error
        self._lights = lights
        self._materials = [thing.material for thing in things]
        points, uv, normals, corners, owner = [], [], [], [], []
        count = 0
        for index, thing in enumerate(things):
            for patch in thing.shape:
                rows, columns, _ = patch.points.shape
                at = np.arange(rows * columns).reshape(rows, columns) + count
                a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]
                for triangles in (np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)):
                    corners.append(triangles.reshape(-1, 3))
                    owner.append(np.full(len(corners[-1]), index, np.int16))
                points.append(patch.points.reshape(-1, 3))
                uv.append(patch.uv.reshape(-1, 2))
                normals.append(patch.normals.reshape(-1, 3))
                count += rows * columns
        self._points, self._uv = np.float32(np.concatenate(points)), np.float32(np.concatenate(uv))
        self._normals, self._corners = np.float32(np.concatenate(normals)), np.concatenate(corners)
        self._owner = np.concatenate(owner)
        self._labels = np.array([thing.label for thing in things] + [255], np.uint8)
        self._tensor = open3d.core.Tensor
        self._scene = open3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            self._tensor(self._points),
            self._tensor(self._corners.astype(np.uint32)),
        )

    @cached_property
    def _attributes(self) -> Array:
        """Texture coordinates and light at the corners of the triangles, (T, 3, 5)."""
        albedo = np.stack([material.mean for material in self._materials])[self._owner]
        surface = (self._scene, self._points, self._normals)
        light = direct_light(*surface, self._lights)
        light += reflected_light(*surface, self._corners, albedo, light)
        return np.concatenate([self._uv, light], axis=1)[self._corners]

    def render(self, camera: Intrinsics, world_from_camera: Array, seed: int) -> RenderedFrame:
        """Look at the scene; `seed` is that of the sensor's noise."""
        v, u = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float32)
        pixels = np.column_stack([u.ravel(), v.ravel()])
        shape = (camera.height, camera.width)
        hits, light = self._look(camera, world_from_camera, pixels)
        owner = np.where(hits.triangle >= 0, self._owner[hits.triangle], -1)
        edges = np.flatnonzero(_edges(owner.reshape(shape), hits.normals.reshape(*shape, 3)))
        quarters = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)]
        finer = (pixels[edges, None] + np.array(quarters, np.float32)).reshape(-1, 2)
        _, again = self._look(camera, world_from_camera, finer)
        light[edges] = again.reshape(-1, 4, 3).mean(axis=1)
        return RenderedFrame(
            rgb=_develop(light.reshape(*shape, 3), seed),
            depth_m=hits.depth.reshape(shape),
            normals=hits.normals.reshape(*shape, 3),
            labels=self._labels[owner].reshape(shape),
            intrinsics=camera,
            world_from_camera=world_from_camera,
        )

    def _look(self, camera: Intrinsics, pose: Array, pixels: Array) -> tuple[_Hits, Array]:
        """Cast a ray through each of the pixels (N, 2): what it hits and its linear RGB (N, 3)."""
        hits, light = [], []
        for start in range(0, len(pixels), _AT_ONCE):
            hits.append(self._cast(camera, pose, pixels[start : start + _AT_ONCE]))
            light.append(self._shade(hits[-1], camera.fx))
        return _Hits(*map(np.concatenate, zip(*hits, strict=True))), np.concatenate(light)

    def _cast(self, camera: Intrinsics, world_from_camera: Array, pixels: Array) -> _Hits:
        rotation = world_from_camera[:3, :3].astype(np.float32)
        rays = np.empty((len(pixels), 6), np.float32)
        ways = np.ones((len(pixels), 3), np.float32)  # z = 1, so that the ray length is the depth
        centre = np.array([camera.cx, camera.cy], np.float32)
        focal = np.array([camera.fx, camera.fy], np.float32)
        ways[:, :2] = (pixels - centre) / focal
        rays[:, :3], rays[:, 3:] = world_from_camera[:3, 3], ways @ rotation.T
        found = self._scene.cast_rays(self._tensor(rays))
        answer = {key: value.numpy() for key, value in found.items()}
        hit = np.isfinite(answer["t_hit"])
        normals = answer["primitive_normals"] @ rotation
        away = np.einsum("nc,nc->n", normals, ways) > 0
        normals[away] *= -1
        normals[~hit] = np.nan
        return _Hits(
            np.where(hit, answer["t_hit"], np.float32(np.nan)),
            np.where(hit, answer["primitive_ids"].astype(np.int64), -1),
            answer["primitive_uvs"],
            normals,
        )

    def _shade(self, hits: _Hits, focal_px: float) -> Array:
        """Linear RGB (N, 3) that the hit surfaces send to the camera."""
        second, third = hits.weights.T
        weights = np.column_stack([1 - second - third, second, third])
        corners = self._attributes.take(hits.triangle, axis=0, mode="wrap")
        mixed = np.einsum("nk,nkc->nc", weights, corners)
        uv, light = mixed[:, :2], mixed[:, 2:]
        # A slanted surface is averaged between what its near and its far direction ask for.
        footprint = hits.depth / focal_px / np.sqrt(np.clip(-hits.normals[:, 2], 0.1, 1))
        owner = np.where(hits.triangle >= 0, self._owner[hits.triangle], -1)
        result = np.zeros((len(owner), 3), np.float32)
        order = np.argsort(owner, kind="stable")
        for pick in np.split(order, np.flatnonzero(np.diff(owner[order])) + 1):
            if (index := owner[pick[0]]) >= 0:
                material = self._materials[index]
                albedo = material.at(uv[pick], footprint[pick])
                result[pick] = albedo * (light[pick] + material.glow)
        return result


def _edges(owner: Array, normals: Array) -> Array:
    """Pixels beside another thing or a fold, which need more than one ray."""
    edges = np.zeros(owner.shape, bool)
    for axis in (0, 1):
        differs = np.diff(owner, axis=axis) != 0
        differs |= np.abs(np.diff(normals, axis=axis)).max(axis=-1) > 0.4
        pad = [(0, 0), (0, 0)]
        for pad[axis] in ((0, 1), (1, 0)):
            edges |= np.pad(differs, pad)
    return edges


def _develop(light: Array, seed: int) -> NDArray[np.uint8]:
    """From linear light to the picture of a mediocre camera: soft, darker corners, grainy."""
    height, width = light.shape[:2]
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = cv2.GaussianBlur(light, (0, 0), 0.5) * (1 - 0.12 * (x**2 + y**2)[..., None])
    light = np.maximum(light, 0) * 1.35
    shown = (light * (1 + light / 6) / (1 + light)) ** (1 / 2.2)
    grain = np.random.default_rng(seed).standard_normal((height, width, 3), np.float32)
    return ((shown + 0.008 * grain) * 255).clip(0, 255).astype(np.uint8)
