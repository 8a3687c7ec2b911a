# SPDX-License-Identifier: Apache-2.0
"""Does a depth image belong to the picture it is said to be aligned with?

A depth image that was never registered, or with the wrong extrinsics, is a plausible one, and a
scale taken from it is wrong without looking so. But where a near thing ends before a far one, the
picture has an edge, too, running the same way. So the outlines of the depth are laid onto the
picture's gradients as they are, and shifted and zoomed: if they fit nowhere, nothing can be said;
if they fit as they are, the two belong together; if they fit much better elsewhere, they don't.
No model takes part, and no number depends on a camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Float32Array: TypeAlias = NDArray[np.float32]

_WIDTH = 320  # px; all is compared at this size
_ZOOMS = np.linspace(0.85, 1.15, 13)
_SHIFTS_X = np.arange(-20, 21, 2)  # px at that size: 6 % of the width to either side
_SHIFTS_Y = np.arange(-12, 13, 2)
_JUMP = 0.06  # what is nearer than its neighbour by this part is an outline
_MOST_OUTLINE = 1500  # points taken of a frame
_LEAST_OUTLINE = 100
_BORDER = 6
_FAINT = 4.0  # grey levels per px; keeps a plain wall's noise from counting as edges
_SEEN = 5.0  # a fit that stands out by this many spreads of the search is one
_AS_GOOD = 0.75  # of the best fit's height
_TOLERANCE = 0.01  # of the width: within a step and a half of the search


class Registration(NamedTuple):
    """A verdict.

    `registered` is None as long as nothing can be said: too few outlines, or a fit nowhere. The
    best fit's `zoom` (about the image's centre) and `shift` (of the width, right and down) bring
    the depth onto the picture; `fit` and `best_fit` are in spreads of the search.
    """

    registered: bool | None
    fit: float = 0.0
    best_fit: float = 0.0
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    note: str = ""


@dataclass(frozen=True)
class _Outline:
    """Points of the near side of depth jumps, from the centre, and their unit normals; px."""

    xy: Float32Array  # (N, 2)
    normal: Float32Array  # (N, 2)


class RegistrationCheck:
    """Gathers evidence over frames; at 0.1 s of one core each, one every few seconds is enough."""

    def __init__(self, memory: float = 0.8) -> None:
        """
        Args:
            memory: how much of the evidence so far remains when a frame is added, 0 to below 1.

        Raises:
            ValueError: a memory that never forgets or is negative.
        """
        if not 0.0 <= memory < 1.0:
            raise ValueError(f"memory must be at least 0 and below 1, got {memory}")
        self._memory = memory
        self._fits: NDArray[np.float64] | None = None

    def add(self, rgb: NDArray[np.uint8], depth_m: NDArray[Any]) -> Registration:
        """One frame more, and what is now known.

        Args:
            rgb: (H, W, 3) uint8.
            depth_m: (h, w) dense sensor depth of the same view, any size; NaN or 0 = none.
        """
        size = (_WIDTH, max(2 * _BORDER, round(rgb.shape[0] * _WIDTH / rgb.shape[1])))
        outline = _outline(_resize(depth_m, size))
        if len(outline.xy) >= _LEAST_OUTLINE:
            fits = _fits(_gradients(rgb, size), outline)
            old = self._fits
            self._fits = fits if old is None else self._memory * old + (1.0 - self._memory) * fits
        return self.verdict()

    def verdict(self) -> Registration:
        """Judges by the frames so far."""
        if self._fits is None:
            return Registration(None, note="the depth has too few outlines to compare")
        return _verdict(self._fits)

    def reset(self) -> None:
        """Forgets, as when a camera was replaced."""
        self._fits = None


def _verdict(fits: NDArray[np.float64]) -> Registration:
    middle = float(np.median(fits))
    spread = 1.4826 * float(np.median(np.abs(fits - middle))) or 1e-9
    here = np.abs(_ZOOMS - 1).argmin(), np.abs(_SHIFTS_Y).argmin(), np.abs(_SHIFTS_X).argmin()
    z, y, x = np.unravel_index(int(fits.argmax()), fits.shape)
    zoom, shift = float(_ZOOMS[z]), (_SHIFTS_X[x] / _WIDTH, _SHIFTS_Y[y] / _WIDTH)
    fit, best = (float(fits[here]) - middle) / spread, (float(fits[z, y, x]) - middle) / spread
    # A zoom moves the image's points by a quarter of the width on average.
    moved = float(np.hypot(*shift)) + 0.25 * abs(zoom - 1.0)
    if best < _SEEN:
        note = "the outlines of the depth fit the picture nowhere"
        return Registration(None, fit, best, zoom, shift, note)
    if fit >= _AS_GOOD * best or moved <= _TOLERANCE:
        return Registration(True, fit, best, zoom, shift)
    note = (
        f"the depth is not registered to the picture: its outlines fit when it is zoomed by "
        f"{zoom:.3f} and shifted by {100 * shift[0]:+.1f} % of the width right and "
        f"{100 * shift[1]:+.1f} % down; register it, or correct the extrinsics"
    )
    return Registration(False, fit, best, zoom, shift, note)


def _fits(gradients: Float32Array, outline: _Outline) -> NDArray[np.float64]:
    """(zooms, shifts down, shifts right): how much gradient lies across the outline there."""
    height, width = gradients.shape[1:]
    margin = int(0.16 * width / 2) + int(_SHIFTS_X.max()) + 2
    padded = np.pad(gradients, ((0, 0), (margin, margin), (margin, margin)))  # outside: weight 0
    stride = padded.shape[2]
    across, down, weight = (plane.ravel() for plane in padded)
    offsets = (_SHIFTS_Y[:, None] * stride + _SHIFTS_X[None]).reshape(-1, 1)
    result = np.empty((len(_ZOOMS), len(_SHIFTS_Y), len(_SHIFTS_X)))
    for i, zoom in enumerate(_ZOOMS):
        u = np.rint(outline.xy[:, 0] * zoom + (width - 1) / 2).astype(np.int64) + margin
        v = np.rint(outline.xy[:, 1] * zoom + (height - 1) / 2).astype(np.int64) + margin
        at = offsets + (v * stride + u)  # (shifts, N)
        along = np.abs(across[at] * outline.normal[:, 0] + down[at] * outline.normal[:, 1])
        total = np.maximum(weight[at].sum(axis=1), 1.0)
        result[i] = (np.minimum(along, 2.0).sum(axis=1) / total).reshape(result.shape[1:])
    return result


def _gradients(rgb: NDArray[np.uint8], size: tuple[int, int]) -> Float32Array:
    """(3, H, W): the picture's gradient by its local strength, x and y; and ones."""
    small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 1.0)
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength = np.sqrt(cv2.blur(x * x + y * y, (31, 31))) + _FAINT
    return np.stack([x / strength, y / strength, np.ones_like(x)])


def _resize(depth_m: NDArray[Any], size: tuple[int, int]) -> Float32Array:
    depth = np.ascontiguousarray(depth_m, np.float32)
    return np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST), np.float32)


def _outline(depth_m: Float32Array) -> _Outline:
    """Finds edges where a near thing ends before a farther one."""
    valid = np.isfinite(depth_m) & (depth_m > 0)
    with np.errstate(divide="ignore"):
        log_depth = np.log(_fill_shadows(np.where(valid, depth_m, 0.0)))  # -inf where none
    known = np.isfinite(log_depth)
    solid = np.where(known, log_depth, -9.0).astype(np.float32)
    kernel = np.ones((3, 3), np.uint8)
    found = (cv2.dilate(solid, kernel) - solid > _JUMP) & valid
    found &= cv2.erode(known.astype(np.uint8), kernel) > 0
    inside = np.zeros_like(found)
    inside[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    v, u = np.nonzero(found & inside)
    if len(u) > _MOST_OUTLINE:
        kept = np.linspace(0, len(u) - 1, _MOST_OUTLINE).astype(np.int64)
        u, v = u[kept], v[kept]
    smooth = cv2.GaussianBlur(solid, (0, 0), 1.0)
    x, y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)[v, u], cv2.Sobel(smooth, cv2.CV_32F, 0, 1)[v, u]
    length = np.maximum(np.hypot(x, y), 1e-9)
    height, width = depth_m.shape
    centred = np.stack([u - (width - 1) / 2, v - (height - 1) / 2], axis=1).astype(np.float32)
    return _Outline(centred, np.stack([x / length, y / length], axis=1).astype(np.float32))


def _fill_shadows(depth_m: Float32Array) -> Float32Array:
    """Holes filled along their row by the farther side: what casts the shadow is the nearer."""
    columns = np.arange(depth_m.shape[1])
    before = np.maximum.accumulate(np.where(depth_m > 0, columns, 0), axis=1)
    after = np.where(depth_m > 0, columns, columns[-1])[:, ::-1]
    after = np.minimum.accumulate(after, axis=1)[:, ::-1]
    left = np.take_along_axis(depth_m, before, axis=1)
    right = np.take_along_axis(depth_m, after, axis=1)
    between = np.where((left > 0) & (right > 0), np.maximum(left, right), 0.0)
    return np.where(depth_m > 0, depth_m, between).astype(np.float32)
