# SPDX-License-Identifier: Apache-2.0
"""Quality of service: every publisher is heard, and a user can choose otherwise."""

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from tips_ros.ros.conversions import image_message
from tips_ros.ros.message_types import RCLPY_TYPES

from .conftest import header_at, picture, until


@pytest.mark.parametrize("reliability", [ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE])
@pytest.mark.parametrize(
    "durability", [DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL]
)
def test_images_of_any_publisher_are_heard(graph, reliability, durability):
    graph.listen("depth/image")
    profile = QoSProfile(depth=1, reliability=reliability, durability=durability)
    message = image_message(RCLPY_TYPES, header_at(1), picture(), "rgb8")
    graph.publish(message, "/image", profile)
    until(lambda: graph.received["depth/image"], "depth")


def test_qos_overrides_change_the_subscription(graph_with):
    name = "qos_overrides./image.subscription.reliability"
    graph = graph_with(input_height=112, input_width=112, **{name: "reliable"}).active()
    found = until(lambda: graph.probe.get_subscriptions_info_by_topic("/image"), "it to subscribe")
    assert found[0].qos_profile.reliability == ReliabilityPolicy.RELIABLE


def test_images_are_remapped_with_their_compressed_topic(graph_with):
    graph = graph_with(
        cli_args=["--ros-args", "-r", "image:=/front/image_raw"], image_transport="compressed"
    ).active()
    assert until(
        lambda: graph.probe.get_subscriptions_info_by_topic("/front/image_raw/compressed"),
        "the compressed topic below the remapped one",
    )
