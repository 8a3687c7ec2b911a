# SPDX-License-Identifier: Apache-2.0
"""The topics of a bag: what its files' channels are together, and what ROS 2 can't read of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rosbags.interfaces import Qos, QosDurability

from tips_ros.bags.storage.storage import CDR, Channel, Definition
from tips_ros.bags.types import full_type_name

_ROS2_DEFINITIONS = ("ros2msg", "ros2idl", "omgidl")


@dataclass(frozen=True)
class TopicInfo:
    """A recorded topic.

    Attributes:
        name: as recorded.
        type: ROS type.
        count: messages.
        qos: what its first publisher offered, None if that was not kept.
        definition: what the recorder wrote down about the type, if anything.
    """

    name: str
    type: str
    count: int
    qos: Qos | None
    definition: Definition = Definition()

    @property
    def latched(self) -> bool:
        """Whether late subscribers got the last messages (transient local), as with tf_static."""
        if self.qos is None:
            return self.name.rpartition("/")[2] == "tf_static"
        return self.qos.durability == QosDurability.TRANSIENT_LOCAL


class SortedTopics(NamedTuple):
    """Topics by name, and for those that are left out, the reason in a word or two."""

    topics: dict[str, TopicInfo]
    left_out: dict[str, str]


def is_cdr(channel: Channel) -> bool:
    """Whether its messages are those of ROS 2; a few writers leave the name of that away."""
    if not channel.serialization:
        return not channel.definition.encoding or channel.definition.encoding in _ROS2_DEFINITIONS
    return channel.serialization.lower() == CDR


def sort_topics(channels: Iterable[Channel], qos: Mapping[str, Qos]) -> SortedTopics:
    """Puts the channels of each topic together.

    Args:
        channels: of all files.
        qos: topic → what its publisher offered, where that is known from elsewhere.
    """
    of_topic: dict[str, list[Channel]] = {}
    for channel in channels:
        of_topic.setdefault(channel.topic, []).append(channel)
    found, left_out = {}, {}
    for name, alike in of_topic.items():
        readable = [channel for channel in alike if is_cdr(channel)]
        used = [channel for channel in readable if channel.count] or readable
        types = Counter(full_type_name(channel.type) for channel in used)
        if not readable:
            left_out[name] = alike[0].serialization
        elif len(types) > 1:
            left_out[name] = f"of the types {' and '.join(sorted(types))}"
        elif not (type_name := next(iter(types))):
            left_out[name] = "no type"
        else:
            offered = (channel.qos for channel in readable if channel.qos is not None)
            texts = (c.definition for c in used if c.definition.text)
            found[name] = TopicInfo(
                name,
                type_name,
                sum(channel.count for channel in used),
                qos.get(name) or next(offered, None),
                next(texts, Definition()),
            )
    return SortedTopics(found, left_out)
