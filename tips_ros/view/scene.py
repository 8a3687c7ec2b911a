# SPDX-License-Identifier: Apache-2.0
"""A scene of rerun: entities called as the topics are, at their stamps, in their tf frames."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import rerun as rr
from numpy.typing import NDArray

APPLICATION = "tips_ros"
# As rerun's own reader of MCAP calls the stamps of headers, and the times that messages came.
STAMPS, RECEIPTS = "ros2_timestamp", "message_log_time"
_ONE_CLOCK_NS = 60 * 10**9  # within which stamps and times of receipt are of one clock


class Kind(Enum):
    """Kinds of entities, which the layout of the screen goes by."""

    PICTURE = "picture"
    LABELS = "labels"
    DEPTH = "depth"
    DEVIATION = "deviation"
    NORMALS = "normals"
    NAMES = "names"
    CLOUD = "cloud"
    BOXES = "boxes"
    FLOOR = "floor"
    RATE = "rate"
    MILLISECONDS = "milliseconds"
    TEXT = "text"
    OTHER = "other"


_OF_FRAMES = (Kind.PICTURE, Kind.LABELS, Kind.DEPTH, Kind.DEVIATION, Kind.NORMALS, Kind.CLOUD)


class Pinhole(NamedTuple):
    """Intrinsics of a camera: K row by row, and the size of the pictures that it is for."""

    k: tuple[float, ...]
    width: int
    height: int


class Scene:
    """Entities, and what is known of the frames they are in.

    Attributes:
        recording: rerun's stream.
        kinds: entity → its kind, in the order they came.
        pinholes: frame_id → the camera's intrinsics, where a CameraInfo told them.
        image_frame: the frame_id of the first image; "" before.
        fixed_frame: where no image is, the frame that all is in.
        levels: level frames of cameras that are told by their floors, in place of tf.
        received_ns: when what is drawn now came; None where that was never told.
        timeline: the one to look at: of stamps, or, where frames are replayed and their stamps are
            of another clock than those of all else, of receipts.
    """

    def __init__(self, recording: rr.RecordingStream) -> None:
        self.recording = recording
        self.kinds: dict[str, Kind] = {}
        self.pinholes: dict[str, Pinhole] = {}
        self.image_frame = ""
        self.fixed_frame = ""
        self.levels: set[str] = set()
        self.received_ns: int | None = None
        self.timeline = STAMPS
        self._parents: dict[str, tuple[str, NDArray[np.float64]]] = {}
        self._fixed: set[str] = set()
        self._first: dict[str, tuple[str, NDArray[np.float64]]] = {}

    def put(self, entity: str, kind: Kind, stamp_ns: int, *content: Any) -> None:
        """Puts content at an entity, from this stamp on."""
        if entity not in self.kinds:
            # Made anew: another thread may be going through the one of before, to lay it out.
            self.kinds = {**self.kinds, entity: kind}
        received_ns = stamp_ns if self.received_ns is None else self.received_ns
        self.recording.set_time(STAMPS, timestamp=np.datetime64(stamp_ns, "ns"))
        self.recording.set_time(RECEIPTS, timestamp=np.datetime64(received_ns, "ns"))
        if kind in _OF_FRAMES and abs(stamp_ns - received_ns) > _ONE_CLOCK_NS:
            self.timeline = RECEIPTS
        self.recording.log(entity, *content)

    def put_in_frame(
        self, entity: str, kind: Kind, stamp_ns: int, frame_id: str, *content: Any
    ) -> None:
        """The same of something in space, in a frame of tf."""
        self.put(entity, kind, stamp_ns, rr.CoordinateFrame(frame_id), *content)

    def put_image(
        self,
        entity: str,
        kind: Kind,
        stamp_ns: int,
        frame_id: str,
        size: tuple[int, int],
        content: Any,
    ) -> None:
        """The same of an image of size (height, width); its camera stands in `frame_id`."""
        self.image_frame = self.image_frame or frame_id
        pinhole = self.pinholes.get(frame_id)
        if pinhole is None:
            self.put(entity, kind, stamp_ns, content)
            return
        height, width = size
        scale = np.diag([width / pinhole.width, height / pinhole.height, 1.0])
        plane = _plane(frame_id, entity)
        lens = rr.Pinhole(
            image_from_camera=scale @ np.reshape(pinhole.k, (3, 3)),
            resolution=[width, height],
            parent_frame=frame_id,
            child_frame=plane,
            image_plane_distance=0.5,
        )
        self.put(entity, kind, stamp_ns, rr.CoordinateFrame(plane), lens, content)

    def put_on_image(
        self, entity: str, image: str, stamp_ns: int, frame_id: str, *content: Any
    ) -> None:
        """The same of names that stand on an image, whose entity is `image`, in its pixels."""
        if frame_id in self.pinholes:
            content = (rr.CoordinateFrame(_plane(frame_id, image)), *content)
        self.put(entity, Kind.NAMES, stamp_ns, *content)

    def place(
        self, parent: str, child: str, matrix: NDArray[np.float64], *, fixed: bool = False
    ) -> None:
        """Notes where a frame is: (4, 4), child → parent; whether it stays there."""
        if fixed:
            self._fixed.add(child)
        self._parents[child] = (parent, matrix)
        self._first.setdefault(child, (parent, matrix))

    def is_told(self, child: str) -> bool:
        """Whether tf has told where a frame is."""
        return child in self._parents

    def eye_pose(self, *, first: bool = False) -> tuple[str, NDArray[np.float64]]:
        """The frame to look at all from, and (4, 4) the camera's pose in it.

        It is what the camera is fixed to, the robot's base, so that the eye goes along; else the
        frame that all of the image's tree hangs on; the image's own where nothing tells of
        another; "" before the first image.

        Args:
            first: the pose that was told first, not the newest.
        """
        parents = self._first if first else self._parents
        frame, pose = self.image_frame or self.fixed_frame, np.eye(4)
        if not frame and parents:
            frame = next(iter(parents))
        passed: set[str] = set()
        while frame in parents and frame not in passed:  # tf may lie, in a circle
            if passed and frame not in self._fixed and passed <= self._fixed:
                break
            passed.add(frame)
            frame, matrix = parents[frame]
            pose = matrix @ pose
        return frame, pose


def _plane(frame_id: str, entity: str) -> str:
    """The frame of an image's pixels."""
    return f"{frame_id} image of {entity}"
