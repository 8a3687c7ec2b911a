# SPDX-License-Identifier: Apache-2.0
"""Finds places of remembered things that are in full view with nothing there of their name.

Depth can't tell that a picture is gone from a wall, nor, after the frame has jumped, where to look
for a thing. Its name can: it is seen nowhere around its place, and nothing stands in the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import name_key
from tips_ros.perception.memory.matching import Boxes
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.objects.objects import ObjectsView
from tips_ros.perception.posed_frame import PosedFrame

_STEPS = (np.arange(12) + 0.5) / 12  # of a rectangle: what is looked at in it
_MARGIN, _MARGIN_M = 0.03, 0.03  # around a box, of its depth and in metres: poses are off, too
_SIGMAS, _MOST_M = 2.0, 0.1  # and of its deviation; after a jump one is all that it moves
_NEAREST_M = 0.3
_LEAST_SHARE = 0.005  # of the picture: smaller things are overlooked where they are
_LEAST = 0.6  # what of a rectangle must be in view, and not hidden
_DEPTH_ERROR = 0.06  # of depth, how much nearer a thing may seem than it is
_NAME_SHARE = 0.1  # of all it was called: other names of a thing

_CORNERS = np.stack(np.meshgrid(*3 * [[-0.5, 0.5]], indexing="ij"), -1).reshape(-1, 3)


class _Rectangles(NamedTuple):
    """Parts of a picture, as large as N unsure places are there."""

    rows: NDArray[np.int64]  # (N,) which things
    low: NDArray[np.float64]  # (N, 2) first and last pixel
    high: NDArray[np.float64]
    nearest_m: NDArray[np.float64]  # (N,) depth of the nearest part of each
    in_view: NDArray[np.float64]  # (N,) what part of each the picture has


def miss(
    things: Sequence[Remembered],
    view: ObjectsView,
    frame: PosedFrame,
    max_range_m: float,
    number_of_id: Mapping[int, int],
) -> None:
    """Counts it against things that nothing is called as they are where they should be.

    Args: as of `not_called`.
    """
    shares = not_called(things, view, frame, max_range_m, number_of_id)
    for row in np.flatnonzero(shares).tolist():
        things[row].miss(float(shares[row]))


def not_called(
    things: Sequence[Remembered],
    view: ObjectsView,
    frame: PosedFrame,
    max_range_m: float,
    number_of_id: Mapping[int, int],
) -> NDArray[np.float64]:
    """(N,) how much of each thing's place is seen, where nothing has its name; else 0.

    Args:
        things: in the frame that the pose is told in.
        view: the things of the frame that are followed.
        frame: with depth, lens and pose.
        max_range_m: beyond it nothing is in view.
        number_of_id: of the followed things, as far as they are remembered: what is another
            thing of the same name is none of this.
    """
    absent = np.zeros(len(things))
    if not things or frame.labels is None or frame.depth_m is None:
        return absent
    where = _in_full_view(things, view, frame, max_range_m)
    if not len(where.rows):
        return absent
    some = [things[row] for row in where.rows.tolist()]
    steps = _STEPS[:, None] * (where.high - where.low)[:, None]
    pixels = (where.low[:, None] + steps).astype(np.int64)
    shape = len(some), len(_STEPS), len(_STEPS)
    u = np.broadcast_to(pixels[:, None, :, 0], shape)
    v = np.broadcast_to(pixels[:, :, None, 1], shape)
    with np.errstate(invalid="ignore"):
        clear = frame.depth_m[v, u] >= where.nearest_m[:, None, None]
    called = np.zeros((len(some), 256), np.bool_)
    for row, one in zip(called, some, strict=True):
        row[[view.class_ids[name] for name in _names(one) if name in view.class_ids]] = True
    of_name = called[np.arange(len(some))[:, None, None], frame.labels[v, u]]
    ids, back = np.unique(view.ids_at(v, u), return_inverse=True)
    number = np.array([number_of_id.get(one, 0) for one in ids.tolist()])[back].reshape(shape)
    own = np.array([one.number for one in some])[:, None, None]
    of_it = of_name & ((number == 0) | (number == own))
    share = clear.mean(axis=(1, 2)) * where.in_view
    absent[where.rows] = np.where(of_it.any(axis=(1, 2)) | (share < _LEAST), 0.0, share)
    return absent


def _in_full_view(
    things: Sequence[Remembered], view: ObjectsView, frame: PosedFrame, max_range_m: float
) -> _Rectangles:
    """Rectangles around what is in view, has a name that is known now, and is not too small."""
    assert frame.world_from_camera is not None and frame.lens is not None
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    boxes = Boxes.of_things(things)
    depth_m = (boxes.centre - at) @ turn[:, 2]
    named = np.array([name_key(one.name) in view.class_ids for one in things])
    near = (depth_m > _NEAREST_M) & (depth_m + boxes.longest / 2 <= max_range_m)
    rows = np.flatnonzero(named & near)
    boxes, depth_m = boxes.at(rows), depth_m[rows]
    sides = np.einsum("nij,kj,nj->nki", boxes.rotation, _CORNERS, boxes.size)
    corners = (boxes.centre[:, None] + sides - at) @ turn
    pixels = frame.lens.project(corners.reshape(-1, 3)).reshape(-1, len(_CORNERS), 2)
    low, high = pixels.min(axis=1), pixels.max(axis=1)  # NaN where the lens doesn't see all of it
    variance = np.array([np.trace(things[row].covariance_m2) / 3 for row in rows.tolist()])
    spread = np.minimum(_SIGMAS * np.sqrt(variance), np.sqrt(variance) + _MOST_M)
    margin = (_MARGIN_M + _MARGIN * depth_m + spread) / depth_m
    margins = margin[:, None] * (frame.lens.intrinsics.fx, frame.lens.intrinsics.fy)
    size = np.array(frame.size[::-1], np.float64)
    with np.errstate(invalid="ignore"):
        full = (high - low).prod(axis=1) >= _LEAST_SHARE * size.prod()
        low, high = low - margins, high + margins
        inside_low, inside_high = np.maximum(low, 0), np.minimum(high, size - 1)
        shown = np.clip(inside_high - inside_low, 0, None).prod(axis=1)
        in_view = shown / (high - low).prod(axis=1)
        full &= in_view >= _LEAST
    nearest_m = (1 - _DEPTH_ERROR) * corners[..., 2].min(axis=1)
    return _Rectangles(
        rows[full], inside_low[full], inside_high[full], nearest_m[full], in_view[full]
    )


def _names(one: Remembered) -> list[str]:
    least = _NAME_SHARE * sum(one.names.values())
    return [name_key(name) for name, said in one.names.items() if said >= least]
