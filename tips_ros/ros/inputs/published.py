# SPDX-License-Identifier: Apache-2.0
"""The publishers of images and CameraInfo in the graph, without nodes that make them of others.

What a tips node publishes, this one or another, live or from a bag, is nobody's camera.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from rclpy.node import Node

from tips_ros.messages.outputs import TOPICS
from tips_ros.ros.inputs.topics import CAMERA_INFO, COMPRESSED, IMAGE_TYPES

if TYPE_CHECKING:  # from Lyrical on it is in rclpy.endpoint_info
    from rclpy.topic_endpoint_info import TopicEndpointInfo

# Transports that need a plugin of image_transport, by the type of their messages.
PLUGINS = {
    "theora_image_transport/msg/Packet": "theora",
    "ffmpeg_image_transport_msgs/msg/FFMPEGPacket": "ffmpeg",
}
_CLASS_MAP, _CLASSES = "tips_ros/msg/ClassMap", "/semantic/classes"
_LIFECYCLE = "/transition_event"  # of a lifecycle node, as a tips node is and a bag's player not
_OUTPUTS = frozenset(f"/{topic.name}" for topic in TOPICS)
_SIMILARITY = "/similarity/"

# The publishers of each topic, without the node's own.
Graph = Mapping[str, Sequence["TopicEndpointInfo"]]


def publishers(node: Node, *listened: str) -> dict[str, list[TopicEndpointInfo]]:
    """The publishers in the graph of a node, by topic.

    Args:
        node: whose own publishers are left out, and those of other tips nodes.
        listened: topics of any type, whosever; of others those of images and CameraInfo.
    """
    wanted = {*IMAGE_TYPES.values(), *PLUGINS, CAMERA_INFO}
    named = node.get_topic_names_and_types()
    marks = {topic for topic, types in named if _CLASS_MAP in types}
    all_topics = {topic for topic, _ in named}
    makers = {(node.get_name(), node.get_namespace())}
    for topic in marks:
        for publisher in node.get_publishers_info_by_topic(topic):
            place = publisher.node_namespace.rstrip("/")
            if f"{place}/{publisher.node_name}{_LIFECYCLE}" in all_topics:
                makers.add((publisher.node_name, publisher.node_namespace))
    found = {}
    for topic, types in named:
        if topic not in listened:
            if wanted.isdisjoint(types) or is_output(topic, marks):
                continue
            # The node's remappings would turn the name into another one.
            if node.resolve_topic_name(topic) != topic:
                continue
        left_out = makers if topic not in listened else {(node.get_name(), node.get_namespace())}
        others = [
            publisher
            for publisher in node.get_publishers_info_by_topic(topic)
            if (publisher.node_name, publisher.node_namespace) not in left_out
        ]
        if others:
            found[topic] = others
    return found


def is_output(topic: str, class_maps: Collection[str]) -> bool:
    """Whether a topic's name is that of an output of a node whose classes are in the graph.

    Args:
        topic: in full.
        class_maps: the topics with ClassMap, as /tips/semantic/classes.
    """
    topic = topic.removesuffix(COMPRESSED)
    for classes in class_maps:
        base = classes.removesuffix(_CLASSES)
        if base != classes and topic.startswith(f"{base}/"):
            name = topic.removeprefix(base)
            if name in _OUTPUTS or name.startswith(_SIMILARITY):
                return True
    return False
