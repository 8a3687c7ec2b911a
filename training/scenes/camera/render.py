# SPDX-License-Identifier: Apache-2.0
"""Turns a scene into pictures with everything about each pixel known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from training.scenes.camera.sensor import Sensor
from training.scenes.light import gloss
from training.scenes.light.area_light import AreaLight
from training.scenes.light.irradiance import irradiance
from training.scenes.light.mesh import mesh
from training.scenes.light.quality import DRAFT, Quality
from training.scenes.light.rays import Hits, Rays
from training.scenes.light.sunlight import Sun
from training.scenes.surfaces.atlas import Atlas
from training.scenes.things import Thing

Array = NDArray[Any]

_AT_ONCE = 32_768  # rays whose numbers fit into a processor's cache
_GOOD_CAMERA = Sensor()


@dataclass(frozen=True)
class RenderedFrame:
    """A picture and the truth about it; optical frame: x right, y down, z forward.

    Attributes:
        rgb: (H, W, 3) uint8.
        depth_m: (H, W) float32, metres along z; NaN where no surface is.
        normals: (H, W, 3) float32, unit vectors in the optical frame, facing the camera; NaN
            where no surface is. On round things they are those of the round shape, not of the
            triangles that stand for it.
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


@dataclass(frozen=True)
class _Seen:
    """Surfaces that the pixels (N,) of a picture show, and their light (N, 3)."""

    depth: Array
    normals: Array
    owner: Array
    light: Array


class Renderer:
    """A scene that does not move, ready to be looked at; the first look computes its light."""

    def __init__(
        self,
        things: list[Thing],
        lights: list[AreaLight],
        quality: Quality = DRAFT,
        sun: Sun | None = None,
    ) -> None:
        """Put the things into one mesh.

        Raises:
            UserError: neither Open3D nor embreex is installed.
        """
        self._lights, self._quality, self._sun = lights, quality, sun
        self._mesh = mesh(things, quality.cell_m)
        self._rays = Rays(self._mesh.points, self._mesh.corners)
        materials = [thing.material for thing in things]
        self._atlas = Atlas(materials, quality.texel_m, quality.blend_levels)
        self._labels = np.array([thing.label for thing in things] + [255], np.uint8)

    @cached_property
    def _attributes(self) -> Array:
        """Texture coordinates, light and normals at the points of the mesh, (N, 8)."""
        albedo = self._atlas.mean()[self._mesh.owner]
        points, normals = self._mesh.points, self._mesh.normals
        sunlight = self._sun.on(points, normals, self._rays) if self._sun else None
        light = irradiance(self._mesh, self._rays, albedo, self._lights, self._quality, sunlight)
        return np.concatenate([self._mesh.uv, light, normals], axis=1)

    def render(
        self,
        camera: Intrinsics,
        world_from_camera: Array,
        seed: int,
        sensor: Sensor = _GOOD_CAMERA,
    ) -> RenderedFrame:
        """Look at the scene from an optical frame; `seed` is that of the sensor's noise."""
        shape = (camera.height, camera.width)
        v, u = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float32)
        if sensor.rolling:  # rows that are read later look elsewhere, and so does their truth
            u += np.float32(sensor.rolling) * (v - np.float32(camera.cy))
        pixels = np.column_stack([u.ravel(), v.ravel()])
        seen = self._look(camera, world_from_camera, pixels)
        edges = np.flatnonzero(_edges(seen.owner.reshape(shape), seen.normals.reshape(*shape, 3)))
        within = _within_pixel(self._quality.edge_rays)
        if len(within) > 1 and len(edges):
            finer = (pixels[edges, None] + within).reshape(-1, 2)
            again = self._look(camera, world_from_camera, finer).light
            # A lamp's own light would jag its edge: each ray counts as its pixel is shown.
            seen.light[edges] = np.minimum(again, 4).reshape(len(edges), -1, 3).mean(axis=1)
        if self._atlas.gloss.any():
            self._mirror(camera, world_from_camera, pixels, seen)
        return RenderedFrame(
            rgb=sensor.develop(seen.light.reshape(*shape, 3), np.random.default_rng(seed)),
            depth_m=seen.depth.reshape(shape),
            normals=seen.normals.reshape(*shape, 3),
            labels=self._labels[seen.owner].reshape(shape),
            intrinsics=camera,
            world_from_camera=world_from_camera,
        )

    def _look(self, camera: Intrinsics, pose: Array, pixels: Array) -> _Seen:
        """Cast a ray through each of the pixels (N, 2)."""
        parts = [
            self._look_at_once(camera, pose, pixels[start : start + _AT_ONCE])
            for start in range(0, len(pixels), _AT_ONCE)
        ]
        names = ("depth", "normals", "owner", "light")
        return _Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def _mirror(self, camera: Intrinsics, pose: Array, pixels: Array, seen: _Seen) -> None:
        """Adds to the light of glossy pixels (N, 2) what they mirror."""
        shine = np.where(seen.owner >= 0, self._atlas.gloss[seen.owner], 0)
        at = np.flatnonzero(shine > 0)
        if not len(at):
            return
        centre, focal = (camera.cx, camera.cy), (camera.fx, camera.fy)
        ways = np.column_stack([(pixels[at] - centre) / focal, np.ones(len(at))])
        turn = pose[:3, :3].T
        share = gloss.share_mirrored(ways, seen.normals[at], shine[at])
        normals = seen.normals[at] @ turn
        points = (ways * seen.depth[at, None]) @ turn + pose[:3, 3]
        onwards = gloss.mirrored_ways(ways @ turn, normals, points, shine[at])
        origins = (points + 0.004 * normals).astype(np.float32)
        found = np.zeros_like(seen.light)
        found[at] = np.minimum(self._light_along(origins, onwards, np.sqrt(np.prod(focal))), 4)
        size = (camera.height, camera.width)
        where, shine = (shine > 0).reshape(size), shine.reshape(size)
        soft = gloss.softened(found.reshape(*size, 3), where, shine).reshape(-1, 3)
        seen.light[at] += share[:, None] * soft[at]

    def _light_along(self, origins: Array, ways: Array, focal: float) -> Array:
        """Light (N, 3) that comes along rays, as a camera of `focal` px resolves it."""
        hits = self._rays.first(origins, ways)
        here = self._between(hits)
        owner = np.where(hits.triangle < 0, -1, self._mesh.owner[hits.triangle])
        distance = np.where(hits.triangle < 0, 1, hits.distance)
        albedo, glow = self._atlas.look_up(owner, here[:, :2], np.float32(2 * distance / focal))
        light = here[:, 2:5] + glow[:, None]
        if self._sun:
            points = origins + distance[:, None] * ways
            light += self._sun.on(points, _towards_camera(here[:, 5:], hits, ways), self._rays)
        light *= albedo
        light[hits.triangle < 0] = 0
        return np.asarray(light)

    def _between(self, hits: Hits) -> Array:
        """The attributes (N, 8) where rays hit triangles, between those of their corners."""
        corners = self._mesh.corners[hits.triangle]
        second, third = hits.weights[:, :1], hits.weights[:, 1:]
        here = self._attributes[corners[:, 0]] * (1 - second - third)
        here += self._attributes[corners[:, 1]] * second
        here += self._attributes[corners[:, 2]] * third
        return np.asarray(here)

    def _look_at_once(self, camera: Intrinsics, world_from_camera: Array, pixels: Array) -> _Seen:
        rotation = world_from_camera[:3, :3].astype(np.float32)
        ways = np.ones((len(pixels), 3), np.float32)  # z = 1, so that the ray length is the depth
        centre = np.array([camera.cx, camera.cy], np.float32)
        focal = np.array([camera.fx, camera.fy], np.float32)
        ways[:, :2] = (pixels - centre) / focal
        world_ways = ways @ rotation.T
        hits = self._rays.first(world_from_camera[:3, 3].astype(np.float32), world_ways)
        nothing = hits.triangle < 0
        here = self._between(hits)
        facing = _towards_camera(here[:, 5:], hits, world_ways)
        normals = facing @ rotation
        depth = np.where(nothing, np.float32(np.nan), hits.distance)
        # A slanted surface is averaged between what its near and its far direction ask for.
        slant = np.sqrt(np.clip(-normals[:, 2], 0.1, 1))
        footprint = np.where(nothing, 1, hits.distance) / np.sqrt(camera.fx * camera.fy) / slant
        owner = np.where(nothing, -1, self._mesh.owner[hits.triangle])
        albedo, glow = self._atlas.look_up(owner, here[:, :2], footprint)
        arriving = here[:, 2:5] + glow[:, None]
        if self._sun:
            points = world_from_camera[:3, 3].astype(np.float32) + depth[:, None] * world_ways
            arriving += self._sun.on(points, facing, self._rays)
        light = albedo * arriving
        light[nothing], normals[nothing] = 0, np.nan
        return _Seen(depth, normals, owner, light)


def _towards_camera(normals: Array, hits: Hits, ways: Array) -> Array:
    """Smooth unit normals (N, 3), turned to the side from which the ray comes."""
    side = np.einsum("nc,nc->n", hits.normals, normals) * np.einsum("nc,nc->n", hits.normals, ways)
    normals = np.where(side[:, None] > 0, -normals, normals)
    # Near the outline of a round thing the smooth normal may point a little away; lay it flat.
    along = np.einsum("nc,nc->n", normals, ways) / np.einsum("nc,nc->n", ways, ways)
    normals -= np.maximum(along, 0)[:, None] * ways
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9))


def _edges(owner: Array, normals: Array) -> Array:
    """Pixels beside another thing or a fold, which need more than one ray."""
    edges = np.zeros(owner.shape, bool)
    for axis in (0, 1):
        differs = np.diff(owner, axis=axis) != 0
        differs |= (np.diff(normals, axis=axis) ** 2).sum(axis=-1) > 0.25
        pad = [(0, 0), (0, 0)]
        for pad[axis] in ((0, 1), (1, 0)):
            edges |= np.pad(differs, pad)
    return edges


def _within_pixel(count: int) -> Array:
    """Offsets (count, 2) from the centre of a pixel, evenly spread."""
    if count == 2:
        return np.array([(-0.25, -0.25), (0.25, 0.25)], np.float32)
    side = round(count**0.5)
    steps = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
