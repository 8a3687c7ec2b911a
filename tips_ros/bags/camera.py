# SPDX-License-Identifier: Apache-2.0
"""Finds the colour camera among the topics of a bag."""

from __future__ import annotations

from typing import NamedTuple

from tips_ros.bags.errors import BagError
from tips_ros.bags.reader import BagReader, TopicInfo

_RAW = "sensor_msgs/msg/Image"
_COMPRESSED = "sensor_msgs/msg/CompressedImage"
_INFO = "sensor_msgs/msg/CameraInfo"
_COLOUR_PREFIXES = ("rgb", "bgr", "bayer", "yuv", "yuy", "uyvy", "nv", "8UC3", "8UC4")
_DEPTH_ENCODINGS = ("16UC1", "32FC1", "64FC1")


class CameraTopics(NamedTuple):
    """The topics of one camera; `camera_info` is None where the bag has none that fits."""

    image: str
    compressed: bool
    camera_info: str | None


def find_camera(
    reader: BagReader, image_topic: str | None = None, *, ignore_namespace: str | None = None
) -> CameraTopics:
    """Choose the colour images of a bag and the CameraInfo that belongs to them.

    A topic with depth images is not a choice; of one camera's raw and compressed images the raw
    ones are. The CameraInfo is `camera_info` beside the image, or else the only one in a
    namespace above it: that of another camera would be worse than none.

    Args:
        reader: an open bag.
        image_topic: take this topic.
        ignore_namespace: topics below it are no camera's, such as `/ground_truth`.

    Raises:
        BagError: no colour images, those of several cameras, or no such topic.
    """
    images = {
        t.name: t for t in reader.topics.values() if t.count and t.type in (_RAW, _COMPRESSED)
    }
    if image_topic is None:
        if ignore_namespace is not None:
            prefix = f"{ignore_namespace}/"
            images = {name: t for name, t in images.items() if not name.startswith(prefix)}
        colour = [name for name, topic in images.items() if not _is_depth(reader, topic)]
        chosen = [n for n in colour if n == _camera(n) or _camera(n) not in colour]
        if not chosen:
            raise BagError(f"{reader.path} has no colour images; it has {', '.join(reader.topics)}")
        if len(chosen) > 1:
            raise BagError(
                f"{reader.path} has several image topics; choose one with --image-topic: "
                f"{', '.join(sorted(chosen))}"
            )
        image_topic = chosen[0]
    elif image_topic not in images:
        raise BagError(
            f"{reader.path} has no images on {image_topic}; "
            f"choose one with --image-topic: {', '.join(sorted(images)) or '(it has no images)'}"
        )
    compressed = images[image_topic].type == _COMPRESSED
    return CameraTopics(image_topic, compressed, _camera_info(reader, image_topic))


def _camera(topic: str) -> str:
    """The image topic that image_transport made this topic from."""
    base, _, last = topic.rpartition("/")
    return base if last in ("compressed", "compressedDepth") else topic


def _is_depth(reader: BagReader, topic: TopicInfo) -> bool:
    """By what its first message says of itself; by the topic's name where that says nothing."""
    message = reader.deserialize(next(iter(reader.messages([topic.name]))))
    encoding = message.encoding if topic.type == _RAW else message.format
    if encoding.startswith(_DEPTH_ENCODINGS) or "compressedDepth" in encoding:
        return True
    return "depth" in topic.name and not encoding.startswith(_COLOUR_PREFIXES)


def _camera_info(reader: BagReader, image_topic: str) -> str | None:
    infos = [t.name for t in reader.topics.values() if t.count and t.type == _INFO]
    namespace = _camera(image_topic).rpartition("/")[0]
    if f"{namespace}/camera_info" in infos:
        return f"{namespace}/camera_info"
    above = [i for i in infos if f"{namespace}/".startswith(f"{i.rpartition('/')[0]}/")]
    return above[0] if len(above) == 1 else None
