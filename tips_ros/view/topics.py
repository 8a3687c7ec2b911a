# SPDX-License-Identifier: Apache-2.0
"""Chooses by a topic's type and name how its messages are drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from tips_ros.bags.types import OWN_PACKAGE
from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.transforms import TF_MESSAGE
from tips_ros.messages.types import (
    CAMERA_INFO,
    CLASS_MAP,
    GROUND_PLANE,
    IMAGE,
    LASER_SCAN,
    OBJECT_ARRAY,
    POINT_CLOUD,
)
from tips_ros.perception.images.decoder import ImageDecoder
from tips_ros.view.images import draw_classes, draw_image, note_camera, stamp_of
from tips_ros.view.numbers import draw_diagnostics
from tips_ros.view.scene import Scene
from tips_ros.view.space import (
    draw_cloud,
    draw_floor,
    draw_objects,
    draw_scan,
    draw_transforms,
)

logger = logging.getLogger(__name__)

COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
DIAGNOSTIC_ARRAY = "diagnostic_msgs/msg/DiagnosticArray"
Draw = Callable[[Scene, str, Any, int], None]
_DRAWN: dict[str, Draw] = {
    POINT_CLOUD: draw_cloud,
    LASER_SCAN: draw_scan,
    TF_MESSAGE: draw_transforms,
    CLASS_MAP: draw_classes,
    GROUND_PLANE: draw_floor,
    OBJECT_ARRAY: draw_objects,
    DIAGNOSTIC_ARRAY: draw_diagnostics,
}
_IMAGES = (IMAGE, COMPRESSED_IMAGE)
# Other outputs show the same: a picture of it, or fewer points.
_IN_PLACE_OF = {
    "normals/color": "normals/image",
    "semantic/image": "semantic/color",
    "points_filtered": "points",
}
_UNSHOWN = ("semantic/confidence", "objects/ids")


class TopicDrawer:
    """Draws messages of topics into a scene; one that can't be drawn is said and left out."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._decoders: dict[str, ImageDecoder] = {}
        self._throttle = LogThrottle(logger)

    def draw(self, topic: str, type_name: str, message: Any, received_ns: int) -> None:
        """Draws a message, by rclpy or rosbags, received at `received_ns`."""
        entity = topic.strip("/")
        at_ns = stamp_of(message, received_ns)
        self.scene.received_ns = received_ns
        try:
            if type_name == CAMERA_INFO:
                note_camera(self.scene, message)
            elif type_name in _IMAGES:
                decoder = self._decoders.setdefault(topic, ImageDecoder(topic))
                draw_image(self.scene, entity, message, at_ns, decoder)
            else:
                _DRAWN[type_name](self.scene, entity, message, at_ns)
        except (ValueError, TypeError, AttributeError) as error:
            self._throttle.error(topic, "%s is not shown: %s", topic, error)


def is_known(type_name: str) -> bool:
    """Whether messages of this type are drawn by us, or are our own."""
    return type_name in (*_DRAWN, *_IMAGES, CAMERA_INFO) or type_name.startswith(OWN_PACKAGE)


def drawn_topics(types: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Chooses those topics that are drawn, with their types."""
    known = {name: kind for name, kind in types if kind in (*_DRAWN, *_IMAGES, CAMERA_INFO)}
    return {name: kind for name, kind in known.items() if not _is_left_out(name, known)}


def _is_left_out(name: str, known: dict[str, str]) -> bool:
    if name.endswith(_UNSHOWN) or "/similarity/" in name:
        return True
    for shown, other in _IN_PLACE_OF.items():
        if name.endswith(f"/{other}") and f"{name.removesuffix(other)}{shown}" in known:
            return True
    return False
