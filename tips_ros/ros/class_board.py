# SPDX-License-Identifier: Apache-2.0
"""The classes in force, the same for all cameras, told before the first mask with them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from tips_ros.perception.language.prompts import Prompts
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros.camera_names import ONLY
from tips_ros.ros.class_announcer import ClassAnnouncer
from tips_ros.ros.conversions import stamp_ns


class InForce(NamedTuple):
    """The classes that pixels get, and what they were made from."""

    labelling: Labelling
    prompts: Prompts | None = None  # None: the model's own classes


class ClassBoard:
    """Holds what is in force, and has a change announced before the first mask that uses it."""

    def __init__(
        self, node: LifecycleNode, predictor: Predictor, cameras: Sequence[str] = (ONLY,)
    ) -> None:
        """Begins with the model's own classes, not announced yet."""
        self._lock = threading.Lock()
        self._in_force = InForce(predictor.own_labelling)
        self._announcers = {camera: ClassAnnouncer(node, predictor, camera) for camera in cameras}
        # Stamp of the newest frame that classes were handed out for, by camera.
        self._newest_ns: dict[str, int] = {}

    @property
    def in_force(self) -> InForce:
        """What the next frame is labelled with."""
        return self._in_force

    def replace(self, in_force: InForce) -> int:
        """From the next frame of each camera on; the least stamp in ns that one of these can have.

        Of several cameras whose stamps come interleaved, that is the next of the one most behind.
        """
        with self._lock:
            self._in_force = in_force
            return min(self._newest_ns.values(), default=-1) + 1

    def announce_first(self) -> None:
        """Tells the classes before any frame came: its zero stamp is earlier than every frame's."""
        for announcer in self._announcers.values():
            announcer.announce(self._in_force.labelling, Header())

    def for_frame(self, camera: str, header: Any) -> Labelling:
        """The classes to label a camera's frame with; to be announced before its masks."""
        with self._lock:
            self._newest_ns[camera] = stamp_ns(header)
            return self._in_force.labelling

    def announce(self, camera: str, labelling: Labelling, header: Any) -> None:
        """Tells a camera's classes, unless they are those that were told last. From one thread."""
        announcer = self._announcers[camera]
        if labelling is not announcer.told:
            announcer.announce(labelling, header)

    def close(self) -> None:
        """Destroys the publishers."""
        for announcer in self._announcers.values():
            announcer.close()
