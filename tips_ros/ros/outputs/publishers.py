# SPDX-License-Identifier: Apache-2.0
"""The output publishers: they know who listens, so that nothing else is made."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from rclpy.lifecycle import LifecycleNode

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.outputs import TOPICS, VISION_TOPICS, OutputTopic
from tips_ros.messages.types import rclpy_class, rclpy_types_for_one_thread
from tips_ros.perception.image_request import Output
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.names import ONLY, output_topic

logger = logging.getLogger(__name__)


class OutputPublishers:
    """One lifecycle publisher for each output topic of a camera that the model can serve.

    Attributes:
        names: of all topics there are.
    """

    def __init__(
        self, node: LifecycleNode, available: Collection[Output], camera: str = ONLY
    ) -> None:
        self._node = node
        self._types = rclpy_types_for_one_thread()
        self._throttle = LogThrottle(logger)
        self._publishers: dict[OutputTopic, Any] = {}
        try:
            for topic in (*TOPICS, *VISION_TOPICS):
                type_ = _class_of(topic)
                if type_ is not None and topic.needs <= set(available):
                    self._publishers[topic] = node.create_lifecycle_publisher(
                        type_,
                        output_topic(camera, topic.name),
                        qos.output(),
                        qos_overriding_options=qos.overridable(),
                    )
        except Exception:  # a QoS override that can't be
            self.close()
            raise
        self.names = [topic.name for topic in self._publishers]

    def subscribed_topics(self) -> list[OutputTopic]:
        """The topics that have a subscriber now."""
        return [
            topic
            for topic, publisher in list(self._publishers.items())
            if publisher.get_subscription_count()
        ]

    def publish(self, topics: Collection[OutputTopic], frame: FrameResult) -> dict[str, str]:
        """Makes and publishes the messages of a frame; one that fails costs itself alone.

        Returns:
            Of each topic "", or the cause why it was not published, as diagnostics count it.
        """
        outcome = {}
        for topic in topics:
            try:
                outcome[topic.name] = self.publish_one(topic, frame)
            except Exception as error:
                self._throttle.error(topic.name, "no ~/%s: %r", topic.name, error, cause=error)
                outcome[topic.name] = "failed"
        return outcome

    def publish_one(self, topic: OutputTopic, frame: FrameResult) -> str:
        """The same of one topic, whose errors are the caller's. Always from the same thread."""
        message = topic.make(self._types, frame)
        if message is None:
            return _missing_reason(topic, frame)
        self._publishers[topic].publish(message)
        return ""

    def close(self) -> None:
        """Destroys the publishers."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()


def _class_of(topic: OutputTopic) -> Any:
    """The topic's message; None, and a line says so, where its package is not installed."""
    try:
        return rclpy_class(topic.type)
    except ImportError:
        if topic not in VISION_TOPICS:
            raise
        logger.info("vision_msgs is not installed: no ~/%s", topic.name)
        return None


def _missing_reason(topic: OutputTopic, frame: FrameResult) -> str:
    if topic.needs_camera and frame.camera is None:
        return "no camera_info"
    if "semantic" in topic.needs and frame.ids is None:
        return "no classes"
    return "not made"
