# SPDX-License-Identifier: Apache-2.0
"""Finds the CameraInfo of a bag that belongs to a topic with images."""

from __future__ import annotations

import logging

from tips_ros.bags.errors import BagError
from tips_ros.bags.reader import BagReader

logger = logging.getLogger(__name__)

_INFO = "sensor_msgs/msg/CameraInfo"
_TRANSPORTS = ("compressed", "compressedDepth")


def camera_of(image_topic: str) -> str:
    """The image topic that image_transport made this topic from."""
    base, _, last = image_topic.rpartition("/")
    return base if last in _TRANSPORTS else image_topic


def camera_infos(reader: BagReader) -> list[str]:
    """The topics with CameraInfo."""
    return sorted(t.name for t in reader.topics.values() if t.count and t.type == _INFO)


def find_camera_info(reader: BagReader, image_topic: str) -> str | None:
    """The topic of a camera's CameraInfo; None where no topic is surely this camera's.

    That is `camera_info` below the image topic, as some simulators have it, or beside it, or else
    the only one in a namespace above it. Otherwise the only one of the bag is taken, and told,
    unless its frame is another than that of the images: another camera's would be worse than none.
    """
    infos = camera_infos(reader)
    camera = camera_of(image_topic)
    namespace = camera.rpartition("/")[0]
    for near in (f"{camera}/camera_info", f"{image_topic}/camera_info", f"{namespace}/camera_info"):
        if near in infos:
            return near
    above = [i for i in infos if f"{namespace}/".startswith(f"{i.rpartition('/')[0]}/")]
    if len(above) == 1:
        return above[0]
    if len(infos) == 1:
        return _only(reader, image_topic, infos[0])
    if infos:
        logger.warning(
            "%s: none of its CameraInfo is surely that of %s; choose with --camera-info-topic: %s",
            *(reader.path, image_topic, ", ".join(infos)),
        )
    return None


def _only(reader: BagReader, image_topic: str, info_topic: str) -> str | None:
    image_frame, info_frame = (_frame(reader, topic) for topic in (image_topic, info_topic))
    if image_frame and info_frame and image_frame != info_frame:
        logger.warning(
            "%s: its only CameraInfo, %s, is of frame %s, but %s is of frame %s: it is not used; "
            "--camera-info-topic %s takes it all the same",
            *(reader.path, info_topic, info_frame, image_topic, image_frame, info_topic),
        )
        return None
    logger.warning(
        "%s: %s is taken for the CameraInfo of %s, as it has no other",
        *(reader.path, info_topic, image_topic),
    )
    return info_topic


def _frame(reader: BagReader, topic: str) -> str:
    """Frame id of a topic's first message; empty where that can't be read."""
    try:
        first = next(iter(reader.messages([topic])))
        return str(reader.deserialize(first).header.frame_id).lstrip("/")
    except BagError:
        return ""
