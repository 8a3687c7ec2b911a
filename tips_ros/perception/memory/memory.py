# SPDX-License-Identifier: Apache-2.0
"""A memory: key frames in, things in a fixed frame that are added to, fade and go."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.face_views import Shown, face_views
from tips_ros.perception.memory.gone.absence import miss
from tips_ros.perception.memory.gone.evidence import Look, fade, look, shown_at
from tips_ros.perception.memory.matching import duplicates, matches
from tips_ros.perception.memory.nearby import nearby
from tips_ros.perception.memory.poses.jumps import JumpWatch
from tips_ros.perception.memory.poses.key_frames import KeyFrames
from tips_ros.perception.memory.remembered import BYTES_BESIDES_FEATURES, Remembered
from tips_ros.perception.memory.settings import USUAL, MemorySettings
from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.memory.sightings import sightings
from tips_ros.perception.objects.objects import ObjectsView
from tips_ros.perception.posed_frame import PosedFrame

logger = logging.getLogger(__name__)

_MOST_TRACKS = 4096  # links from tracks to things
_MOST_STEPS = 4096  # of the camera's way


class OtherFrame(ValueError):
    """A key frame's pose is told in another frame than the memory's; says what to do."""


@dataclass(frozen=True)
class Counts:
    """Counts of what came and went: `gone` were found missing, `forgotten` had no room."""

    key_frames: int = 0
    gone: int = 0
    forgotten: int = 0
    jumps: int = 0


class Memory:
    """Things in one fixed frame. Not for several threads at once.

    Attributes:
        frame_id: that places are told in; "" until the first key frame.
        things: all there are.
        last_number: the greatest number that a thing has had.
        newest_ns: stamp of the newest key frame.
        way_m: (N, 3) float32 places of the camera, so many as 4096.
        counts: since it began.
    """

    def __init__(self) -> None:
        self._watch = JumpWatch()
        self.last_number = 0
        self.clear()

    def clear(self) -> None:
        """Forgets everything; numbers are not given again."""
        self.frame_id, self.things = "", list[Remembered]()
        self.newest_ns = 0
        self.way_m: list[tuple[float, float, float]] = []
        self._way_step = 1
        self.counts = Counts()
        self._track_of: dict[tuple[str, int], int] = {}
        self._key_frames = KeyFrames()
        self._watch.forget()

    def see(
        self,
        view: ObjectsView,
        frame: PosedFrame,
        settings: MemorySettings = USUAL,
        *,
        camera: str = "",
        smooth_from_camera: NDArray[np.float64] | None = None,
    ) -> bool:
        """Takes in a frame; False where it is too like the last key frame to count.

        Things that are seen get surer, those whose place is seen to be empty fade, and what is out
        of view or hidden stays as it is. After a jump of the memory's frame things lie where they
        lay, and their places are less sure by as much as the jump would move them: what is seen
        next moves them.

        Args:
            view: its things.
            frame: with depth, lens and its pose in the memory's frame.
            settings: what enters, and how much is kept.
            camera: its name.
            smooth_from_camera: (4, 4) its pose in a frame without jumps, such as odom; None where
                that is not known.

        Raises:
            OtherFrame: the memory is in another frame than the pose.
        """
        pose = frame.world_from_camera
        if pose is None or frame.depth_m is None or frame.lens is None:
            return False
        if not self._key_frames.is_one(camera, frame.stamp_ns, pose):
            return False
        if self.frame_id and frame.world_id != self.frame_id:
            raise OtherFrame(
                f"the memory is in {self.frame_id} and the camera's pose in {frame.world_id}: "
                "clear the memory, or have tf tell the one"
            )
        self.frame_id = frame.world_id
        elsewhere = self._key_frames.add(camera, frame.stamp_ns, pose)
        self._count(key_frames=1)
        self._note_jump(pose, smooth_from_camera)
        self._note_way(pose)
        seen = sightings(view, frame, settings.max_range_m, camera)
        number_of = {of[1]: number for of, number in self._track_of.items() if of[0] == camera}
        before = nearby(self.things, frame, settings.max_range_m)
        shown = look(before, view, frame, settings.max_range_m, number_of)
        found = matches(seen, before, self._track_of)
        known = {
            thing.number: Shown(thing, [one])
            for one, thing, part in zip(seen, found.of_sighting, found.parts, strict=True)
            if thing is not None and not part
        }
        for of in known.values():
            of.thing.meet(of.pieces[0])
        touched: set[int] = set()
        for one, thing, part in zip(seen, found.of_sighting, found.parts, strict=True):
            if thing is None:
                self.last_number += 1
                thing = Remembered.of(self.last_number, one)
                self.things.append(thing)
            elif part:
                known[thing.number].pieces.append(one)
            touched.add(thing.number)
            self._track_of.pop(one.track, None)
            self._track_of[one.track] = thing.number
        shapes = face_views(list(known.values()), view, frame)
        for of, faces in zip(known.values(), shapes, strict=True):
            of.thing.see(of.pieces[0], faces)
        self._learn_solid(before, shown, seen, found.of_sighting)
        fade(before, shown, touched, view.class_ids)
        if elsewhere:
            number_of = {of[1]: number for of, number in self._track_of.items() if of[0] == camera}
            rows = np.flatnonzero(shown.in_view.any(axis=1)).tolist()
            others = [before[row] for row in rows if before[row].number not in touched]
            miss(others, view, frame, settings.max_range_m, number_of)
        fresh = self.things[-found.of_sighting.count(None) :] if None in found.of_sighting else []
        self._part_with_gone()
        self._merge([*before, *fresh], touched)
        self._bound(settings)
        self.newest_ns = frame.stamp_ns
        return True

    def move(self, target_from_frame: NDArray[np.float64], frame_id: str) -> None:
        """Tells all places in another frame from now on.

        Args:
            target_from_frame: (4, 4) rigid.
            frame_id: of the target.
        """
        turn, step = target_from_frame[:3, :3], target_from_frame[:3, 3]
        for one in self.things:
            one.place_m = turn @ one.place_m + step
            one.covariance_m2 = turn @ one.covariance_m2 @ turn.T
            one.rotation = turn @ one.rotation
            shift = one.rotation.T @ step
            one.low_m, one.high_m = one.low_m + shift, one.high_m + shift
            one.moved, one.unsure_m = np.eye(4), 0.0
        way = np.array(self.way_m).reshape(-1, 3) @ turn.T + step
        self.way_m = [(float(x), float(y), float(z)) for x, y, z in way]
        self.frame_id = frame_id
        self._key_frames = KeyFrames()
        self._watch.forget()

    @property
    def nbytes(self) -> int:
        """About how much memory the things take."""
        return sum(map(_nbytes, self.things))

    def _note_jump(
        self, pose: NDArray[np.float64], smooth_from_camera: NDArray[np.float64] | None
    ) -> None:
        jump = self._watch.update(pose, smooth_from_camera)
        if jump is None:
            return
        self._count(jumps=1)
        if not self.things:
            return
        for one in self.things:
            one.jump(jump.motion)
        logger.info(
            "%s jumped by %.2f m and %.1f degrees: remembered things stay where they were until "
            "they are seen again", self.frame_id, jump.metres, jump.degrees,
        )  # fmt: skip

    def _note_way(self, pose: NDArray[np.float64]) -> None:
        if self.counts.key_frames % self._way_step == 0:
            x, y, z = pose[:3, 3].astype(np.float32).tolist()
            self.way_m.append((x, y, z))
        if len(self.way_m) > _MOST_STEPS:
            self.way_m, self._way_step = self.way_m[::2], self._way_step * 2

    def _learn_solid(
        self,
        before: list[Remembered],
        shown: Look,
        seen: list[Sighting],
        things: list[Remembered | None],
    ) -> None:
        """Notes which points of the things that are seen hide what is behind them."""
        row_of = {one.number: row for row, one in enumerate(before)}
        for one, thing in zip(seen, things, strict=True):
            if thing is not None:
                thing.note_solid(*shown_at(shown, row_of[thing.number], one.class_id))

    def _part_with_gone(self) -> None:
        left = [one for one in self.things if one.presence > 0.0]
        if len(left) < len(self.things):
            names = [f"{o.name} {o.number}" for o in self.things if o.presence <= 0.0]
            logger.info("no longer where it was: %s", ", ".join(names))
            self._count(gone=len(names))
            self.things = left

    def _merge(self, among: list[Remembered], touched: set[int]) -> None:
        """Makes one of those that are one thing; `among` are all that may be."""
        left = {one.number for one in among if one.presence > 0.0}
        for one, other in duplicates([o for o in among if o.presence > 0.0], touched):
            if {one.number, other.number} <= left:
                kept, lost = sorted((one, other), key=lambda thing: thing.number)
                kept.absorb(lost)
                self.things.remove(lost)
                left.remove(lost.number)
                for track, number in self._track_of.items():
                    if number == lost.number:
                        self._track_of[track] = kept.number

    def _bound(self, settings: MemorySettings) -> None:
        while len(self._track_of) > _MOST_TRACKS:
            del self._track_of[next(iter(self._track_of))]
        size, most = self.nbytes, settings.max_mb * 1e6
        if len(self.things) <= settings.max_objects and size <= most:
            return
        by_age = sorted(self.things, key=lambda one: one.last_seen_ns)
        lost = []
        while by_age and (len(by_age) > settings.max_objects or size > most):
            lost.append(by_age.pop(0))
            size -= _nbytes(lost[-1])
        kept = {id(one) for one in by_age}
        self.things = [one for one in self.things if id(one) in kept]
        self._count(forgotten=len(lost))
        shown = ", ".join(f"{one.name} {one.number}" for one in lost[:8])
        more = f" and {len(lost) - 8} more" if len(lost) > 8 else ""
        logger.warning(
            "forgot %s%s, seen longest ago: the memory holds %d things and %g MB",
            shown, more, settings.max_objects, settings.max_mb,
        )  # fmt: skip

    def _count(self, **more: int) -> None:
        now = self.counts
        self.counts = Counts(**{name: getattr(now, name) + more.get(name, 0) for name in vars(now)})


def _nbytes(one: Remembered) -> int:
    features = [f.nbytes for f in (one.mean_feature, one.best_feature) if f is not None]
    return sum(features) + BYTES_BESIDES_FEATURES
