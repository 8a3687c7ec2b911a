# SPDX-License-Identifier: Apache-2.0
"""Compares what the graph shows of the node with what it should be."""

from __future__ import annotations

from rclpy.node import Node

from tips_ros.messages.outputs import TOPICS

_NODE = "tips"


def endpoints_amiss(node: Node, cameras: list[str]) -> str:
    """Lists topics and services that an active node has too many or too few of; "" for none.

    Args:
        node: who looks.
        cameras: of the node that is looked at.
    """
    subscribed: list[str] = []
    published: list[str] = []
    for topic, _ in node.get_topic_names_and_types():
        readers = node.get_subscriptions_info_by_topic(topic)
        subscribed += [topic for end in readers if end.node_name == _NODE]
        writers = node.get_publishers_info_by_topic(topic)
        published += [topic for end in writers if end.node_name == _NODE]
    wrong = []
    for camera in cameras:
        inputs, outputs = (f"/{camera}/", f"/tips/{camera}/") if camera else ("/", "/tips/")
        images = [t for t in subscribed if t in (f"{inputs}image", f"{inputs}image/compressed")]
        if len(images) != 1:
            wrong.append(f"subscriptions of images: {images}")
        for output in (*(topic.name for topic in TOPICS), "depth/info", "semantic/classes"):
            if (count := published.count(outputs + output)) != 1:
                wrong.append(f"{count} publishers of {outputs}{output}")
        if count := sum(topic.startswith(f"{outputs}similarity/") for topic in published):
            wrong.append(f"{count} publishers of heat maps of {camera!r}, and no prompts")
    return "; ".join(wrong)
