# SPDX-License-Identifier: Apache-2.0
"""What the things of the sample room are made of: painted textures, drawn by rule and seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Material:
    """A repeating picture of a surface.

    Attributes:
        albedo: (h, w, 3) linear RGB, 0..1.
        tile: width and height that the picture covers, in units of the texture coordinates.
        glow: light given off, as a multiple of the albedo; 0 for most things.
    """

    albedo: Array
    tile: tuple[float, float] = (1.0, 1.0)
    glow: float = 0.0
    _levels: list[Array] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        height, width = (1 << int(np.ceil(np.log2(n))) for n in self.albedo.shape[:2])
        # Powers of two, so that the coarser levels stay in place.
        level = cv2.resize(np.ascontiguousarray(self.albedo, np.float32), (width, height))
        self._levels.append(level.reshape(height, width, 3))
        while max(level.shape[:2]) > 1:
            size = (max(1, level.shape[1] // 2), max(1, level.shape[0] // 2))
            level = cv2.resize(level, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3)
            self._levels.append(level)

    @property
    def mean(self) -> Array:
        """Mean albedo, (3,)."""
        return self._levels[-1][0, 0]

    def at(self, uv: Array, footprint: Array) -> Array:
        """Albedo (N, 3) at texture coordinates (N, 2), averaged over `footprint` (N,) of them."""
        if len(self._levels) == 1:
            return self._levels[0].reshape(1, 3)
        result = np.empty((len(uv), 3), np.float32)
        texels = footprint * (self._levels[0].shape[1] / self.tile[0])
        # Half a level sharper than the average would be: the lens blurs the picture again.
        level = np.clip(np.log2(np.maximum(texels, 1e-3)) - 0.5, 0, len(self._levels) - 1.001)
        finer = level.astype(np.int64)
        for index in np.flatnonzero(np.bincount(finer)):
            pick = np.flatnonzero(finer == index)
            near, far = (self._bilinear(self._levels[index + k], uv[pick]) for k in (0, 1))
            result[pick] = near + (far - near) * (level[pick] - index)[:, None]
        return result

    def _bilinear(self, picture: Array, uv: Array) -> Array:
        height, width = picture.shape[:2]
        tiles = uv / np.array(self.tile, np.float32)
        size = np.array((width, height), np.float32)
        where = (tiles - np.floor(tiles)) * size - np.float32(0.5)
        # OpenCV takes at most 32767 columns, so the points are laid out as an image.
        rows = -(-len(uv) // 1024)
        x, y = (np.resize(axis, (rows, 1024)) for axis in where.T)
        found = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return found.reshape(-1, 3)[: len(uv)]


def linear(r: float, g: float, b: float) -> Array:
    """A colour of 0..255 as a screen shows it, in linear light."""
    return (np.array([r, g, b], np.float32) / 255) ** 2.2


def noise(shape: tuple[int, int], grain: tuple[float, float], seed: int) -> Array:
    """Seamless smooth noise (h, w) with unit deviation; `grain` is its size along x and y, px."""
    white = np.random.default_rng(seed).standard_normal(shape)
    along_y, along_x = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    blur = np.exp(-2 * np.pi**2 * ((grain[0] * along_x) ** 2 + (grain[1] * along_y) ** 2))
    smooth = np.fft.irfft2(np.fft.rfft2(white) * blur, s=shape)
    return ((smooth - smooth.mean()) / smooth.std()).astype(np.float32)


def plain(r: float, g: float, b: float, glow: float = 0.0) -> Material:
    """One colour."""
    return Material(linear(r, g, b).reshape(1, 1, 3), glow=glow)


def mottled(r: float, g: float, b: float, seed: int, amount: float, grain_px: float) -> Material:
    """One colour with uneven spots, 2 mm per texel: plaster, fabric, cardboard."""
    spots = noise((512, 512), (grain_px, grain_px), seed) + 0.5 * noise((512, 512), (1, 1), seed)
    return Material(linear(r, g, b) * (1 + amount * spots[..., None]).clip(0.2, 1.8), (1.0, 1.0))


def planks(r: float, g: float, b: float, seed: int, width_m: float = 0.12) -> Material:
    """A wooden floor of staggered boards along u, 2.5 mm per texel; also any grained wood."""
    boards, board_px, length_px = 10, round(width_m / 0.0025), 480
    rng = np.random.default_rng(seed)
    shape = (boards * board_px, 2 * length_px)
    tone = np.zeros(shape, np.float32)
    for board in range(boards):
        rows = np.s_[board * board_px : (board + 1) * board_px]
        shift = int(rng.integers(length_px))
        half = np.repeat(rng.normal(0, 0.16, 2), length_px)
        tone[rows] = np.roll(half, shift)
        for end in (shift, shift + length_px):
            tone[rows, end % shape[1]] = -0.9
        tone[rows.start] = -0.9
    fibres = noise(shape, (40, 1.0), seed + 1) + 0.6 * noise(shape, (25, 4), seed + 2)
    shade = np.exp(tone + 0.1 * fibres)
    return Material(linear(r, g, b) * shade[..., None], (2 * length_px * 0.0025, boards * width_m))


def rug(size_m: tuple[float, float], seed: int) -> Material:
    """A woven rug with a border and rows of diamonds."""
    v, u = np.mgrid[0:400, 0:600] / np.array([400, 600]).reshape(2, 1, 1)
    diamonds = np.abs((u * 9) % 1 - 0.5) + np.abs((v * 6) % 1 - 0.5)
    picture = np.where(diamonds[..., None] < 0.3, linear(214, 196, 160), linear(132, 44, 40))
    picture[diamonds < 0.14] = linear(36, 52, 84)
    weave = noise((400, 600), (1, 1), seed)
    edge = np.minimum(np.minimum(u, 1 - u) * 1.5, np.minimum(v, 1 - v))
    picture[edge < 0.09] = linear(214, 196, 160)
    picture[edge < 0.07] = linear(36, 52, 84)
    picture[edge < 0.015] = linear(214, 196, 160)
    return Material(picture * (1 + 0.12 * weave[..., None]).clip(0.3), size_m)


def painting(size_m: tuple[float, float], seed: int) -> Material:
    """Hills under an evening sky; v upwards."""
    v, u = np.mgrid[0:240, 0:360] / np.array([240, 360]).reshape(2, 1, 1)
    sky = v[..., None]
    picture = linear(250, 190, 120) * (1 - sky) + linear(70, 110, 170) * sky
    picture[np.hypot((u - 0.68) * 1.5, v - 0.62) < 0.09] = linear(255, 236, 190)
    for base, colour, turn in (
        (0.5, (96, 110, 140), 3),
        (0.36, (70, 104, 84), 5),
        (0.2, (40, 66, 44), 8),
    ):
        ridge = base + 0.08 * np.sin(turn * u * 2 + turn) + 0.03 * np.sin(turn * 5 * u)
        picture[v < ridge] = linear(*colour)
    strokes = noise((240, 360), (5, 1.5), seed)[..., None]
    return Material((picture * (1 + 0.1 * strokes)).clip(0, 1), size_m)


def garden(size_m: tuple[float, float], seed: int) -> Material:
    """What is seen through the window: sky over out-of-focus trees; v upwards, glows."""
    v = (np.arange(200) / 200).reshape(-1, 1, 1)
    picture = np.broadcast_to(
        linear(236, 244, 250) * (1 - v) + linear(150, 196, 240) * v, (200, 200, 3)
    )
    leaves = noise((200, 200), (9, 9), seed) + 0.7 * noise((200, 200), (4, 4), seed + 1)
    tree = (leaves * 0.09 + 0.42 > v[..., 0])[..., None]
    green = linear(84, 124, 62) * np.exp(0.35 * noise((200, 200), (5, 5), seed + 2))[..., None]
    picture = np.where(tree, green, picture)
    return Material(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 2.0), size_m, glow=1.6)


def beach_ball() -> Material:
    """Six coloured segments; covers 0..1."""
    colours = [
        (210, 40, 36),
        (240, 236, 226),
        (238, 180, 30),
        (240, 236, 226),
        (30, 84, 170),
        (240, 236, 226),
    ]
    segments = np.stack([linear(*c) for c in colours]).repeat(40, axis=0)
    return Material(np.broadcast_to(segments, (60, 240, 3)))
