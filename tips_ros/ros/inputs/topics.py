# SPDX-License-Identifier: Apache-2.0
"""Topics on which a camera's images and its CameraInfo may come, by ROS's conventions.

Convention: image_transport publishes CompressedImage on `<image>/compressed`, while many drivers
publish it on a topic of any name; CameraInfo is beside the image, in some drivers below it.
"""

from __future__ import annotations

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


def nearest_first(topics: Iterable[str], to: str) -> list[str]:
    """Topics by how many levels of their name they share with another; depth images come last."""

    def strangeness(topic: str) -> tuple[bool, int, str]:
        shared = 0
        for one, other in zip(topic.split("/"), to.split("/"), strict=False):
            if one != other:
                break
            shared += 1
        return "depth" in topic, -shared, topic

    return sorted(topics, key=strangeness)
