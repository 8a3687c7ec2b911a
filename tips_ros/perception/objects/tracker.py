# SPDX-License-Identifier: Apache-2.0
"""Things keep their ids: those of a frame are found again among those of the frames before."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.objects.assignment import assign
from tips_ros.perception.objects.instances import FrameInstances, Instance
from tips_ros.perception.objects.likeness import Likeness, likeness
from tips_ros.perception.objects.settings import USUAL, ObjectSettings
from tips_ros.perception.objects.track import Place, Track
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.glance import Glance, glance_at
from tips_ros.perception.temporal.motion import FlowWarper, warp_by_pose, warp_each_pixel

_MOST_TRACKS = 256
_MOST_SHIFT = 0.06  # of the picture's longer side: three degrees or so
_LATE_S = 5.0  # without poses: after so long nothing is where it was
_NEARER = 2.0  # standard deviations by which something must be nearer to hide a thing


class IdCounter:
    """Hands out ids, none of them twice, and none whose low 16 bits are 0."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next id, from 1 on."""
        self._last += 1
        self._last += self._last % 65536 == 0
        return self._last


class Tracker:
    """Follows the things of one camera. Not for several threads."""

    def __init__(self, ids: IdCounter | None = None) -> None:
        """
        Args:
            ids: where ids are from; those of an earlier tracker of this camera, if there was one.
        """
        self._ids = ids or IdCounter()
        self._flow = FlowWarper()
        self.reset()

    def reset(self) -> None:
        """Forgets all things; their ids are not given again."""
        self._tracks: list[Track] = []
        self._seen: list[Track] = []  # in the frame before: of its pieces 1, 2, …
        self._piece: NDArray[np.int32] | None = None
        self._glance: Glance | None = None
        self._stamp_ns: int | None = None

    def update(
        self,
        frame: PosedFrame,
        shown: FrameInstances,
        settings: ObjectSettings = USUAL,
        rgb: NDArray[np.uint8] | None = None,
    ) -> list[Track]:
        """The track of each thing of a frame, in the same order; `id` is 0 for what is too new.

        Frames come in their order; one that is older than the last begins anew.

        Args:
            frame: that the things are of. With its pose, things keep their ids while they are out
                of view, and regions are laid over each other by depth.
            shown: its things, see `instances`.
            settings: when ids are given and forgotten.
            rgb: (H, W, 3) of any size: lays regions over each other by optical flow where there is
                no pose.
        """
        if self._stamp_ns is not None and frame.stamp_ns < self._stamp_ns:
            self.reset()
        passed_s = 0.0 if self._stamp_ns is None else (frame.stamp_ns - self._stamp_ns) * 1e-9
        glance = None
        if frame.depth_m is not None:
            glance = glance_at(frame, _GREY if rgb is None else rgb)
        places = [_places(one, frame) for one in shown.found]
        alike = likeness(
            self._tracks, shown, places, self._overlaps(glance, shown, rgb is not None),
            frame.stamp_ns,
        )  # fmt: skip
        tracks = self._follow(alike, shown, places, frame.stamp_ns, settings)
        self._bury(frame, tracks, passed_s, settings)
        self._seen, self._piece = tracks, shown.piece
        self._glance, self._stamp_ns = glance, frame.stamp_ns
        return tracks

    def _overlaps(
        self, glance: Glance | None, shown: FrameInstances, has_picture: bool
    ) -> dict[tuple[int, int], float]:
        """(track, thing) → intersection over union of the track's region as it lies here now."""
        if self._piece is None or not self._seen or not shown.found:
            return {}
        before, now = self._laid_over(glance, shown, has_picture)
        count_before, count_now = len(self._seen) + 1, len(shown.found) + 1
        pairs = np.bincount((before * count_now + now).ravel(), minlength=count_before * count_now)
        both = pairs.reshape(count_before, count_now)
        row = {id(track): index for index, track in enumerate(self._tracks)}
        found = {}
        for i, j in zip(*(axis + 1 for axis in np.nonzero(both[1:, 1:])), strict=True):
            union = both[i].sum() + both[:, j].sum() - both[i, j]
            track = self._seen[i - 1]
            if id(track) in row:
                found[row[id(track)], int(j) - 1] = float(both[i, j] / union)
        return found

    def _laid_over(
        self, glance: Glance | None, shown: FrameInstances, has_picture: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pieces of the frame before as this one sees them, and its own, of one size."""
        assert self._piece is not None
        before, now, warp = self._piece, shown.piece, None
        if glance is not None and self._glance is not None and glance.size == self._glance.size:
            h, w = glance.grey.shape
            now, before = (_resize(piece, (h, w)) for piece in (now, before))
            warp = warp_by_pose(glance, self._glance)
            if warp is None and has_picture:
                warp = warp_each_pixel(self._flow.flow(glance, self._glance))
        if warp is not None and warp.x is not None and warp.y is not None:
            moved = cv2.remap(
                before.astype(np.float32), warp.x, warp.y, cv2.INTER_NEAREST,
                None, cv2.BORDER_CONSTANT, 0,
            )  # fmt: skip
            before = np.asarray(moved, np.int32)
            if warp.kind == "pose":
                before = _shifted_onto(now, before)
        elif before.shape != now.shape:
            before = _resize(before, now.shape)
        return before.astype(np.int64), now.astype(np.int64)

    def _follow(
        self,
        alike: Likeness,
        shown: FrameInstances,
        places: list[tuple[Place | None, Place | None]],
        stamp_ns: int,
        settings: ObjectSettings,
    ) -> list[Track]:
        """Things go to tracks, or begin some."""
        track_of = {j: self._tracks[i] for i, j in assign(alike.cost, alike.allowed)}
        tracks = []
        for j, one in enumerate(shown.found):
            track = track_of.get(j)
            if track is None:
                track = Track(stamp_ns)
                self._tracks.append(track)
            track.see(one, stamp_ns, *places[j])
            if track.id == 0 and track.hits >= settings.birth_hits:
                track.id = self._ids.next()
            tracks.append(track)
        return tracks

    def _bury(
        self, frame: PosedFrame, seen: list[Track], passed_s: float, settings: ObjectSettings
    ) -> None:
        """Forgets what is not where it should be, and what there is too much of."""
        found = {id(track) for track in seen}
        # However slow the camera: one frame without a thing is not the end of it.
        waited = min(passed_s, settings.max_unseen_s / 2)
        kept = []
        for track in self._tracks:
            if id(track) not in found:
                track.misses += 1
                if track.id == 0 and track.misses > track.hits:
                    continue
                if _should_be_seen(track, frame):
                    track.unseen_s += waited
                    if track.unseen_s >= settings.max_unseen_s:
                        continue
                if track.world_place is None and passed_s > _LATE_S:
                    continue
            kept.append(track)
        if len(kept) > _MOST_TRACKS:
            kept = sorted(kept, key=lambda track: track.last_seen_ns)[-_MOST_TRACKS:]
        self._tracks = kept


_GREY = np.zeros((4, 4, 3), np.uint8)  # a picture that nobody looks at


class _View(NamedTuple):
    """A point in a picture."""

    column: int
    row: int
    depth_m: float


def _resize(piece: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    size = shape[1], shape[0]
    nearest = cv2.INTER_NEAREST
    return np.asarray(cv2.resize(piece.astype(np.float32), size, interpolation=nearest), np.int32)


def _shifted_onto(now: NDArray[np.int32], before: NDArray[np.int32]) -> NDArray[np.int32]:
    """The pieces of before moved by what a degree of error in a pose moves them, if that fits."""
    there, here = ((piece > 0).astype(np.float32) for piece in (before, now))
    (x, y), _ = cv2.phaseCorrelate(there, here)
    if not max(abs(x), abs(y)) <= _MOST_SHIFT * max(now.shape):  # NaN where nothing is seen
        return before
    step = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = now.shape[1], now.shape[0]
    moved = cv2.warpAffine(before.astype(np.float32), step, size, flags=cv2.INTER_NEAREST)
    agrees = [np.count_nonzero((one > 0) == (now > 0)) for one in (moved, before)]
    return np.asarray(moved, np.int32) if agrees[0] > agrees[1] else before


def _places(one: Instance, frame: PosedFrame) -> tuple[Place | None, Place | None]:
    """The place in the camera's frame, and that in the world."""
    if one.region.centroid_m is None or one.covariance_m2 is None:
        return None, None
    here = Place(one.region.centroid_m, one.covariance_m2)
    if frame.world_from_camera is None:
        return here, None
    return here, here.in_world(frame.world_from_camera, frame.world_id)


def _should_be_seen(track: Track, frame: PosedFrame) -> bool:
    """Whether a thing that is where it was would be seen in a frame."""
    place = track.world_place
    if place is None or frame.world_from_camera is None or frame.world_id != place.world_id:
        return True
    if frame.lens is None or frame.depth_m is None:
        return True
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    view = _seen_at(turn.T @ (place.position_m - at), frame)
    if view is None:
        return False
    seen_m = float(frame.depth_m[view.row, view.column])
    axis = turn[:, 2]
    sigma = float(np.sqrt(axis @ place.covariance_m2 @ axis))
    return not seen_m < view.depth_m - _NEARER * sigma


def _seen_at(point_m: NDArray[np.float64], frame: PosedFrame) -> _View | None:
    """The pixel of a point of the camera's frame; None out of view."""
    assert frame.lens is not None
    u, v = frame.lens.project(point_m[None])[0]
    height, width = frame.size
    if not (np.isfinite(u) and 0 <= round(u) < width and 0 <= round(v) < height):
        return None
    return _View(round(u), round(v), float(point_m[2]))
