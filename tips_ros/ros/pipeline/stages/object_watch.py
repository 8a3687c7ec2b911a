# SPDX-License-Identifier: Apache-2.0
"""One camera's things over time, with what tf2 knows of where the camera is."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import CameraPose, FrameResult
from tips_ros.messages.objects.objects import look_at_objects
from tips_ros.perception.ground.classes import classes_named
from tips_ros.perception.objects.objects import Objects, ObjectsView
from tips_ros.perception.objects.tracker import IdCounter
from tips_ros.ros.pipeline.stages.pending_reset import PendingReset
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)


class ObjectWatch:
    """Follows things from frame to frame; `look` is called from one thread."""

    def __init__(self, frames: TransformLookup, ids: IdCounter) -> None:
        """
        Args:
            frames: where the camera is.
            ids: where ids are from.
        """
        self._frames = frames
        self._objects = Objects(ids)
        self._pending_reset = PendingReset()
        self._throttle = LogThrottle(logger)

    def look(
        self, frame: FrameResult, value_features: NDArray[np.float32] | None, world: str
    ) -> ObjectsView | None:
        """The things of this frame; None without labels.

        Args:
            frame: the next one.
            value_features: (h, w, D) of its patches.
            world: frame in which the camera moves smoothly; "" for none.
        """
        if self._pending_reset.take():
            self._objects.reset()
        self._warn_of_unknown_names(frame)
        pose = self._pose(frame.header, world)
        return look_at_objects(self._objects, frame, value_features, pose)

    def reset(self) -> None:
        """Forgets all things with the next frame, as when time jumps back."""
        self._pending_reset.request()

    def _warn_of_unknown_names(self, frame: FrameResult) -> None:
        """A misspelt name would make things of its class, floors and all."""
        names = frame.label_space.classes.by_id()
        wanted = frame.options.objects_stuff
        unknown = [name for name in wanted if not classes_named(names, [name]).any()]
        if unknown:
            self._throttle.warning(
                f"stuff {unknown}",
                "objects.stuff: %s not among the classes now, which are %s",
                ", ".join(map(repr, unknown)),
                ", ".join(names.values()),
            )

    def _pose(self, header: Any, world: str) -> CameraPose | None:
        """The camera's pose as far as tf knows it by now: nothing is waited for."""
        if not world or not header.frame_id or not self._frames.listen():
            return None
        try:
            return CameraPose(world, self._frames.transform(world, header.frame_id, header.stamp))
        except ValueError:  # not (yet): the flow of the picture serves
            return None
