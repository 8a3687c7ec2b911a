# SPDX-License-Identifier: Apache-2.0
"""Topics on which a camera's images and its CameraInfo may come, by ROS's conventions.

Convention: image_transport publishes CompressedImage on `<image>/compressed`, while many drivers
publish it on a topic of any name; CameraInfo is beside the image, in some drivers below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

IMAGE_TYPES = {"raw": "sensor_msgs/msg/Image", "compressed": "sensor_msgs/msg/CompressedImage"}
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
COMPRESSED = "/compressed"

# The types that are published on a topic.
TypesOf = Callable[[str], Collection[str]]


def image_topics(base: str, transport: str) -> tuple[str, ...]:
    """The topics that images of a transport may come on, the likeliest first.

    Args:
        base: what `image` is remapped to, in full.
        transport: `raw` or `compressed`.
    """
    if transport == "compressed" and not base.endswith(COMPRESSED):
        return base + COMPRESSED, base
    return (base,)


def base_of(topic: str) -> str:
    """Returns the name that `image` has to be remapped to for images that come on this topic."""
    return topic.removesuffix(COMPRESSED)


def camera_info_topics(base: str) -> tuple[str, str]:
    """The topics of an image topic's CameraInfo: beside it, and below it."""
    base = base_of(base)
    return f"{base.rpartition('/')[0]}/camera_info", f"{base}/camera_info"


def first_published(topics: Iterable[str], type_: str, types_of: TypesOf) -> str | None:
    """The first of the topics on which messages of this type are published; None if none is."""
    return next((topic for topic in topics if type_ in types_of(topic)), None)


def likeliest_first(
    topics: Iterable[str], to: str, published: Collection[str] = ()
) -> list[str]:
    """Topics by how likely they are what was meant with another one.

    What is no camera's picture comes last, unless its name says that it was meant. Then the more
    levels of the name are the same, the likelier; then one with a CameraInfo of its own, then a
    name that drivers use.

    Args:
        topics: of images or CameraInfo.
        to: the topic that was asked for, on which nothing comes.
        published: all topics there are.
    """
    meant = _words(to)

    def strangeness(topic: str) -> tuple[bool, int, bool, bool, str]:
        shared = 0
        for one, other in zip(topic.split("/"), to.split("/"), strict=False):
            if one != other:
                break
            shared += 1
        has_info = any(info in published for info in camera_info_topics(topic))
        usual = not _USUAL.isdisjoint(_words(base_of(topic)))
        is_made = not (_MADE & _words(topic)) <= meant
        return is_made, -shared, not has_info, not usual, topic

    return sorted(topics, key=strangeness)


# Words in the names of images that are measured, made of others, or for people to look at.
_MADE = frozenset(
    {
        *("depth", "disparity", "infra", "ir", "infra1", "infra2", "thermal", "confidence"),
        *("mask", "masks", "label", "labels", "semantic", "segmentation", "detections"),
        *("overlay", "annotated", "debug", "visualization", "viz", "normals", "heatmap"),
    }
)
_USUAL = frozenset(["raw", "color", "rgb", "rect"])


def _words(topic: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+\d*", topic.lower()))
