# SPDX-License-Identifier: Apache-2.0
"""A frame's evidence about the faces of the things that it shows: how far each thing reaches, and
how much is seen to be empty between there and where its box ends.

A point of that space is empty where what is seen at its pixel is farther, or is another thing that
is about as far. It is not known where something nearer hides it, the thing itself too, or where the
picture has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.memory.faces import Faces, FaceView, reach
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.objects.objects import ObjectsView
from tips_ros.perception.posed_frame import PosedFrame

_ACROSS, _ALONG = 5, 3  # points of the space beyond a face
_DEPTH_ERROR, _SCALE_ERROR = 0.05, 0.02  # of depth: of a pixel that tells none, of all pixels
_SIGMAS = 1.5
_OCCUPIED = 0.012  # of the points: more of the thing there, and the space is not empty
_NEAREST_M = 0.2
_BORDER_PX = 3
_LEAST_M = 0.02
_FAR_M = 1000.0

Float64Array = NDArray[np.float64]


def _space() -> Float64Array:
    """(75, 3): along the face's axis from the seen end, 0, to the box's, 1; across, 0 to 1."""
    along, across = (np.arange(n) + 0.5 for n in (_ALONG, _ACROSS))
    grid = np.meshgrid(along / _ALONG, across / _ACROSS, across / _ACROSS, indexing="ij")
    return np.stack(grid, -1).reshape(-1, 3)


_SPACE = _space()


class Shown(NamedTuple):
    """A remembered thing and the pieces of it that a frame shows."""

    thing: Remembered
    pieces: list[Sighting]


def face_views(
    shown: Sequence[Shown], view: ObjectsView, frame: PosedFrame
) -> list[FaceView]:
    """The evidence of a frame about the faces of some things.

    Args:
        shown: the things, with what is seen of each; one piece at least.
        view: the things of the frame that are followed.
        frame: with depth, lens and its pose in the memory's frame.
    """
    if not shown:
        return []
    ends = [_reach_of(one) for one in shown]
    noise = [_noise_m(one) for one in shown]
    starts, spans = zip(*(_spaces(one.thing, seen) for one, seen in zip(shown, ends, strict=True)),
                        strict=True)  # fmt: skip
    points = np.stack(starts)[:, :, None] + _SPACE[None, None] @ np.stack(spans)  # along its axes
    turns = np.stack([one.thing.rotation for one in shown])
    points = np.einsum("nij,nfpj->nfpi", turns, points)
    empty = _empty(points, shown, view, frame)
    return [
        FaceView(seen, noise_m, share[:3], share[3:])
        for seen, noise_m, share in zip(ends, noise, empty, strict=True)
    ]


def _reach_of(one: Shown) -> Faces:
    faces = [
        reach(piece.points_m, one.thing.rotation, piece.ray, piece.sigma_m)
        for piece in one.pieces
    ]
    around = faces[0]
    for other in faces[1:]:
        around = around.around(other)
    return around


def _noise_m(one: Shown) -> Float64Array:
    piece = one.pieces[0]
    along = np.abs(piece.ray @ one.thing.rotation)
    depth_m = piece.depth_m
    return np.hypot(piece.sigma_m, _SCALE_ERROR * depth_m) * along * _SIGMAS + _LEAST_M


def _spaces(thing: Remembered, seen: Faces) -> tuple[Float64Array, Float64Array]:
    """Starts (6, 3) and spans (6, 3, 3) of the spaces beyond the faces, along the thing's axes."""
    size = thing.high_m - thing.low_m
    starts, spans = np.empty((6, 3)), np.zeros((6, 3, 3))
    for face in range(6):
        axis = face % 3
        others = [(axis + 1) % 3, (axis + 2) % 3]
        start, end = (
            (seen.low_m, thing.low_m) if face < 3 else (seen.high_m, thing.high_m)
        )
        starts[face] = thing.low_m
        starts[face, axis] = start[axis]
        spans[face, 0, axis] = end[axis] - start[axis]
        for row, other in enumerate(others, 1):
            spans[face, row, other] = size[other]
    return starts, spans


def _empty(
    points: Float64Array, shown: Sequence[Shown], view: ObjectsView, frame: PosedFrame
) -> Float64Array:
    """(N, 6) what part of (N, 6, P, 3) points of the memory's frame is seen to be empty.

    None of it is where another piece of the thing's class is seen in it.
    """
    assert frame.world_from_camera is not None and frame.lens is not None
    assert frame.depth_m is not None
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    optical = (points - at) @ turn
    pixels = frame.lens.project(optical.reshape(-1, 3)).reshape(*optical.shape[:-1], 2)
    height, width = frame.size
    with np.errstate(invalid="ignore"):
        x, y, z = np.round(pixels[..., 0]), np.round(pixels[..., 1]), optical[..., 2]
        inside = (x >= _BORDER_PX) & (x < width - _BORDER_PX) & (z > _NEAREST_M)
        inside &= (y >= _BORDER_PX) & (y < height - _BORDER_PX)
    u, v = (np.where(inside, one, 0).astype(np.int64) for one in (x, y))
    depth = frame.depth_m[v, u].astype(np.float64)
    inside &= ~np.isnan(depth) & (depth > 0)
    depth = np.where(np.isfinite(depth), depth, _FAR_M)  # farther than any place here
    sigma = _DEPTH_ERROR * np.minimum(depth, z)
    if frame.stddev_m is not None:
        told = frame.stddev_m[v, u]
        sigma = np.where(np.isfinite(told) & (told > 0), told, sigma)
    spread = _SIGMAS * np.hypot(sigma, _SCALE_ERROR * z)
    here = inside & (np.abs(depth - z) <= spread)
    ids = view.ids_at(v, u)
    own = np.stack([
        np.isin(of_one, [piece.track[1] for piece in one.pieces])
        for of_one, one in zip(ids, shown, strict=True)
    ])  # fmt: skip
    empty = inside & (depth - z > spread)
    occupied = here & ~own
    if frame.labels is not None:
        label = frame.labels[v, u]
        its = label == np.array([one.pieces[0].class_id for one in shown])[:, None, None]
        empty |= occupied & ~its & (label != UNLABELLED)
        occupied &= its
    return np.asarray(np.where(occupied.mean(axis=-1) > _OCCUPIED, 0.0, empty.mean(axis=-1)))
