# SPDX-License-Identifier: Apache-2.0
"""One camera's things over time: frame in; things with ids, and a picture of ids out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList, name_key
from tips_ros.perception.objects.instances import FrameInstances, Instance, instances
from tips_ros.perception.objects.settings import USUAL, ObjectSettings
from tips_ros.perception.objects.stuff import thing_classes
from tips_ros.perception.objects.tracker import IdCounter, Tracker
from tips_ros.perception.posed_frame import PosedFrame


@dataclass(frozen=True, eq=False)
class SeenObject:
    """A thing with an id, as one frame shows it.

    Attributes:
        id: from 1 on; the same while it is the same thing, and no other's afterwards.
        class_name, class_id: what it was called most over time, of the classes now in force.
        shown: where and how this frame has it.
        hits: frames that it was seen in.
        first_seen_ns, last_seen_ns: stamps of the first and the last of them.
    """

    id: int
    class_name: str
    class_id: int
    shown: Instance
    hits: int
    first_seen_ns: int
    last_seen_ns: int


class ObjectsView:
    """The things of one frame that have ids.

    Attributes:
        objects: largest first.
        class_ids: name of each class, as of `name_key`, → the id that its pixels have.
    """

    def __init__(
        self,
        objects: list[SeenObject],
        found: FrameInstances,
        labels: NDArray[np.uint8],
        id_of_piece: Sequence[int],
        class_ids: Mapping[str, int],
    ) -> None:
        """
        Args:
            objects: the things.
            found: all pieces of the frame.
            labels: (H, W) of it.
            id_of_piece: 0 for a piece without an id.
            class_ids: of the classes now in force.
        """
        self.objects, self.class_ids = objects, class_ids
        self._found, self._labels, self._ids = found, labels, id_of_piece

    def id_map(self) -> NDArray[np.uint16]:
        """(H, W) the lower 16 bits of each pixel's id, which are never 0; 0 where no thing is."""
        ids = np.array([0, *self._ids], np.int64) & 0xFFFF
        return np.asarray(self._found.at_size(ids.astype(np.uint16), self._labels), np.uint16)

    def ids_at(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ids at some pixels of the frame, in their shape; 0 where no thing is."""
        found = self._found
        ids = np.array([0, *self._ids], np.int64)
        return np.asarray(ids[found.piece[rows // found.stride, columns // found.stride]])


class Objects:
    """Follows the things of one camera. Not for several threads."""

    def __init__(self, ids: IdCounter | None = None) -> None:
        """
        Args:
            ids: where ids are from, as of `Tracker`.
        """
        self._tracker = Tracker(ids)

    def reset(self) -> None:
        """Forgets all things; their ids are not given again."""
        self._tracker.reset()

    def look(
        self,
        frame: PosedFrame,
        classes: ClassList,
        *,
        rgb: NDArray[np.uint8] | None = None,
        stuff: Sequence[str] = (),
        settings: ObjectSettings = USUAL,
    ) -> ObjectsView:
        """The things of the next frame.

        Args:
            frame: with labels, and as much else as there is.
            classes: those of its labels.
            rgb: (H, W, 3) its picture, of any size.
            stuff: names of classes that are no things; empty for the usual ones.
            settings: what is a thing, and for how long.

        Raises:
            ValueError: a frame without labels.
        """
        found = instances(frame, classes, _things(classes, tuple(stuff)), settings)
        tracks = self._tracker.update(frame, found, settings, rgb)
        id_of = classes.id_by_key
        objects = []
        for track, shown in zip(tracks, found.found, strict=True):
            if track.id:
                name, class_id = track.name, id_of.get(name_key(track.name))
                if class_id is None:  # the classes are others now
                    name, class_id = shown.class_name, shown.class_id
                objects.append(
                    SeenObject(
                        track.id, name, class_id, shown, track.hits,
                        track.first_seen_ns, track.last_seen_ns,
                    )
                )  # fmt: skip
        assert frame.labels is not None
        return ObjectsView(objects, found, frame.labels, [track.id for track in tracks], id_of)


@lru_cache(maxsize=16)
def _things(classes: ClassList, stuff: tuple[str, ...]) -> NDArray[np.bool_]:
    return thing_classes(classes, stuff)
