# SPDX-License-Identifier: Apache-2.0
"""Finds the colour camera among the topics of a bag."""

from __future__ import annotations

import logging
from typing import NamedTuple

from tips_ros.bags.camera_info import camera_infos, camera_of, find_camera_info
from tips_ros.bags.errors import BagError
from tips_ros.bags.reader import BagReader
from tips_ros.bags.topics import TopicInfo

logger = logging.getLogger(__name__)

_RAW = "sensor_msgs/msg/Image"
_COMPRESSED = "sensor_msgs/msg/CompressedImage"
_COLOUR_PREFIXES = ("rgb", "bgr", "bayer", "yuv", "yuy", "uyvy", "nv", "8UC3", "8UC4")
# A node of ours says by the first what its images below the second are.
_TELLING = {"tips_ros/msg/ClassMap": "/semantic/classes", "tips_ros/msg/DepthInfo": "/depth/info"}
_OUTPUTS = ("depth", "normals", "semantic", "similarity", "objects")
_DEPTH_ENCODINGS = ("16UC1", "32FC1", "64FC1")


class CameraTopics(NamedTuple):
    """The topics of one camera; `camera_info` is None where the bag has none that fits."""

    image: str
    compressed: bool
    camera_info: str | None


def find_camera(
    reader: BagReader,
    image_topic: str | None = None,
    *,
    camera_info_topic: str | None = None,
    ignore_namespace: str | None = None,
) -> CameraTopics:
    """Choose the colour images of a bag and the CameraInfo that belongs to them.

    A topic with depth images is not a choice, nor is an output of ours; of one camera's raw and
    compressed images the raw ones are. The CameraInfo is that of `find_camera_info`.

    Args:
        reader: an open bag.
        image_topic: take this topic.
        camera_info_topic: take this CameraInfo.
        ignore_namespace: topics below it are no camera's, such as `/ground_truth`.

    Raises:
        BagError: no colour images, those of several cameras, or no such topic.
    """
    images = {
        t.name: t for t in reader.topics.values() if t.count and t.type in (_RAW, _COMPRESSED)
    }
    if image_topic is None:
        prefix = None if ignore_namespace is None else f"{ignore_namespace}/"
        image_topic = _only_colour(reader, images, prefix)
    elif image_topic not in images:
        raise BagError(
            f"{reader.path} has no images on {image_topic}; "
            f"choose one with --image-topic: {', '.join(sorted(images)) or '(it has no images)'}"
        )
    compressed = images[image_topic].type == _COMPRESSED
    if camera_info_topic is None:
        camera_info_topic = find_camera_info(reader, image_topic)
    elif camera_info_topic not in (infos := camera_infos(reader)):
        raise BagError(
            f"{reader.path} has no CameraInfo on {camera_info_topic}; choose one with "
            f"--camera-info-topic: {', '.join(infos) or '(it has no CameraInfo)'}"
        )
    return CameraTopics(image_topic, compressed, camera_info_topic)


def _only_colour(reader: BagReader, images: dict[str, TopicInfo], but: str | None) -> str:
    ours = _own_outputs(reader)
    colour = [
        name
        for name, topic in images.items()
        if not (but and name.startswith(but))
        and not name.startswith(ours)
        and not _is_depth(reader, topic)
    ]
    chosen = [name for name in colour if name == camera_of(name) or camera_of(name) not in colour]
    if not chosen:
        raise BagError(f"{reader.path} has no colour images; it has {', '.join(reader.topics)}")
    if len(chosen) > 1:
        raise BagError(
            f"{reader.path} has several image topics; choose one with --image-topic: "
            f"{', '.join(sorted(chosen))}"
        )
    return chosen[0]


def _own_outputs(reader: BagReader) -> tuple[str, ...]:
    """Beginnings of the names of outputs, of all our nodes that were recorded, too."""
    bases = {
        topic.name.removesuffix(end)
        for topic in reader.topics.values()
        if (end := _TELLING.get(topic.type)) and topic.name.endswith(end)
    }
    return tuple(f"{base}/{part}/" for base in sorted(bases) for part in _OUTPUTS)


def _is_depth(reader: BagReader, topic: TopicInfo) -> bool:
    """Tells by the first message's encoding, or by the topic's name where that does not tell."""
    encoding = ""
    try:
        message = reader.deserialize(next(iter(reader.messages([topic.name]))))
        encoding = message.encoding if topic.type == _RAW else message.format
    except BagError as error:  # its images may be of no use, but those of the others are
        logger.info("%s", error)
    if encoding.startswith(_DEPTH_ENCODINGS) or "compressedDepth" in encoding:
        return True
    return "depth" in topic.name and not encoding.startswith(_COLOUR_PREFIXES)
