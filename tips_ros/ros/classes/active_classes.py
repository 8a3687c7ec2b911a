# SPDX-License-Identifier: Apache-2.0
"""The classes in force, the same for all cameras, told before the first mask with them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from tips_ros.perception.language.prompts import Prompts
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.ros.outputs.class_map import ClassHistory, ClassMapPublisher
from tips_ros.ros.topics.names import ONLY


class ClassSelection(NamedTuple):
    """The classes that pixels get, and what they were made from."""

    label_space: LabelSpace
    prompts: Prompts | None = None  # None: the model's own classes


class ActiveClasses:
    """Holds what is in force, and who announces a change before the first mask that uses it.

    Attributes:
        announcers: of each camera, by name.
    """

    def __init__(
        self,
        node: LifecycleNode,
        predictor: Predictor,
        cameras: Sequence[str] = (ONLY,),
        histories: Mapping[str, ClassHistory] | None = None,
    ) -> None:
        """Begins with the model's own classes, not announced yet.

        Args:
            node: who publishes.
            predictor: the model.
            cameras: their names.
            histories: what was announced by camera, where an earlier board did.
        """
        self._lock = threading.Lock()
        self._in_force = ClassSelection(predictor.model_label_space)
        known = histories or {}
        self.class_maps = {
            camera: ClassMapPublisher(node, predictor, camera, known.get(camera))
            for camera in cameras
        }
        # Stamp of the newest frame that classes were handed out for, by camera.
        self._newest_ns: dict[str, int] = {}

    @property
    def in_force(self) -> ClassSelection:
        """The selection that the next frame is labelled with."""
        return self._in_force

    def replace(self, in_force: ClassSelection) -> int:
        """From the next frame of each camera on.

        Returns:
            A stamp in ns; each frame of each camera that is not earlier has the new classes. The
            frames to come of a camera that is behind have them, too.
        """
        with self._lock:
            self._in_force = in_force
            return max(0, max(self._newest_ns.values(), default=-1) + 1)

    def announce_first(self) -> None:
        """Tells the classes before any frame came: its zero stamp is earlier than every frame's."""
        for announcer in self.class_maps.values():
            announcer.publish(self._in_force.label_space, Header())

    def for_frame(self, camera: str, stamp_ns: int) -> LabelSpace:
        """The classes to label a camera's frame with; to be announced before its masks."""
        with self._lock:
            self._newest_ns[camera] = stamp_ns
            return self._in_force.label_space

    def forget_stamps(self) -> None:
        """Time went back: the frames to come are earlier than those before."""
        with self._lock:
            self._newest_ns.clear()

    def close(self) -> None:
        """Destroys the publishers."""
        for announcer in self.class_maps.values():
            announcer.close()
